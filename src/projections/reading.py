"""Reads of the live rows, each with how fresh they are, in one statement and so from one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from journey.errors import ProjectionUnavailable
from journey.events import Position
from projections.metadata import BUILDS, PARKED, PROJECTIONS
from projections.projection import Key, Projection


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A row, or its absence, as of a position."""

    freshness: Freshness
    row: Mapping[str, Any] | None
    parked_at: Position | None
    """The event from which on the row's customer is not shown, None where all is shown."""


_LIVE = PROJECTIONS.join(
    BUILDS, sa.and_(BUILDS.c.name == PROJECTIONS.c.name, BUILDS.c.build == PROJECTIONS.c.live_build)
)
_FRESH = (BUILDS.c.build, BUILDS.c.version, BUILDS.c.position, BUILDS.c.recorded_at)


def freshness(connection: sa.Connection, name: str) -> Freshness:
    """Return how fresh a projection is; raise `ProjectionUnavailable` while it has no rows at all."""
    query = sa.select(*_FRESH).select_from(_LIVE).where(PROJECTIONS.c.name == name)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise ProjectionUnavailable(name)
    return _freshness(name, row)


def find(connection: sa.Connection, projection: Projection[Any], key: Key) -> Found:
    """Look one row up by its key."""
    table = projection.table
    # Where the key names the customer, also one is found who is parked before having any row.
    customer = sa.literal(key) if projection.key == "stream_id" else table.c.stream_id
    with_row = _LIVE.outerjoin(
        table, sa.and_(table.c.build == BUILDS.c.build, table.c[projection.key] == key)
    )
    with_parked = with_row.outerjoin(
        PARKED,
        sa.and_(
            PARKED.c.name == BUILDS.c.name,
            PARKED.c.build == BUILDS.c.build,
            PARKED.c.stream_id == customer,
        ),
    )
    columns = [column.label(f"row_{column.name}") for column in table.c]
    query = (
        sa.select(*_FRESH, PARKED.c.position.label("parked_at"), *columns)
        .select_from(with_parked)
        .where(PROJECTIONS.c.name == projection.name)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise ProjectionUnavailable(projection.name)
    values = {column.name: row._mapping[f"row_{column.name}"] for column in table.c}  # noqa: SLF001  # SQLAlchemy's public name for it
    return Found(
        freshness=_freshness(projection.name, row),
        row=values if values["build"] is not None else None,
        parked_at=row.parked_at,
    )


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
