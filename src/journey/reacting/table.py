"""The reactor's tables: how far the log was followed, and how each customer stands."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from journey.errors import CheckpointMoved
from journey.events import Position, Version
from journey.reacting.columns import KEY, METADATA, moment_of, number_of
from journey.reacting.parking import EVERY, PARKED, Parked, mend, park, rest

CHECKPOINT = sa.Table(
    "policy_checkpoint",
    METADATA,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("began_after", sa.BigInteger, nullable=False),
    sa.Column("asked_until", sa.BigInteger, nullable=False),
    sa.Column("folding", sa.Text, nullable=False),
    sa.Column("looking", sa.Text, nullable=False),
    sa.Column("turns", sa.Text, nullable=False),
)
CUSTOMERS = sa.Table(
    "policy_customers",
    METADATA,
    sa.Column("stream_id", KEY, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("next_at", sa.BigInteger),
)
_C, _P = CUSTOMERS.c, PARKED.c


class Checkpoint(NamedTuple):
    """How far the log was followed."""

    position: Position
    began_after: Position
    """The end of the log when there was a reactor for the first time: what is before is history."""
    asked_until: Position
    """Up to here policies were asked before customers were last folded anew: they are not asked again."""
    folding: str
    """What customers are folded with."""
    looking: str
    """What moments are derived with."""
    turns: Mapping[str, int]
    """By queue: how many causes have stood in it."""


class Row(NamedTuple):
    """How one customer stands."""

    stream_id: str
    version: Version
    state: str
    next_at: datetime | None
    """When a watch wants to look next."""


class View(NamedTuple):
    """What the tables hold of some customers."""

    rows: Mapping[str, Row]
    parked: frozenset[tuple[str, str]]
    """Customers with the policies that they are parked for."""


def prepare(views: sa.Engine, head: Position, folding: str, looking: str) -> None:
    """See that there is a checkpoint, and that what it rests on was made as today's service makes it.

    Customers who were folded otherwise are folded anew; nobody is asked again about what is passed.
    """
    insert = postgresql.insert if views.dialect.name == "postgresql" else sqlite.insert
    first = insert(CHECKPOINT).values(
        one=1, position=0, began_after=head, asked_until=head, folding=folding, looking=looking, turns="{}"
    )
    with views.begin() as connection:
        connection.execute(first.on_conflict_do_nothing())
        row = connection.execute(sa.select(CHECKPOINT).with_for_update()).one()
        if row.folding != folding:
            _fold_anew(connection, folding, max(row.position, row.asked_until))
        if row.looking != looking:
            connection.execute(sa.update(CUSTOMERS).values(next_at=0))
            connection.execute(sa.update(CHECKPOINT).values(looking=looking))


def _fold_anew(connection: sa.Connection, folding: str, asked_until: int) -> None:
    connection.execute(sa.delete(CUSTOMERS))
    connection.execute(
        sa.update(CHECKPOINT).values(position=0, asked_until=asked_until, folding=folding, turns="{}")
    )


def checkpoint(views: sa.Engine) -> Checkpoint | None:
    """Return how far the log was followed; None where there was never a reactor."""
    with views.connect() as connection:
        row = connection.execute(sa.select(CHECKPOINT)).one_or_none()
    if row is None:
        return None
    return Checkpoint(
        row.position, row.began_after, row.asked_until, row.folding, row.looking, orjson.loads(row.turns)
    )


def known_checkpoint(views: sa.Engine) -> Checkpoint:
    """Return how far the log was followed, by a reactor that has prepared the tables."""
    reached = checkpoint(views)
    if reached is None:
        raise LookupError("the reactor's tables are not prepared")
    return reached


def seen(views: sa.Engine, stream_ids: Collection[str]) -> View:
    """Return what is known of customers."""
    with views.connect() as connection:
        rows = connection.execute(sa.select(CUSTOMERS).where(_C.stream_id.in_(stream_ids))).all()
        parked = connection.execute(
            sa.select(_P.stream_id, _P.policy).where(_P.stream_id.in_(stream_ids))
        ).all()
    return View({row.stream_id: _row(row) for row in rows}, frozenset((row[0], row[1]) for row in parked))


def due(views: sa.Engine, now: datetime, limit: int) -> list[str]:
    """Name customers whose moment has come, the longest first."""
    query = sa.select(_C.stream_id).where(_C.next_at <= number_of(now)).order_by(_C.next_at).limit(limit)
    with views.connect() as connection:
        return list(connection.scalars(query))


def first_moment(views: sa.Engine) -> datetime | None:
    """Return the earliest moment at which a watch wants to look."""
    with views.connect() as connection:
        number = connection.scalar(sa.select(sa.func.min(_C.next_at)))
    return None if number is None else moment_of(number)


def advance(
    views: sa.Engine, before: Checkpoint, after: Checkpoint, rows: Sequence[Row], newly: Sequence[Parked]
) -> None:
    """Write what became of customers, with the checkpoint that it belongs to.

    Raises `CheckpointMoved` where another reactor was first: then nothing is written.
    """
    with views.begin() as connection:
        moved = (
            sa.update(CHECKPOINT)
            .where(CHECKPOINT.c.position == before.position, CHECKPOINT.c.folding == before.folding)
            .values(position=after.position, turns=orjson.dumps(after.turns).decode())
        )
        if connection.execute(moved).rowcount != 1:
            raise CheckpointMoved
        _keep(connection, rows)
        _park(connection, newly)


def keep(
    views: sa.Engine, rows: Sequence[Row], newly: Sequence[Parked], mended: Sequence[Parked] = ()
) -> None:
    """Write what became of customers at a moment of the clock; `mended` are parked no more."""
    with views.begin() as connection:
        _keep(connection, rows)
        mend(connection, mended)
        _park(connection, newly)


def keep_parked(views: sa.Engine, parked: Parked) -> None:
    """Write how often a parked customer was tried again, and when that is done next."""
    with views.begin() as connection:
        rest(connection, parked)


def _keep(connection: sa.Connection, rows: Sequence[Row]) -> None:
    """Write rows, except where another reactor has written a newer one."""
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(CUSTOMERS)
    told = new.excluded
    kept = new.on_conflict_do_update(
        index_elements=[_C.stream_id],
        set_={"version": told.version, "state": told.state, "next_at": told.next_at},
        where=_C.version <= told.version,
    )
    # In one order, so that two reactors at once never wait for one another in a circle.
    values = [
        {**row._asdict(), "next_at": None if row.next_at is None else number_of(row.next_at)}
        for row in sorted(rows)
    ]
    connection.execute(kept, values)


def _park(connection: sa.Connection, newly: Sequence[Parked]) -> None:
    park(connection, newly)
    if newly:
        # Who cannot be asked at all has no moment to look at.
        none = [each.stream_id for each in newly if each.policy == EVERY]
        connection.execute(sa.update(CUSTOMERS).where(_C.stream_id.in_(none)).values(next_at=None))


def _row(row: sa.Row[Any]) -> Row:
    next_at = None if row.next_at is None else moment_of(row.next_at)
    return Row(row.stream_id, Version(row.version), row.state, next_at)
