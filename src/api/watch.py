"""Looks after the projections for all who wait: one look serves everybody."""

import asyncio

from journey.events import Position
from projections.lookups import Lookups
from projections.reading import Freshness

# How often somebody who waits looks again, in seconds.
_LOOK = 0.02


class Watch:
    """Tells readers who wait when a projection has moved."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups

    async def look(self, name: str) -> Freshness:
        """Return how fresh a projection is, sharing the look with everyone who asks meanwhile."""
        return await self._lookups.freshness(name)

    async def reached(self, name: str, position: int, seconds: float) -> bool:
        """Wait until a projection shows `position`; tell whether it did within so many seconds."""
        deadline = asyncio.get_running_loop().time() + seconds
        while (await self.look(name)).position < position:
            if asyncio.get_running_loop().time() >= deadline:
                return False
            await asyncio.sleep(_LOOK)
        return True

    async def changed(self, name: str, position: Position, seconds: float) -> bool:
        """Wait until a projection has moved past `position`."""
        return await self.reached(name, position + 1, seconds)
