"""The tables of the index: digests of customers' fields, and how far the log was followed."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from journey.events import Position
from journey.searching.terms import Field

_METADATA = sa.MetaData()
_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SEARCH_TERMS = sa.Table(
    "search_terms",
    _METADATA,
    sa.Column("stream_id", _KEY, primary_key=True),
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("current", sa.Boolean, nullable=False),
)
SEARCH_CHECKPOINT = sa.Table(
    "search_checkpoint",
    _METADATA,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("mark", sa.Text, nullable=False),
)
_T = SEARCH_TERMS.c


class Term(NamedTuple):
    """One value of a customer's field."""

    stream_id: str
    field: Field
    digest: bytes
    current: bool
    """Whether it is the latest, and not one from before."""


class Followed(NamedTuple):
    """How far the log was followed."""

    position: Position
    mark: str
    """What the digests were made with: where it is another, all are made anew."""


@contextmanager
def held(views: sa.Engine) -> Iterator[tuple[sa.Connection, Followed]]:
    """Begin a transaction that no other one that changes the index runs beside."""
    insert = postgresql.insert if views.dialect.name == "postgresql" else sqlite.insert
    beginning = insert(SEARCH_CHECKPOINT).values(one=1, position=0, mark="").on_conflict_do_nothing()
    with views.begin() as connection:
        connection.execute(beginning)
        row = connection.execute(sa.select(SEARCH_CHECKPOINT).with_for_update()).one()
        yield connection, Followed(Position(row.position), row.mark)


def followed(views: sa.Engine) -> Followed:
    """Return how far the log was followed."""
    with views.connect() as connection:
        row = connection.execute(sa.select(SEARCH_CHECKPOINT)).one_or_none()
    return Followed(Position(row.position), row.mark) if row else Followed(Position(0), "")


def replace(
    connection: sa.Connection, streams: Collection[str], terms: Collection[Term], reached: Followed
) -> None:
    """Put terms in place of all that customers had, and note how far the log was followed."""
    for stream_id in streams:
        connection.execute(sa.delete(SEARCH_TERMS).where(_T.stream_id == stream_id))
    if terms:
        connection.execute(sa.insert(SEARCH_TERMS), [term._asdict() for term in terms])
    connection.execute(sa.update(SEARCH_CHECKPOINT).values(position=reached.position, mark=reached.mark))


def begin_anew(connection: sa.Connection, mark: str) -> None:
    """Remove every term, to be made anew from the beginning of the log."""
    connection.execute(sa.delete(SEARCH_TERMS))
    connection.execute(sa.update(SEARCH_CHECKPOINT).values(position=0, mark=mark))


def forget(views: sa.Engine, stream_id: str) -> None:
    """Remove a customer from the index, durably; without the keys nothing of theirs comes back."""
    with held(views) as (connection, _):
        connection.execute(sa.delete(SEARCH_TERMS).where(_T.stream_id == stream_id))


def holds(views: sa.Engine, stream_id: str) -> bool:
    """Tell whether the index holds anything of a customer."""
    with views.connect() as connection:
        return connection.scalar(sa.select(sa.exists().where(_T.stream_id == stream_id))) or False


def find(
    views: sa.Engine, digests: Mapping[Field, bytes], limit: int, *, former: bool
) -> dict[str, dict[Field, bool]]:
    """Return the customers who have all of the digests, by field whether each is current."""
    wanted = sa.or_(*(sa.and_(_T.field == field, _T.digest == value) for field, value in digests.items()))
    if not former:
        wanted = sa.and_(wanted, _T.current)
    matching = (
        sa.select(_T.stream_id)
        .where(wanted)
        .group_by(_T.stream_id)
        .having(sa.func.count() == len(digests))
        .order_by(_T.stream_id)
        .limit(limit)
    )
    query = sa.select(_T.stream_id, _T.field, _T.current).where(wanted, _T.stream_id.in_(matching))
    found: dict[str, dict[Field, bool]] = {}
    with views.connect() as connection:
        for row in connection.execute(query.order_by(_T.stream_id, _T.field)):
            found.setdefault(row.stream_id, {})[row.field] = row.current
    return found
