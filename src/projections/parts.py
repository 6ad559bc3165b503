"""The parts in which builds are loaded: runs of customers, each done by whoever takes it, in one transaction.

A part that is taken is locked, and one that is done is marked in the transaction of its rows. So any number
of processes may share the work, and one that ends in the midst of a part leaves it as it was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import sqlalchemy as sa

from journey.events import Position
from projections import checkpoints
from projections.checkpoints import Build
from projections.metadata import METADATA, KeyText

PARTS = sa.Table(
    "projection_parts",
    METADATA,
    sa.Column("name", KeyText, primary_key=True),
    sa.Column("build", sa.Integer, primary_key=True),
    sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("after", KeyText, nullable=False, comment="the customers after this one"),
    sa.Column("until", KeyText, comment="up to and with this one; null for all that follow"),
    sa.Column("position", sa.BigInteger, nullable=False, comment="the last event of the log to load"),
    sa.Column("loaded", sa.Boolean, nullable=False, comment="whether the rows are there"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """The events up to a position of the customers after one, up to and with another."""

    after: str
    until: str | None
    position: Position


def divided(ends: Iterable[str], position: Position) -> list[Part]:
    """Return the parts that end with the customers `ends`, and the one of all customers behind them."""
    return [Part(after or "", until, position) for after, until in pairwise((None, *ends, None))]


def plan(connection: sa.Connection, build: Build, parts: Sequence[Part]) -> None:
    """Give a build that is to be loaded its parts, if it has none yet.

    Raises `CheckpointMoved` while somebody else does, and when the build was given up.
    """
    checkpoints.claim(connection, build)
    if of(connection, [build]):
        return
    columns = {"name": build.name, "build": build.build, "loaded": False}
    rows = [
        {**columns, "part": number, "after": part.after, "until": part.until, "position": part.position}
        for number, part in enumerate(parts)
    ]
    connection.execute(PARTS.insert(), rows)


def of(connection: sa.Connection, builds: Sequence[Build]) -> list[Part]:
    """Return the parts of the first of some builds that has any, loaded ones among them."""
    for build in builds:
        query = sa.select(PARTS.c.after, PARTS.c.until, PARTS.c.position).where(_of(build))
        if found := connection.execute(query.order_by(PARTS.c.part)).all():
            return [Part(*row) for row in found]
    return []


def claim(connection: sa.Connection, builds: Sequence[Build]) -> tuple[Part, list[Build]] | None:
    """Take a part that is not loaded yet and nobody is at; return it with all builds to load it into.

    None else is given it before the transaction ends.
    """
    waiting = sa.select(PARTS).where(sa.or_(*map(_of, builds)), ~PARTS.c.loaded)
    free = waiting.with_for_update(skip_locked=True)
    first = connection.execute(free.order_by(PARTS.c.part).limit(1)).one_or_none()
    if first is None:
        return None
    part = Part(first.after, first.until, first.position)
    taken = {(row.name, row.build) for row in connection.execute(free.where(_is(part)))}
    return part, [build for build in builds if (build.name, build.build) in taken]


def mark(connection: sa.Connection, builds: Sequence[Build], part: Part) -> None:
    """Mark a part as loaded into builds."""
    connection.execute(PARTS.update().where(sa.or_(*map(_of, builds)), _is(part)).values(loaded=True))


def counts(connection: sa.Connection, build: Build) -> tuple[int, int]:
    """Return how many parts of a build are loaded, and how many there are."""
    loaded = sa.func.count().filter(PARTS.c.loaded)
    row = connection.execute(sa.select(loaded, sa.func.count()).where(_of(build))).one()
    return row[0], row[1]


def forget(connection: sa.Connection, build: Build) -> None:
    """Remove the parts of a build; who is at one ends it first, and nobody begins another."""
    connection.execute(PARTS.delete().where(_of(build)))


def _of(build: Build) -> sa.ColumnElement[bool]:
    return sa.and_(PARTS.c.name == build.name, PARTS.c.build == build.build)


def _is(part: Part) -> sa.ColumnElement[bool]:
    return sa.and_(
        PARTS.c.after == part.after,
        PARTS.c.until.is_not_distinct_from(part.until),
        PARTS.c.position == part.position,
    )
