"""One batch of events folded into the rows of one build: load, evolve, write; everything in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite

from journey.errors import DamagedEvent
from journey.events import RecordedEvent
from projections.checkpoints import Build, Parked
from projections.projection import Key, Projection

# Bound values per statement stay far below what either database allows.
_CHUNK = 500

_log = structlog.get_logger()


@dataclass(slots=True)
class Fold:
    """What a batch comes to."""

    states: dict[Key, Any] = field(default_factory=dict)
    """State by key, None where the row is to go."""
    touched: dict[Key, RecordedEvent] = field(default_factory=dict)
    """The last event of each row."""
    parked: dict[str, Parked] = field(default_factory=dict)
    """Customers whose events failed in this batch."""


def fold(
    projection: Projection[Any],
    connection: sa.Connection,
    build: Build,
    events: Sequence[RecordedEvent],
    now: datetime,
    skip: frozenset[str] = frozenset(),
) -> Fold:
    """Fold events into the states of their rows, leaving out the customers in `skip`.

    An event that fails parks its customer at the state before it, whatever the failure was: the others go on.
    """
    result = Fold()
    keyed = []
    for event in events:
        if event.stream_id in skip or event.stream_id in result.parked:
            continue
        try:
            key = _key(projection, event)
        except Exception as error:  # noqa: BLE001  # any defect of a projection concerns this customer only
            _park(result, projection, event, error, now)
            continue
        if key is not None:
            keyed.append((key, event))
    result.states.update(_load(projection, connection, build, [key for key, _ in keyed]))
    for key, event in keyed:
        parked = result.parked.get(event.stream_id)
        if parked is not None and parked.position <= event.position:
            continue
        try:
            result.states[key] = projection.evolve(result.states.get(key), event)
            result.touched[key] = event
        except Exception as error:  # noqa: BLE001  # as above
            _park(result, projection, event, error, now)
    return result


def _key(projection: Projection[Any], event: RecordedEvent) -> Key | None:
    if event.damaged:
        raise DamagedEvent(f"the event stored at position {event.position} cannot be read")
    return projection.key_of(event)


def _park(
    result: Fold, projection: Projection[Any], event: RecordedEvent, error: Exception, now: datetime
) -> None:
    _log.error(
        "customer_parked",
        projection=projection.name,
        position=event.position,
        type=event.type,
        exc_info=error,
    )
    # The message of an error may quote what a customer wrote; its class and place are enough to find it.
    cause = f"{type(error).__name__} at position {event.position}"
    result.parked[event.stream_id] = Parked(
        stream_id=event.stream_id,
        position=event.position,
        type=event.type,
        error=cause,
        parked_at=now.isoformat(),
    )


def _load(
    projection: Projection[Any], connection: sa.Connection, build: Build, keys: Sequence[Key]
) -> dict[Key, Any]:
    if projection.from_row is None:
        return {}
    states: dict[Key, Any] = {}
    column = projection.table.c[projection.key]
    distinct = list(dict.fromkeys(keys))
    for start in range(0, len(distinct), _CHUNK):
        query = sa.select(projection.table).where(
            projection.table.c.build == build.build, column.in_(distinct[start : start + _CHUNK])
        )
        for row in connection.execute(query).mappings():
            states[row[projection.key]] = projection.from_row(dict(row))
    return states


def write(
    projection: Projection[Any], connection: sa.Connection, build: Build, result: Fold, now: datetime
) -> None:
    """Write the rows that a fold touched."""
    rows, gone = [], []
    for key, event in result.touched.items():
        state = result.states[key]
        if state is None:
            gone.append(key)
            continue
        try:
            rows.append({"build": build.build, **projection.to_row(state)})
        except Exception as error:  # noqa: BLE001  # any defect of a projection concerns this customer only
            if event.stream_id not in result.parked:
                _park(result, projection, event, error, now)
    if rows:
        connection.execute(_upsert(projection, connection), rows)
    for start in range(0, len(gone), _CHUNK):
        connection.execute(
            projection.table.delete().where(
                projection.table.c.build == build.build,
                projection.table.c[projection.key].in_(gone[start : start + _CHUNK]),
            )
        )


def _upsert(projection: Projection[Any], connection: sa.Connection) -> sa.Insert:
    table = projection.table
    if projection.from_row is None:
        return table.insert()
    insert: Any = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    keys = {"build", projection.key}
    upsert: sa.Insert = insert.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={column.name: insert.excluded[column.name] for column in table.c if column.name not in keys},
    )
    return upsert
