"""The parts in which builds are loaded: runs of customers, each done by whoever takes it, in one transaction.

A part that is taken is locked, and one that is done is marked in the transaction of its rows. So any number
of processes may share the work, and one that ends in the midst of a part leaves it as it was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise
from typing import Any

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

    number: int
    after: str
    until: str | None
    position: Position


def divided(ends: Iterable[str], position: Position) -> list[Part]:
    """Return the parts that end with the customers `ends`, and the one of all customers behind them."""
    bounds = pairwise(("", *ends, None))
    return [Part(number, str(after), until, position) for number, (after, until) in enumerate(bounds)]


def plan(connection: sa.Connection, build: Build, parts: Sequence[Part]) -> None:
    """Give a build that is to be loaded its parts, if it has none yet.

    Raises `CheckpointMoved` while somebody else does, and when the build was given up.
    """
    checkpoints.claim(connection, build)
    if not of(connection, [build]):
        columns = {"name": build.name, "build": build.build, "loaded": False}
        connection.execute(PARTS.insert(), [{**columns, **_values(part)} for part in parts])


def of(connection: sa.Connection, builds: Sequence[Build]) -> list[Part]:
    """Return the parts of the first of some builds that has any, loaded ones among them."""
    for build in builds:
        query = sa.select(*_COLUMNS).where(_of(build)).order_by(PARTS.c.part)
        if found := connection.execute(query).all():
            return [Part(*row) for row in found]
    return []


def claim(connection: sa.Connection, builds: Sequence[Build]) -> tuple[Part, list[Build]] | None:
    """Take a part that is not loaded yet and nobody is at; return it with all builds to load it into.

    Nobody else is given it before the transaction ends.
    """
    for build in builds:
        free = _free(build).order_by(PARTS.c.part).limit(1)
        if (first := connection.execute(free).one_or_none()) is not None:
            part = Part(*first)
            others = [other for other in builds if other != build and _is_free(connection, other, part)]
            return part, [build, *others]
    return None


def mark(connection: sa.Connection, builds: Sequence[Build], part: Part) -> None:
    """Mark a part as loaded into builds."""
    for build in builds:
        connection.execute(PARTS.update().where(_of(build), PARTS.c.part == part.number).values(loaded=True))


def counts(connection: sa.Connection, build: Build) -> tuple[int, int]:
    """Return how many parts of a build are loaded, and how many there are."""
    loaded = sa.func.count().filter(PARTS.c.loaded)
    row = connection.execute(sa.select(loaded, sa.func.count()).where(_of(build))).one()
    return row[0], row[1]


def forget(connection: sa.Connection, build: Build) -> None:
    """Remove the parts of a build; who is at one ends it first, and nobody begins another."""
    connection.execute(PARTS.delete().where(_of(build)))


_COLUMNS = (PARTS.c.part, PARTS.c.after, PARTS.c.until, PARTS.c.position)


def _values(part: Part) -> dict[str, object]:
    return dict(zip((column.name for column in _COLUMNS), astuple(part), strict=True))


def _free(build: Build) -> sa.Select[Any]:
    """Select the parts of a build to be loaded; whoever reads one holds it."""
    return sa.select(*_COLUMNS).where(_of(build), ~PARTS.c.loaded).with_for_update(skip_locked=True)


def _is_free(connection: sa.Connection, build: Build, part: Part) -> bool:
    found = connection.execute(_free(build).where(PARTS.c.part == part.number)).one_or_none()
    return found is not None and Part(*found) == part


def _of(build: Build) -> sa.ColumnElement[bool]:
    return sa.and_(PARTS.c.name == build.name, PARTS.c.build == build.build)
