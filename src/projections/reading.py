"""Reads of the live rows, each with how fresh they are, in one statement and so from one moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa

from journey.errors import ProjectionUnavailable
from journey.event_log import EventLog
from journey.events import Position
from projections.metadata import BUILDS, PARKED, PROJECTIONS
from projections.projection import Projection


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How far a projection's live rows have got."""

    projection: str
    build: int
    version: int
    """The version of the logic that wrote the rows."""
    position: Position
    """The last position that the rows show."""
    recorded_at: datetime | None
    """When the event at that position was recorded."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One text of one row that somebody asks for."""

    key: str
    column: str
    known: int = -1
    """The position at which the text is known already: it is left out where the row has that still."""


@dataclass(frozen=True, slots=True)
class Found:
    """A row, or its absence, as of a position."""

    freshness: Freshness
    unseen_since: datetime | None
    """When the oldest event was recorded that the rows do not show; None where they show all."""
    stream_id: str | None
    """Whose row it is; None where there is none."""
    position: Position | None
    """The last event that the row shows."""
    text: str | None
    """The text that was wanted; None where it is known already."""
    parked_at: Position | None
    """The event from which on the row's customer is not shown, None where all is shown."""


_LIVE = PROJECTIONS.join(
    BUILDS, sa.and_(BUILDS.c.name == PROJECTIONS.c.name, BUILDS.c.build == PROJECTIONS.c.live_build)
)
_FRESH = (BUILDS.c.build, BUILDS.c.version, BUILDS.c.position, BUILDS.c.recorded_at)
# Once for all that is wanted, so that the log is asked once.
_ONCE = """
WITH fresh AS MATERIALIZED (
    SELECT b.name, b.build, b.version, b.position, b.recorded_at, {unseen} AS unseen
    FROM projections p JOIN projection_builds b ON b.name = p.name AND b.build = p.live_build
    WHERE p.name = {name}
)
SELECT f.build, f.version, f.position, f.recorded_at, f.unseen"""
_ROWS = """, w.place, t.stream_id, t.position,
    CASE WHEN t.position <> w.known THEN CASE w.wanted {texts} END END, k.position
FROM fresh f CROSS JOIN {wanted}
LEFT JOIN {table} t ON t.build = f.build AND t.{key} = w.key
LEFT JOIN parked_streams k ON k.name = f.name AND k.build = f.build AND k.stream_id = {customer}
"""
# How many columns there are where only the freshness is told.
_FRESHNESS_ALONE = 5
_IN_SQLITE = """(
    SELECT key + 1 AS place, json_extract(value, '$[0]') AS key, json_extract(value, '$[1]') AS wanted,
        json_extract(value, '$[2]') AS known
    FROM json_each(:wanted)
) AS w"""


@cache
def statement(projection: Projection[Any], name: str, wanted: str | None, unseen: str = "NULL") -> str:
    """Return the statement that looks rows of a projection up, in the words of one database.

    `wanted` is a table `w` of `place`, `key`, `wanted` (the column) and `known`; without it the statement
    tells the freshness alone. `unseen` gives the oldest event after `b.position`.
    """
    once, table = _ONCE.format(name=name, unseen=unseen), projection.table
    if wanted is None:
        return f"{once} FROM fresh f"
    texts = [column.name for column in table.c if isinstance(column.type, sa.Text)]
    return once + _ROWS.format(
        wanted=wanted,
        table=table.name,
        key=projection.key,
        texts=" ".join(f"WHEN '{text}' THEN t.{text}" for text in texts),
        # Where the key names the customer, also one is found who is parked before having any row.
        customer="w.key" if projection.key == "stream_id" else "t.stream_id",
    )


def look(
    connection: sa.Connection, log: EventLog, projection: Projection[Any], wanted: Sequence[Wanted]
) -> list[Found]:
    """Look rows up in a SQLite database, all of one moment, in the order in which they are wanted."""
    places = orjson.dumps([(each.key, each.column, each.known) for each in wanted]).decode()
    query = sa.text(statement(projection, ":name", _IN_SQLITE if wanted else None))
    values = {"name": projection.name, "wanted": places} if wanted else {"name": projection.name}
    rows = connection.execute(query, values).all()
    # The log is another database: read afterwards, it never makes the rows look fresher than they are.
    unseen = log.read_all(Position(rows[0][2]), 1) if rows else []
    known = bool(unseen) and not unseen[0].damaged
    return found(projection, rows, unseen[0].recorded_at if known else None)


def found(projection: Projection[Any], rows: Sequence[Any], unseen_since: datetime | None) -> list[Found]:
    """Return what `statement` found, in the order in which it was wanted.

    Raises `ProjectionUnavailable` while the projection has no rows at all.
    """
    if not rows:
        raise ProjectionUnavailable(projection.name)
    fresh = _freshness(projection.name, rows[0])
    if len(rows[0]) == _FRESHNESS_ALONE:
        return [Found(fresh, unseen_since, None, None, None, None)]
    placed = sorted(rows, key=lambda row: row[5]) if len(rows) > 1 else rows
    return [Found(fresh, unseen_since, row[6], row[7], row[8], row[9]) for row in placed]


def lag(unseen_since: datetime | None, clock: Callable[[], datetime]) -> float:
    """Return for how many seconds the oldest event that is not shown has been in the log; 0 for none."""
    return max((clock() - unseen_since).total_seconds(), 0.001) if unseen_since else 0.0


def freshness(connection: sa.Connection, name: str) -> Freshness:
    """Return how fresh a projection is; raise `ProjectionUnavailable` while it has no rows at all."""
    query = sa.select(*_FRESH).select_from(_LIVE).where(PROJECTIONS.c.name == name)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise ProjectionUnavailable(name)
    return _freshness(name, row)


def parked_at(connection: sa.Connection, fresh: Freshness, stream_id: str) -> Position | None:
    """Return the event from which on a customer is not shown in a projection, None where all is shown."""
    query = sa.select(PARKED.c.position).where(
        PARKED.c.name == fresh.projection,
        PARKED.c.build == fresh.build,
        PARKED.c.stream_id == stream_id,
    )
    position: Position | None = connection.scalar(query)
    return position


def _freshness(name: str, row: Any) -> Freshness:
    return Freshness(
        projection=name,
        build=row[0],
        version=row[1],
        position=Position(row[2]),
        recorded_at=datetime.fromisoformat(row[3]) if row[3] else None,
    )
