"""Where each build of each projection has got to: the only code that reads and writes the builds' tables."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from journey.errors import CheckpointMoved, ProjectionUnavailable
from journey.events import Position
from projections.metadata import BUILDS, PARKED, PROJECTIONS

Status = Literal["loading", "building", "live", "retired", "dropped"]
"""Given its rows customer by customer; catching up by position; what readers see; kept for a roll-back; its
rows are being removed."""
COMING: tuple[Status, ...] = ("loading", "building")
"""On the way to be seen by readers."""


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
    """The event that could not be handled; the customer's rows show what was before it."""
    type: str
    error: str
    parked_at: str


def builds(connection: sa.Connection, name: str | None = None, *, hold: bool = False) -> list[Build]:
    """Return all builds, or those of one projection, by number; `hold` keeps them as they are."""
    query = sa.select(BUILDS).order_by(BUILDS.c.name, BUILDS.c.build)
    if name is not None:
        query = query.where(BUILDS.c.name == name)
    if hold:
        query = query.with_for_update()
    return [Build(**row) for row in connection.execute(query).mappings()]


def live_build(connection: sa.Connection, name: str) -> Build:
    """Return the build that readers see; raise `ProjectionUnavailable` where there is none."""
    for build in builds(connection, name):
        if build.status == "live":
            return build
    raise ProjectionUnavailable(name)


def lock(connection: sa.Connection, name: str) -> None:
    """Let no other transaction begin, switch or drop builds of a projection before this one ends."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(PROJECTIONS)
    unseen = insert.values(name=name, live_build=0, previous_build=0).on_conflict_do_nothing()
    connection.execute(unseen)
    connection.execute(sa.select(PROJECTIONS.c.name).where(PROJECTIONS.c.name == name).with_for_update())


def claim(connection: sa.Connection, build: Build) -> None:
    """Keep every other transaction off a build until this one ends.

    Raises `CheckpointMoved` when another transaction is at work on it, or has been since it was read.
    """
    query = sa.select(BUILDS.c.build).where(_stands(BUILDS)).with_for_update(skip_locked=True)
    if connection.execute(query, _as_read(build)).one_or_none() is None:
        raise CheckpointMoved


def hold(connection: sa.Connection, build: Build) -> Build | None:
    """Wait for work on a build to end and return where it stands, None where it is not kept any more."""
    query = sa.select(BUILDS).where(_is(build), BUILDS.c.status.in_(("live", "building"))).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Build(**row)


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
        _show(connection, name, number)
    return number


def advance(connection: sa.Connection, build: Build, position: Position, recorded_at: str | None) -> None:
    """Move a checkpoint from where the build was read to `position`.

    Raises `CheckpointMoved` when another transaction is at work on the build, moved it, or gave it up: of two
    engines on one projection, the transaction of one fails here, with all its rows.
    """
    _change(connection, build, position=position, recorded_at=recorded_at, error=None)


def begin_loading(connection: sa.Connection, build: Build) -> None:
    """Keep those who follow positions off a build; raise `CheckpointMoved` like `advance`."""
    _change(connection, build, status="loading")


def end_loading(connection: sa.Connection, build: Build, position: Position, recorded_at: str | None) -> None:
    """Let a build be followed from the position up to which it was loaded; raise like `advance`."""
    _change(connection, build, status="building", position=position, recorded_at=recorded_at, error=None)


def _change(connection: sa.Connection, build: Build, **values: object) -> None:
    if connection.execute(_changing(*values), {**_as_read(build), **values}).rowcount != 1:
        raise CheckpointMoved


def switch(connection: sa.Connection, build: Build) -> None:
    """Show a build to readers; the one before is kept for a roll-back, older ones are dropped.

    So are builds of older logic that never got there. Newer logic may be on its way in another process.
    """
    others = sa.and_(BUILDS.c.name == build.name, BUILDS.c.build != build.build)
    outdated = sa.and_(BUILDS.c.status.in_(COMING), BUILDS.c.version < build.version)
    gone = sa.or_(BUILDS.c.status == "retired", outdated)
    connection.execute(BUILDS.update().where(others, gone).values(status="dropped"))
    connection.execute(BUILDS.update().where(others, BUILDS.c.status == "live").values(status="retired"))
    connection.execute(BUILDS.update().where(_is(build)).values(status="live"))
    _show(connection, build.name, build.build)


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


def parked_streams(connection: sa.Connection, build: Build) -> frozenset[str]:
    """Return the ids of the customers that a build has parked."""
    return frozenset(connection.scalars(_PARKED_STREAMS, {"of": build.name, "number": build.build}))


def park(connection: sa.Connection, build: Build, customers: Sequence[Parked]) -> None:
    """Park customers in a build."""
    if customers:
        rows = [{"name": build.name, "build": build.build, **asdict(customer)} for customer in customers]
        connection.execute(PARKED.insert(), rows)


def unpark(connection: sa.Connection, build: Build, stream_id: str) -> None:
    """Take a customer out of the parked ones."""
    connection.execute(
        PARKED.delete().where(
            PARKED.c.name == build.name, PARKED.c.build == build.build, PARKED.c.stream_id == stream_id
        )
    )


def _show(connection: sa.Connection, name: str, number: int) -> None:
    connection.execute(
        PROJECTIONS.update()
        .where(PROJECTIONS.c.name == name)
        .values(previous_build=PROJECTIONS.c.live_build, live_build=number)
    )


def _is(build: Build) -> sa.ColumnElement[bool]:
    return sa.and_(BUILDS.c.name == build.name, BUILDS.c.build == build.build)


# Both are asked for each page of each projection: to put them together takes longer than to run them.
_PARKED_STREAMS = sa.select(PARKED.c.stream_id).where(
    PARKED.c.name == sa.bindparam("of"), PARKED.c.build == sa.bindparam("number")
)


@cache
def _changing(*columns: str) -> sa.Update:
    """Return the statement that changes columns of a build as it was read, unless somebody is at it."""
    free = BUILDS.alias()
    found = sa.select(free.c.build).where(_stands(free)).with_for_update(skip_locked=True)
    return (
        BUILDS.update()
        .where(_stands(BUILDS), BUILDS.c.build == found.scalar_subquery())
        .values({column: sa.bindparam(column) for column in columns})
    )


_AS_READ = ("name", "build", "version", "status", "position", "created_at")


def _as_read(build: Build) -> dict[str, object]:
    return {f"read_{name}": getattr(build, name) for name in _AS_READ}


def _stands(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Match a build while it is as it was read; once it is forgotten, its number may be given anew."""
    return sa.and_(*(table.c[name] == sa.bindparam(f"read_{name}") for name in _AS_READ))
