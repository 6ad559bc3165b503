"""Proves that read models are what the log says: each row against a plain fold of its customer's stream.

The fold here takes one event at a time and shares nothing with the engine but the projection itself, so it
notices what batching, crashes or two engines may have done.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, takewhile
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from journey.causes import cause
from journey.event_log import EventLog
from journey.events import RecordedEvent
from projections import batch, checkpoints
from projections.checkpoints import Build, Parked
from projections.projection import Archive, Key, Projection, Row
from projections.rows import Rows as HasRows
from projections.rows import with_archive


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not what the log says."""

    projection: str
    stream_id: str
    key: Key
    expected: Row | None
    found: Row | None


@dataclass(slots=True)
class Checked:
    """What was compared so far."""

    streams: int = 0
    events: int = 0
    rows: int = 0
    parked: int = 0


def verify(
    log: EventLog, connection: sa.Connection, projection: Projection[Any], checked: Checked
) -> Iterator[Difference]:
    """Compare the live rows of a projection with the log, customer by customer, in constant memory.

    `connection` must see one moment of the read models: a transaction of its own, repeatable on PostgreSQL.
    Events after the checkpoint are left out, and of customers who are parked, those from that event on.
    A customer who ought to be parked and is not is a difference too.
    """
    build = checkpoints.live_build(connection, projection.name)
    parked = {customer.stream_id: customer for customer in checkpoints.parked(connection, build)}
    checked.parked += len(parked)
    found = _rows_by_stream(connection, projection, build)
    expected = _folds(log, projection, build, parked, checked)
    for stream_id, wanted, rows in _merged(expected, found):
        checked.rows += len(wanted)
        for key in dict.fromkeys([*wanted, *rows]):
            if wanted.get(key) != rows.get(key):
                yield Difference(projection.name, stream_id, key, wanted.get(key), rows.get(key))


Rows = dict[Key, Row]


def _folds(
    log: EventLog,
    projection: Projection[Any],
    build: Build,
    parked: Mapping[str, Parked],
    checked: Checked,
) -> Iterator[tuple[str, Rows]]:
    events: Iterable[RecordedEvent] = log.read_by_stream()
    for stream_id, of_stream in groupby(events, key=lambda event: event.stream_id):
        checked.streams += 1
        end = parked[stream_id].position - 1 if stream_id in parked else build.position
        rows = _fold(projection, takewhile(lambda event: event.position <= end, of_stream), checked)  # noqa: B023  # used up within this round
        if rows:
            yield stream_id, rows


def _fold(projection: Projection[Any], events: Iterable[RecordedEvent], checked: Checked) -> Rows:
    states: dict[Key, Any] = {}
    for event in events:
        checked.events += 1
        try:
            if (key := batch.key_of(projection, event)) is not None:
                states[key] = projection.evolve(states.get(key), event)
        except Exception as error:  # noqa: BLE001  # the engine must have parked the customer for it: it has not
            return {event.position: {"parked": f"{cause(error)} at position {event.position}"}}
    kept = {key: state for key, state in states.items() if state is not None}
    rows: Rows = {key: projection.to_row(state) for key, state in kept.items()}
    if (archive := projection.archive) is not None:
        for state in kept.values():
            rows |= {
                _shelf(archive, key): row for key, row in archive.rows_of(state).items() if row is not None
            }
    return rows


def _rows_by_stream(
    connection: sa.Connection, projection: Projection[Any], build: Build
) -> Iterator[tuple[str, Rows]]:
    found = [_rows_in_order(connection, of, build) for of in with_archive(projection)]
    for stream_id, of_stream in groupby(heapq.merge(*found, key=itemgetter(0)), key=itemgetter(0)):
        yield stream_id, {key: row for _, key, row in of_stream}


def _rows_in_order(connection: sa.Connection, of: HasRows, build: Build) -> Iterator[tuple[str, Key, Row]]:
    query = (
        sa.select(of.table)
        .where(of.table.c.build == build.build)
        .order_by(of.table.c.stream_id)
        .execution_options(yield_per=1_000)
    )
    for row in connection.execute(query).mappings():
        yield str(row["stream_id"]), _shelf(of, row[of.key]), _without_build(dict(row))


def _shelf(of: HasRows, key: Key) -> Key:
    """Return a key as it is told; those of an archive must not be taken for those of the projection."""
    return f"{of.table.name} {key}" if isinstance(of, Archive) else key


def _without_build(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "build"}


def _merged(
    expected: Iterator[tuple[str, Rows]], found: Iterator[tuple[str, Rows]]
) -> Iterator[tuple[str, Rows, Rows]]:
    """Join two runs of streams, both in the order of their ids."""
    wanted, there = next(expected, None), next(found, None)
    while wanted is not None or there is not None:
        if there is None or (wanted is not None and wanted[0] < there[0]):
            assert wanted is not None  # noqa: S101  # one of the two is left
            yield wanted[0], wanted[1], {}
            wanted = next(expected, None)
        elif wanted is None or there[0] < wanted[0]:
            yield there[0], {}, there[1]
            there = next(found, None)
        else:
            yield wanted[0], wanted[1], there[1]
            wanted, there = next(expected, None), next(found, None)
