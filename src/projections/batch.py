"""One batch of events in the rows of one build: with its checkpoint in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from journey.causes import cause, trace
from journey.errors import DamagedEvent
from journey.events import RecordedEvent
from projections import checkpoints, rows, states
from projections.checkpoints import Build, Parked
from projections.projection import Key, Projection

_log = structlog.get_logger()
_NOTHING: Mapping[Key, Any] = {}


@dataclass(slots=True)
class Fold:
    """What a batch comes to."""

    states: dict[Key, Any] = field(default_factory=dict)
    """State by key of each row that was touched, None where the row is to go."""
    parked: dict[str, Parked] = field(default_factory=dict)
    """Customers whose events failed in this batch."""


def apply(  # noqa: PLR0917  # what, where, and upon what
    projection: Projection[Any],
    connection: sa.Connection,
    build: Build,
    events: Sequence[RecordedEvent],
    now: datetime,
    known: Mapping[Key, Any] = _NOTHING,
) -> tuple[Build, Fold]:
    """Fold events that follow a build's checkpoint into its rows; return the build then, and the fold.

    `known` are states of rows of the build, which need not be read. Raises `CheckpointMoved` when another
    engine was first, and whatever a row could not be written for.
    """
    # First the checkpoint: it locks out another engine, whose rows would be folded upon older ones.
    moved = _advance(connection, build, events[-1])
    skip = checkpoints.parked_streams(connection, build)
    result = fold(projection, connection, build, events, now=now, skip=skip, known=known)
    write(projection, connection, build, result)
    checkpoints.park(connection, build, list(result.parked.values()))
    return moved, result


def pass_by(
    projection: Projection[Any],
    connection: sa.Connection,
    build: Build,
    event: RecordedEvent,
    error: Exception,
    *,
    now: datetime,
) -> Build:
    """Park the customer of an event whose rows cannot be written; return the build as it is then."""
    moved = _advance(connection, build, event)
    checkpoints.park(connection, build, [parked_by(projection, event, error, now)])
    return moved


def fold(
    projection: Projection[Any],
    connection: sa.Connection,
    build: Build,
    events: Sequence[RecordedEvent],
    *,
    now: datetime,
    skip: frozenset[str] = frozenset(),
    known: Mapping[Key, Any] = _NOTHING,
) -> Fold:
    """Fold events into the states of their rows, leaving out the customers in `skip`.

    An event that fails parks its customer at the state before it, whatever the failure was: the others go on.
    """
    result = Fold()
    keyed = _keyed(projection, events, now, skip, result.parked)
    before = states.load(projection, connection, build, keyed, known)
    for key, event in keyed:
        if event.stream_id in result.parked and result.parked[event.stream_id].position <= event.position:
            continue
        state = result.states[key] if key in result.states else before.get(key)
        try:
            result.states[key] = projection.evolve(state, event)
        except Exception as error:  # noqa: BLE001  # any defect of a projection concerns this customer only
            result.parked[event.stream_id] = parked_by(projection, event, error, now)
    return result


def write(projection: Projection[Any], connection: sa.Connection, build: Build, result: Fold) -> None:
    """Write the rows that a fold touched."""
    kept = [state for state in result.states.values() if state is not None]
    rows.write(projection, connection, build, [projection.to_row(state) for state in kept])
    gone = [key for key, state in result.states.items() if state is None]
    rows.delete(projection, connection, build, gone)
    if (archive := projection.archive) is not None:
        at_hand = {key: row for state in kept for key, row in archive.rows_of(state).items()}
        rows.write(archive, connection, build, [row for row in at_hand.values() if row is not None])
        rows.delete(archive, connection, build, [key for key, row in at_hand.items() if row is None])


def put_away(projection: Projection[Any], result: Fold) -> Mapping[Key, Any]:
    """Return the states that a fold left, without what lies in archives."""
    archive = projection.archive
    if archive is None:
        return result.states
    return {key: state and archive.put_away(state) for key, state in result.states.items()}


def _keyed(
    projection: Projection[Any],
    events: Sequence[RecordedEvent],
    now: datetime,
    skip: frozenset[str],
    parked: dict[str, Parked],
) -> list[states.Keyed]:
    """Return each event with the row that it touches; customers of whom one cannot be told are parked."""
    keyed: list[states.Keyed] = []
    # For each projection again: what it does not handle costs as little as can be.
    handles, of = projection.handles, projection.key_of
    for event in events:
        if handles is not None and event.type not in handles and not event.damaged:
            continue
        if event.stream_id in skip or event.stream_id in parked:
            continue
        try:
            key = of(event) if not event.damaged else key_of(projection, event)
            hash(key)
        except Exception as error:  # noqa: BLE001  # any defect of a projection concerns this customer only
            parked[event.stream_id] = parked_by(projection, event, error, now)
            continue
        if key is not None:
            keyed.append((key, event))
    return keyed


def key_of(projection: Projection[Any], event: RecordedEvent) -> Key | None:
    """Return the key of the row that an event touches; raise `DamagedEvent` where it is damaged."""
    if event.damaged:
        raise DamagedEvent.at(event.position)
    if projection.handles is not None and event.type not in projection.handles:
        return None
    return projection.key_of(event)


def _advance(connection: sa.Connection, build: Build, last: RecordedEvent) -> Build:
    recorded_at = build.recorded_at if last.damaged else last.recorded_at.isoformat()
    checkpoints.advance(connection, build, last.position, recorded_at)
    return replace(build, position=last.position, recorded_at=recorded_at, error=None)


def parked_by(projection: Projection[Any], event: RecordedEvent, error: Exception, now: datetime) -> Parked:
    """Return what to park the customer of an event with, and log it."""
    _log.error(
        "customer_parked",
        projection=projection.name,
        position=event.position,
        type=event.type,
        error=cause(error),
        trace=trace(error),
    )
    return Parked(
        stream_id=event.stream_id,
        position=event.position,
        type=event.type,
        error=f"{cause(error)} at position {event.position}",
        parked_at=now.isoformat(),
    )
