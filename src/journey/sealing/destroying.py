"""Destroys data keys, and epochs' keys with them, so that no copy of either opens anything any more.

A data key is gone from its row at once. A back-up of the rows still holds it, wrapped by the key of its
epoch: when the epoch has ended, with all other keys wrapped anew and the epoch's own key destroyed, that
opens nothing.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from journey.sealing.data_keys import DATA_KEYS, EPOCHS, alone, wrapped_key
from journey.sealing.wrapping import Wrapping
from journey.touchpoints.touchpoint import Retention

_PAGE = 1_000
_NEVER_MADE = 0
"""The epoch of a tombstone where there never was a key."""


class Grave(NamedTuple):
    """A data key that is gone."""

    retention: Retention
    epoch: int
    destroyed_at: datetime


class Destroyer:
    """Ends keys for good; each step may be taken again."""

    def __init__(self, engine: sa.Engine, wrapping: Wrapping) -> None:
        self._engine, self._wrapping = engine, wrapping

    def destroy(self, stream_id: str, classes: Collection[Retention], now: datetime) -> None:
        """Destroy a customer's keys of some classes; none of these will ever be made again."""
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        told, at = DATA_KEYS.c, now.isoformat()
        there = sa.and_(
            told.stream_id == stream_id, told.retention.in_(sorted(classes)), told.wrapped.is_not(None)
        )
        tombstones = [
            {"stream_id": stream_id, "retention": each, "version": 1, "epoch": _NEVER_MADE}
            | {"wrapped": None, "destroyed_at": at}
            for each in sorted(classes)
        ]
        with self._engine.begin() as connection:
            alone(connection)
            connection.execute(sa.update(DATA_KEYS).where(there).values(wrapped=None, destroyed_at=at))
            connection.execute(insert(DATA_KEYS).on_conflict_do_nothing(), tombstones)

    def graves(self, stream_id: str) -> list[Grave]:
        """Return a customer's keys that are gone."""
        told = DATA_KEYS.c
        wanted = sa.select(told.retention, told.epoch, told.destroyed_at).where(
            told.stream_id == stream_id, told.wrapped.is_(None)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(wanted).all()
        return [Grave(row.retention, row.epoch, datetime.fromisoformat(row.destroyed_at)) for row in rows]

    def kept(self, stream_id: str) -> set[Retention]:
        """Name the classes that a customer still has a key of."""
        told = DATA_KEYS.c
        wanted = sa.select(told.retention).where(told.stream_id == stream_id, told.wrapped.is_not(None))
        with self._engine.connect() as connection:
            return set(connection.execute(wanted).scalars())

    def is_final(self, grave: Grave) -> bool:
        """Tell whether no back-up of the keys can bring a key back."""
        return grave.epoch not in self._wrapping.epochs.known()

    def unfinished_since(self) -> datetime | None:
        """Return when the first key was destroyed whose epoch has not ended; None where there is none."""
        known = self._wrapping.epochs.known()
        wanted = sa.select(sa.func.min(DATA_KEYS.c.destroyed_at)).where(DATA_KEYS.c.epoch.in_(known))
        with self._engine.connect() as connection:
            first = connection.execute(wanted).scalar()
        return datetime.fromisoformat(first) if first else None

    def rotate(self) -> int:
        """Begin an epoch, wrap every key anew in it, and destroy the keys of the epochs before; return it.

        Whatever is interrupted goes on the next time: before the keys of the epochs before are destroyed, all
        is wrapped by the new one, durably.
        """
        epochs = self._wrapping.epochs
        with self._engine.begin() as connection:
            alone(connection)
            newest = connection.execute(sa.select(sa.func.max(EPOCHS.c.epoch))).scalar() or 0
            epoch = newest + 1
            epochs.make(epoch)
            values = {"epoch": epoch, "fingerprint": self._wrapping.fingerprint(epoch)}
            connection.execute(sa.insert(EPOCHS).values(values))
            while self._wrap_page(connection, epoch):
                pass
        for old in sorted(epochs.known()):
            if old < epoch:
                epochs.destroy(old)
        return epoch

    def _wrap_page(self, connection: sa.Connection, epoch: int) -> bool:
        told = DATA_KEYS.c
        wanted = sa.select(DATA_KEYS).where(told.wrapped.is_not(None), told.epoch < epoch).limit(_PAGE)
        rows = [wrapped_key(row) for row in connection.execute(wanted).mappings()]
        for key in (self._wrapping.again(row, epoch) for row in rows):
            connection.execute(
                sa.update(DATA_KEYS)
                .where(told.stream_id == key.name.stream_id, told.retention == key.name.retention)
                .where(told.version == key.version)
                .values(epoch=epoch, wrapped=key.wrapped)
            )
        return bool(rows)
