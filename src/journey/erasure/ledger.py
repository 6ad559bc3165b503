"""What is still to be done, and how far the log was looked at: kept beside the keys, and restored with them.

It follows from the log. Where an older copy of the keys is restored, the log is looked at again from there,
and what was erased since is erased again.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import sqlalchemy as sa

from journey.events import Position
from journey.sealing.data_keys import DATA_KEYS, alone

WORK = sa.Table(
    "privacy_work",
    DATA_KEYS.metadata,
    sa.Column("stream_id", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("due_at", sa.Text, nullable=False),
)
CHECKPOINT = sa.Table(
    "privacy_checkpoint",
    DATA_KEYS.metadata,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, nullable=False),
)
_AT_ONCE = ""


class Work(NamedTuple):
    """A customer to be looked at."""

    stream_id: str
    position: Position
    """The last step that is known."""


class Ledger:
    """The tables of what is to be done."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def position(self) -> Position:
        """Return how far the log was looked at."""
        with self._engine.connect() as connection:
            return _position(connection)

    def take(self, found: Mapping[str, Position], position: Position) -> None:
        """Note customers who have taken a step, to be looked at now, and how far the log was looked at."""
        with self._engine.begin() as connection:
            alone(connection)
            if _position(connection) >= position:
                return
            connection.execute(sa.delete(CHECKPOINT))
            connection.execute(sa.insert(CHECKPOINT).values(one=1, position=position))
            for stream_id, last in found.items():
                connection.execute(sa.delete(WORK).where(WORK.c.stream_id == stream_id))
                values = {"stream_id": stream_id, "position": last, "due_at": _AT_ONCE}
                connection.execute(sa.insert(WORK).values(values))

    def due(self, now: datetime) -> list[Work]:
        """Return the customers to be looked at by now."""
        wanted = sa.select(WORK.c.stream_id, WORK.c.position).where(WORK.c.due_at <= _written(now))
        with self._engine.connect() as connection:
            return [Work(row.stream_id, Position(row.position)) for row in connection.execute(wanted)]

    def look_again(self, work: Work, at: datetime | None) -> None:
        """Look at a customer again at a time, or never, unless there has been another step meanwhile."""
        same = sa.and_(WORK.c.stream_id == work.stream_id, WORK.c.position == work.position)
        with self._engine.begin() as connection:
            if at is None:
                connection.execute(sa.delete(WORK).where(same))
            else:
                connection.execute(sa.update(WORK).where(same).values(due_at=_written(at)))

    def look_at_destroyed(self) -> None:
        """Look at once at everybody with keys that were destroyed: their epoch has ended before its time."""
        destroyed = sa.select(DATA_KEYS.c.stream_id).where(DATA_KEYS.c.destroyed_at.is_not(None))
        with self._engine.begin() as connection:
            connection.execute(sa.update(WORK).where(WORK.c.stream_id.in_(destroyed)).values(due_at=_AT_ONCE))


def _position(connection: sa.Connection) -> Position:
    return Position(connection.execute(sa.select(CHECKPOINT.c.position)).scalar() or 0)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
