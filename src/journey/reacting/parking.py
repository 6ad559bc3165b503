"""Whom a defect has parked for which policy, and when that is tried again: after growing rests."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from journey.events import Position
from journey.reacting.columns import KEY, METADATA, moment_of, number_of

PARKED = sa.Table(
    "policy_parked",
    METADATA,
    sa.Column("stream_id", KEY, primary_key=True),
    sa.Column("policy", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("parked_at", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("retry_at", sa.BigInteger),
)
EVERY = "*"
"""In place of a policy's name: the customer's events cannot be read, so that no policy can be asked."""
ATTEMPTS = 12
"""So often it is tried again while the reactor runs, in three days or so; then the next start does."""
_FIRST = timedelta(minutes=1)
_LONGEST = timedelta(days=1)
_P = PARKED.c


class Parked(NamedTuple):
    """A customer for whom one policy is not asked until it is mended."""

    stream_id: str
    policy: str
    position: Position
    """The first cause that it failed at."""
    error: str
    parked_at: str
    attempts: int
    """How often it was tried again since the last start."""
    retry_at: datetime | None
    """When it is tried again; None where only the next start does."""


def parked_now(stream_id: str, policy: str, position: Position, error: str, now: datetime) -> Parked:
    """Return a customer as parked for a policy; of the error only its name is kept: it may quote a person."""
    return Parked(stream_id, policy, position, error, now.isoformat(), 0, now + rest_after(0))


def again(parked: Parked, now: datetime) -> Parked:
    """Return a parked customer after one more attempt that failed."""
    attempts = parked.attempts + 1
    return parked._replace(
        attempts=attempts, retry_at=now + rest_after(attempts) if attempts < ATTEMPTS else None
    )


def rest_after(attempts: int) -> timedelta:
    """Return how long a customer rests after so many attempts: each time twice as long, a day at most."""
    return min(_FIRST * (1 << attempts), _LONGEST)


def parked(views: sa.Engine, until: datetime | None = None, limit: int | None = None) -> list[Parked]:
    """Return who is parked, the longest first; with `until` only who is to be tried again by then."""
    query = sa.select(PARKED).order_by(_P.position, _P.stream_id, _P.policy).limit(limit)
    if until is not None:
        query = query.where(_P.retry_at <= number_of(until))
    with views.connect() as connection:
        return [_row(row) for row in connection.execute(query)]


def park(connection: sa.Connection, newly: Sequence[Parked]) -> None:
    """Write who is parked; who is already stays as they are."""
    if newly:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        values = [_values(each) for each in sorted(newly, key=lambda each: each[:2])]
        connection.execute(insert(PARKED).on_conflict_do_nothing(), values)


def mend(connection: sa.Connection, mended: Sequence[Parked]) -> None:
    """Park some customers no more."""
    for each in mended:
        connection.execute(sa.delete(PARKED).where(_P.stream_id == each.stream_id, _P.policy == each.policy))


def rest(connection: sa.Connection, each: Parked) -> None:
    """Write how often a customer was tried again, and when that is done next."""
    changes = {name: _values(each)[name] for name in ("attempts", "retry_at")}
    where = (_P.stream_id == each.stream_id, _P.policy == each.policy)
    connection.execute(sa.update(PARKED).where(*where).values(changes))


def _values(each: Parked) -> dict[str, Any]:
    return {**each._asdict(), "retry_at": None if each.retry_at is None else number_of(each.retry_at)}


def _row(row: sa.Row[Any]) -> Parked:
    told = dict(row._mapping)  # noqa: SLF001  # public in spite of its name
    retry_at = told.pop("retry_at")
    return Parked(**told, retry_at=None if retry_at is None else moment_of(retry_at))
