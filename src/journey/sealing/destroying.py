"""Destroys data keys, and epochs' keys with them, so that no copy of either opens anything any more.

A data key is gone from its row at once. A back-up of the rows still holds it, wrapped by the key of its
epoch: when the epoch has ended, with all other keys wrapped anew and the epoch's own key destroyed, that
opens nothing.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from journey.sealing.data_keys import DATA_KEYS, EPOCHS, WrappedKey, alone, wrapped_key
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
        known, told = self._wrapping.epochs.known(), DATA_KEYS.c
        # That it is not null goes without saying, but for the choice of the index.
        gone = sa.and_(told.epoch.in_(known), told.destroyed_at.is_not(None))
        wanted = sa.select(sa.func.min(told.destroyed_at)).where(gone)
        with self._engine.connect() as connection:
            first = connection.execute(wanted).scalar()
        return datetime.fromisoformat(first) if first else None

    def rotate(self) -> int:
        """Begin an epoch, wrap every key anew in it, and destroy the keys of the epochs before; return it.

        New keys are made meanwhile, in the new epoch. Whatever is interrupted goes on the next time: before
        the keys of the epochs before are destroyed, all is wrapped by the new one, durably.
        """
        epoch = self._begin()
        while self._wrap_all(epoch):
            pass
        epochs = self._wrapping.epochs
        for old in sorted(epochs.known()):
            if old < epoch:
                epochs.destroy(old)
        return epoch

    def _begin(self) -> int:
        """Begin an epoch; once that is committed, nobody adds a key of an epoch before any more."""
        with self._engine.begin() as connection:
            alone(connection)
            epoch = 1 + (connection.execute(sa.select(sa.func.max(EPOCHS.c.epoch))).scalar() or 0)
            self._wrapping.epochs.make(epoch)
            values = {"epoch": epoch, "fingerprint": self._wrapping.fingerprint(epoch)}
            connection.execute(sa.insert(EPOCHS).values(values))
        return epoch

    def _wrap_all(self, epoch: int) -> bool:
        """Wrap keys anew, page by page, so that nobody waits for long; tell whether there were any."""
        last, found = ("", "", 0), False
        told = DATA_KEYS.c
        place = sa.tuple_(told.stream_id, told.retention, told.version)
        while True:
            wanted = sa.select(DATA_KEYS).where(place > last).order_by(*place).limit(_PAGE)
            with self._engine.begin() as connection:
                rows = [wrapped_key(row) for row in connection.execute(wanted).mappings()]
                older = [row for row in rows if row.wrapped is not None and row.epoch < epoch]
                if older:
                    connection.execute(_WRAP, [_anew(row, self._wrapping.again(row, epoch)) for row in older])
            if not rows:
                return found
            last, found = (*rows[-1].name, rows[-1].version), found or bool(older)


_WRAP = (
    sa.update(DATA_KEYS)
    .where(DATA_KEYS.c.stream_id == sa.bindparam("of_stream"))
    .where(DATA_KEYS.c.retention == sa.bindparam("of_class"))
    .where(DATA_KEYS.c.version == sa.bindparam("of_version"))
    # One that was destroyed meanwhile, or wrapped in a later epoch, stays so.
    .where(DATA_KEYS.c.wrapped.is_not(None), DATA_KEYS.c.epoch == sa.bindparam("of_epoch"))
)


def _anew(old: WrappedKey, new: WrappedKey) -> dict[str, Any]:
    of = {"of_stream": old.name.stream_id, "of_class": old.name.retention, "of_version": old.version}
    return of | {"of_epoch": old.epoch, "epoch": new.epoch, "wrapped": new.wrapped}
