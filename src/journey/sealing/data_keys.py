"""The store of data keys: one for each customer and class of retention, never kept unwrapped.

A row is never deleted: what was destroyed leaves its tombstone, so that nobody takes a lost key for one that
never was.
"""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from journey.touchpoints.touchpoint import Retention

_MANY = 400
# Any number that nobody else locks: while the keys of an epoch are wrapped anew no other key is added.
_ROTATION_LOCK = 0x6A6B6579
_METADATA = sa.MetaData()
DATA_KEYS = sa.Table(
    "data_keys",
    _METADATA,
    sa.Column("stream_id", sa.Text, primary_key=True),
    sa.Column("retention", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("wrapped", sa.LargeBinary),
    sa.Column("destroyed_at", sa.Text),
)
EPOCHS = sa.Table(
    "epochs",
    _METADATA,
    sa.Column("epoch", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
)


MARKS = sa.Table(
    "privacy_marks",
    _METADATA,
    sa.Column("stream_id", sa.Text, primary_key=True),
    sa.Column("change", sa.BigInteger, nullable=False, unique=True),
    sa.Column("restricted", sa.Boolean, nullable=False),
    sa.Column("gone", sa.Integer, nullable=False),
)


class Mark(NamedTuple):
    """That a customer's answers are others than before, without any event that would tell."""

    stream_id: str
    change: int
    """Grows with each change of any customer's."""
    restricted: bool
    """Whether what is left is shown to nobody but those who manage privacy."""
    gone: int
    """How many classes of personal data are erased."""


class KeyName(NamedTuple):
    """Whose key, and for what."""

    stream_id: str
    retention: Retention


@dataclass(frozen=True)
class DataKey:
    """A key as it is at hand."""

    version: int
    secret: bytes | None
    """None where it was destroyed."""

    @cached_property
    def of_digests(self) -> bytes:
        """The key of digests of what it seals; raises `TypeError` where it was destroyed."""
        if self.secret is None:
            raise TypeError("a key that is destroyed has no digests")
        return hmac.digest(self.secret, b"content digest", "sha256")


class WrappedKey(NamedTuple):
    """A key as it is stored."""

    name: KeyName
    version: int
    epoch: int
    """The epoch whose key wraps it."""
    wrapped: bytes | None


class DataKeyStore:
    """The table of data keys."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def of(self, names: Collection[KeyName]) -> list[WrappedKey]:
        """Return every version of the keys that exist."""
        found: list[WrappedKey] = []
        wanted = list(names)
        with self._engine.connect() as connection:
            for start in range(0, len(wanted), _MANY):
                among = sa.tuple_(DATA_KEYS.c.stream_id, DATA_KEYS.c.retention).in_(
                    wanted[start : start + _MANY]
                )
                rows = connection.execute(sa.select(DATA_KEYS).where(among).order_by(DATA_KEYS.c.version))
                found += [wrapped_key(row) for row in rows.mappings()]
        return found

    def add(self, keys: Collection[WrappedKey], epoch: int) -> bool:
        """Keep new keys, durably; a key that somebody else has made meanwhile stays as it is.

        Where the epoch that wraps them has ended meanwhile nothing is kept, and False returned: its key may
        be gone already.
        """
        rows = [
            {"stream_id": each.name.stream_id, "retention": each.name.retention, "version": each.version}
            | {"epoch": each.epoch, "wrapped": each.wrapped}
            for each in keys
        ]
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_ROTATION_LOCK)))
            if connection.execute(sa.select(sa.func.max(EPOCHS.c.epoch))).scalar() != epoch:
                return False
            connection.execute(self._insert(DATA_KEYS).on_conflict_do_nothing(), rows)
        return True

    def epochs(self) -> dict[int, str]:
        """Return the epochs that keys were wrapped in, with the fingerprints of their keys."""
        with self._engine.connect() as connection:
            return {row.epoch: row.fingerprint for row in connection.execute(sa.select(EPOCHS))}

    def marks(self, after: int) -> list[Mark]:
        """Return the marks that were changed after a change, in the order of changes."""
        wanted = sa.select(MARKS).where(MARKS.c.change > after).order_by(MARKS.c.change)
        with self._engine.connect() as connection:
            return [Mark(**row) for row in connection.execute(wanted).mappings()]

    def mark(self, stream_id: str, *, restricted: bool, gone: int) -> None:
        """Mark a customer, unless they are marked so already."""
        wanted = sa.select(MARKS).where(MARKS.c.stream_id == stream_id)
        with self._engine.begin() as connection:
            alone(connection)
            known = connection.execute(wanted).mappings().one_or_none()
            if (known["restricted"], known["gone"]) == (restricted, gone) if known else not restricted + gone:
                return
            change = (connection.execute(sa.select(sa.func.max(MARKS.c.change))).scalar() or 0) + 1
            connection.execute(sa.delete(MARKS).where(MARKS.c.stream_id == stream_id))
            connection.execute(sa.insert(MARKS).values(Mark(stream_id, change, restricted, gone)._asdict()))

    def begin_epoch(self, epoch: int, fingerprint: str) -> None:
        """Remember an epoch before anything is wrapped in it; one that is known stays as it is."""
        values = {"epoch": epoch, "fingerprint": fingerprint}
        with self._engine.begin() as connection:
            alone(connection)  # who is about to begin it in order is not to find it begun
            connection.execute(self._insert(EPOCHS).on_conflict_do_nothing(), [values])

    def _insert(self, table: sa.Table) -> Any:
        return (postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert)(table)


def alone(connection: sa.Connection) -> None:
    """Keep others from adding keys and ending epochs until the transaction ends; SQLite does so anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ROTATION_LOCK)))


def wrapped_key(row: sa.RowMapping) -> WrappedKey:
    """Read a stored key."""
    name = KeyName(row["stream_id"], row["retention"])
    return WrappedKey(name, row["version"], row["epoch"], row["wrapped"])
