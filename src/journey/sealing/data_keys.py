"""The store of data keys: one for each customer and class of retention, never kept unwrapped.

A row is never deleted: what was destroyed leaves its tombstone, so that nobody takes a lost key for one that
never was.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from journey.touchpoints.touchpoint import Retention

_MANY = 400
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


class KeyName(NamedTuple):
    """Whose key, and for what."""

    stream_id: str
    retention: Retention


class DataKey(NamedTuple):
    """A key as it is at hand."""

    version: int
    secret: bytes | None
    """None where it was destroyed."""


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
                found += [_wrapped_key(row._mapping) for row in rows]  # noqa: SLF001  # SQLAlchemy's public way
        return found

    def add(self, keys: Collection[WrappedKey]) -> None:
        """Keep new keys, durably; a key that somebody else has made meanwhile stays as it is."""
        rows = [
            {"stream_id": each.name.stream_id, "retention": each.name.retention, "version": each.version}
            | {"epoch": each.epoch, "wrapped": each.wrapped}
            for each in keys
        ]
        self._insert(DATA_KEYS, rows)

    def epochs(self) -> dict[int, str]:
        """Return the epochs that keys were wrapped in, with the fingerprints of their keys."""
        with self._engine.connect() as connection:
            return {row.epoch: row.fingerprint for row in connection.execute(sa.select(EPOCHS))}

    def begin_epoch(self, epoch: int, fingerprint: str) -> None:
        """Remember an epoch before anything is wrapped in it; one that is known stays as it is."""
        self._insert(EPOCHS, [{"epoch": epoch, "fingerprint": fingerprint}])

    def _insert(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        with self._engine.begin() as connection:
            connection.execute(insert(table).on_conflict_do_nothing(), rows)


def _wrapped_key(row: sa.RowMapping) -> WrappedKey:
    name = KeyName(row["stream_id"], row["retention"])
    return WrappedKey(name, row["version"], row["epoch"], row["wrapped"])
