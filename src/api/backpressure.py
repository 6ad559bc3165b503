"""Backpressure: whoever sends many events waits while the read models are behind, so that readers need not.

To keep the read models takes longer than to append. Without this a long import runs ahead of them, and all
who ask in the meantime are told what was true minutes ago; with it the last event is in place as soon.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from projections.lookups import Lookups
from projections.reading import Found, lag

_LOOK = 0.1
"""Seconds between two looks at the read models."""
_LONGEST = 3.0
"""Seconds that a batch waits at most: read models that cannot keep up slow batches down, and no more."""


class _Seen(NamedTuple):
    """How a projection was seen to stand."""

    position: int
    lag: float
    """For how many seconds the oldest event that it does not show has been in the log."""


class Backpressure:
    """Holds batches back; used in one event loop. Single events are never held."""

    def __init__(
        self, lookups: Lookups, names: Iterable[str], most: float, clock: Callable[[], datetime]
    ) -> None:
        """Hold batches while a projection of those names lags more than `most` seconds; 0 holds none."""
        self._lookups, self._names = lookups, tuple(names)
        self._most, self._clock = most, clock
        self._looking = asyncio.Lock()
        self._seen: dict[str, _Seen] = {}
        self._seen_at = float("-inf")
        self._still: dict[str, int] = {}
        """Where projections stood that a batch waited for in vain: nobody keeps them, or nobody can."""
        self.held = 0
        """How many batches wait now."""
        self.seconds = 0.0
        """For how long batches have waited, all together."""

    async def ease(self) -> None:
        """Return when the projections are near enough, or do not move; after some seconds in any case."""
        if self._most and self._holds(seen := await self._look()):
            self.held += 1
            began = asyncio.get_running_loop().time()
            try:
                await self._wait(seen, began + _LONGEST)
            finally:
                self.held -= 1
                self.seconds += asyncio.get_running_loop().time() - began

    async def _wait(self, first: dict[str, _Seen], until: float) -> None:
        seen = first
        while self._holds(seen):
            if asyncio.get_running_loop().time() >= until:
                self._still = {
                    name: now.position
                    for name, now in seen.items()
                    if name in first and first[name].position == now.position
                }
                return
            await asyncio.sleep(_LOOK)
            seen = await self._look()

    def _holds(self, seen: dict[str, _Seen]) -> bool:
        return any(
            now.lag > self._most and now.position != self._still.get(name) for name, now in seen.items()
        )

    async def _look(self) -> dict[str, _Seen]:
        """Look, once for all who ask at about the same time."""
        async with self._looking:
            now = asyncio.get_running_loop().time()
            if now - self._seen_at >= _LOOK:
                looks = (self._lookups.find(name, None) for name in self._names)
                found = await asyncio.gather(*looks, return_exceptions=True)
                # One that cannot be read, or has no rows yet, is not to keep anybody from writing.
                self._seen = {
                    each.freshness.projection: _Seen(
                        each.freshness.position, lag(each.unseen_since, self._clock)
                    )
                    for each in found
                    if isinstance(each, Found)
                }
                self._seen_at = now
            return self._seen
