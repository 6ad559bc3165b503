"""Where each build of each projection has got to: the only code that writes the builds' tables."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from journey.errors import CheckpointMoved, ProjectionUnavailable
from journey.events import Position
from projections.metadata import BUILDS, PARKED, PROJECTIONS

Status = Literal["building", "live", "retired", "dropped"]
"""Catching up beside the live one; what readers see; kept for a roll-back; its rows are being removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One set of rows of a projection."""

    name: str
    build: int
    version: int
    """The version of the logic that wrote the rows."""
    status: Status
    position: Position
    """The last position handled."""
    recorded_at: str | None
    """When the event at that position was recorded."""
    target: Position
    """The end of the log when the build began."""
    created_at: str
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A customer whose events wait until a projection is mended."""

    stream_id: str
    position: Position
    type: str
    error: str
    parked_at: str


def builds(connection: sa.Connection, name: str | None = None) -> list[Build]:
    """Return all builds, or those of one projection, by name and number."""
    query = sa.select(BUILDS).order_by(BUILDS.c.name, BUILDS.c.build)
    if name is not None:
        query = query.where(BUILDS.c.name == name)
    return [Build(**row) for row in connection.execute(query).mappings()]


def begin_build(connection: sa.Connection, name: str, version: int, target: Position, now: datetime) -> int:
    """Add a build that starts at the beginning of the log; the first of a projection is live at once."""
    latest = connection.scalar(sa.select(sa.func.max(BUILDS.c.build)).where(BUILDS.c.name == name))
    number = (latest or 0) + 1
    connection.execute(
        BUILDS.insert().values(
            name=name,
            build=number,
            version=version,
            status="building" if latest else "live",
            position=0,
            target=target,
            created_at=now.isoformat(),
        )
    )
    if latest is None:
        connection.execute(PROJECTIONS.insert().values(name=name, live_build=number, previous_build=0))
    return number


def advance(
    connection: sa.Connection, build: Build, position: Position, recorded_at: datetime | None
) -> None:
    """Move a checkpoint from where the build was read to `position`.

    Raises `CheckpointMoved` when another engine moved it meanwhile: of two engines on one projection, the
    transaction of one fails here, with all its rows.
    """
    moved = connection.execute(
        BUILDS.update()
        .where(_is(build), BUILDS.c.position == build.position, BUILDS.c.status == build.status)
        .values(
            position=position,
            recorded_at=recorded_at.isoformat() if recorded_at else build.recorded_at,
            error=None,
        )
    )
    if moved.rowcount != 1:
        raise CheckpointMoved


def switch(connection: sa.Connection, build: Build) -> None:
    """Show a build to readers; the one before is kept for a roll-back, older ones are dropped."""
    same = BUILDS.c.name == build.name
    connection.execute(BUILDS.update().where(same, BUILDS.c.status == "retired").values(status="dropped"))
    connection.execute(BUILDS.update().where(same, BUILDS.c.status == "live").values(status="retired"))
    connection.execute(BUILDS.update().where(_is(build)).values(status="live"))
    connection.execute(
        PROJECTIONS.update()
        .where(PROJECTIONS.c.name == build.name)
        .values(previous_build=PROJECTIONS.c.live_build, live_build=build.build)
    )


def revive(connection: sa.Connection, build: Build) -> None:
    """Let a retired build catch up, to be shown to readers again."""
    connection.execute(BUILDS.update().where(_is(build)).values(status="building"))


def drop(connection: sa.Connection, build: Build) -> None:
    """Give a build up: its rows are removed bit by bit."""
    connection.execute(BUILDS.update().where(_is(build)).values(status="dropped"))


def forget(connection: sa.Connection, build: Build) -> None:
    """Remove what is left of a dropped build."""
    connection.execute(PARKED.delete().where(PARKED.c.name == build.name, PARKED.c.build == build.build))
    connection.execute(BUILDS.delete().where(_is(build)))


def note_error(connection: sa.Connection, build: Build, error: str) -> None:
    """Keep why the last batch of a build failed as a whole."""
    connection.execute(BUILDS.update().where(_is(build)).values(error=error[:500]))


def parked(connection: sa.Connection, build: Build) -> list[Parked]:
    """Return the customers that a build has parked, the longest first."""
    columns = [PARKED.c[name] for name in ("stream_id", "position", "type", "error", "parked_at")]
    query = sa.select(*columns).where(PARKED.c.name == build.name, PARKED.c.build == build.build)
    return [Parked(**row) for row in connection.execute(query.order_by(PARKED.c.position)).mappings()]


def park(connection: sa.Connection, build: Build, customers: list[Parked]) -> None:
    """Park customers in a build."""
    rows: list[dict[str, Any]] = [
        {
            "name": build.name,
            "build": build.build,
            "stream_id": customer.stream_id,
            "position": customer.position,
            "type": customer.type,
            "error": customer.error,
            "parked_at": customer.parked_at,
        }
        for customer in customers
    ]
    if rows:
        connection.execute(PARKED.insert(), rows)


def unpark(connection: sa.Connection, build: Build, stream_id: str) -> None:
    """Take a customer out of the parked ones."""
    connection.execute(
        PARKED.delete().where(
            PARKED.c.name == build.name, PARKED.c.build == build.build, PARKED.c.stream_id == stream_id
        )
    )


def live_build(connection: sa.Connection, name: str) -> Build:
    """Return the build that readers see; raise `ProjectionUnavailable` where there is none."""
    for build in builds(connection, name):
        if build.status == "live":
            return build
    raise ProjectionUnavailable(name)


def _is(build: Build) -> sa.ColumnElement[bool]:
    return sa.and_(BUILDS.c.name == build.name, BUILDS.c.build == build.build)
