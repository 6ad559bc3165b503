"""Keys that were shown lately, at hand: who sent a request costs no question to the database."""

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from api.caller import Caller
from api.heads import Shown
from api.keys import ApiKey, KeyStore, Stored, taken_apart

# How long a key that was looked up is trusted without another look, and so how long a revoked one lives on.
_TRUSTED_SECONDS = 2.0
# How long before the end of trust a key in use is looked up again, so that nobody waits for it.
_AHEAD_SECONDS = 1.0
# How many keys are told by their digests alone; a service has some dozens.
_MOST_SHOWN = 10_000


class _Trusted(NamedTuple):
    until: float
    stored: Stored
    caller: Caller


class KnownKeys(KeyStore):
    """The keys of a running service, each trusted for two seconds after it was looked up."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime]) -> None:
        super().__init__(engine)
        self._clock = clock
        self._trusted: dict[str, _Trusted] = {}
        self._shown: dict[bytes, _Trusted] = {}
        """By digest of the whole key: what was trusted when it was shown; it counts while it still is."""
        self._guard = threading.Lock()
        self._looks: dict[str, asyncio.Future[ApiKey | None]] = {}
        """By key: the look-ups under way in the event loop."""

    def revoke(self, prefix: str, now: datetime) -> bool:
        """End a key, here at once; tell whether there was one to end."""
        ended = super().revoke(prefix, now)
        with self._guard:
            self._trusted.pop(prefix, None)
        return ended

    async def caller(self, key: str) -> Caller | None:
        """Return who shows `key`, None where it is unknown or revoked; one look serves all who show it."""
        found = await asyncio.shield(self._look(key))
        return None if found is None else _holder(found)

    def remembered(self, key: Shown) -> Caller | None:
        """Return who shows `key` where that is known; look it up again beside, in time."""
        known = self._shown.get(key.digest)
        if known is None or known is not self._trusted.get(known.stored.key.prefix):
            prefix, secret = taken_apart(key)
            known = self._trusted.get(prefix)
            if known is None or not known.stored.fits(secret):
                return None
            if len(self._shown) >= _MOST_SHOWN:
                self._shown.clear()
            self._shown[key.digest] = known
        left = known.until - time.monotonic()
        if left < _AHEAD_SECONDS:
            if left < 0:
                return None
            self._look(key)
        return known.caller

    async def finish(self) -> None:
        """Wait for the look-ups under way: none may ask the database once it is closed."""
        while self._looks:
            await asyncio.wait(self._looks.values())

    def find(self, key: str) -> ApiKey | None:
        """Return what `key` allows, None where it is unknown or revoked; trust it for a while."""
        prefix, secret = taken_apart(key)
        stored, now = self.look_up(prefix), self._clock()
        with self._guard:
            if stored is None or not stored.key.in_force(now):
                self._trusted.pop(prefix, None)
                return None
            # The end of a key may be near, but it never comes later than that of one that is revoked now.
            self._trusted[prefix] = _Trusted(time.monotonic() + _TRUSTED_SECONDS, stored, _holder(stored.key))
        if not stored.fits(secret):
            return None
        self.note_use(stored.key, now)
        return stored.key

    def _look(self, key: str) -> "asyncio.Future[ApiKey | None]":
        look = self._looks.get(key)
        if look is None:
            look = self._looks[key] = asyncio.ensure_future(asyncio.to_thread(self.find, key))
            look.add_done_callback(lambda done: self._looked(key, done))
        return look

    def _looked(self, key: str, look: "asyncio.Future[ApiKey | None]") -> None:
        del self._looks[key]
        if not look.cancelled():
            look.exception()  # nobody may have waited for it; who asks next looks again


def _holder(key: ApiKey) -> Caller:
    return Caller(key.prefix, key.scopes, key.source, key.lifecycle)
