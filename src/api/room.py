"""Room for batches: how much of them a process holds in memory at once, however many are sent."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from api.problems import Problem
from journey.garbage import Held

FREE = 64 * 1024
"""So much of each body takes no room: a single event is never refused for the sake of batches."""
_PARSED = 8
"""Parsed, a batch holds about twenty times its size; so the room for parsing is as much smaller."""
_BYTES_AN_OBJECT = 20
"""Of so many bytes one object is made that lives until the batch is answered."""

_PACE = 0.001
"""Seconds between two pieces of large bodies."""


class Room:
    """Room for bodies that are being received or wait to be parsed, and for those that are parsed.

    A body that does not fit is refused with `busy`; one that is whole waits for its turn to be parsed.
    """

    def __init__(self, size: int) -> None:
        self._free = size
        self._parsing = self._parsing_free = max(1, size // _PARSED)
        self._held = Held()
        self._reading = asyncio.Lock()
        self._waiting = deque[tuple[int, asyncio.Future[None]]]()

    def share(self) -> "Share":
        """Return a share of the room, empty at first."""
        return Share(self)

    def take(self, size: int) -> None:
        """Take some of the room; raise `busy` where so much is not left."""
        self.check(size)
        self._free -= size

    def check(self, size: int) -> None:
        """Raise `busy` where so much room is not left."""
        if size > self._free:
            raise Problem("busy")

    def give_back(self, size: int) -> None:
        """Give back what was taken."""
        self._free += size

    async def pace(self) -> None:
        """Let one piece of a large body after the other be read, whosever they are, and others in between."""
        async with self._reading:
            await asyncio.sleep(_PACE)

    @asynccontextmanager
    async def parsing(self, size: int) -> AsyncIterator[None]:
        """Wait until a body of `size` bytes may be parsed, those before it first; then hold room for it."""
        # The largest has all the room for itself.
        size = min(size, self._parsing)
        await self._turn(size)
        try:
            with self._held.holding(size // _BYTES_AN_OBJECT):
                yield
        finally:
            self._parsing_free += size
            self._admit()

    async def _turn(self, size: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiting.remove((size, turn))
            else:
                self._parsing_free += size
            self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._parsing_free:
            size, turn = self._waiting.popleft()
            self._parsing_free -= size
            turn.set_result(None)


class Share:
    """The room that one body takes until it is answered."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._taken = 0

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give all back."""
        self._room.give_back(self._taken)

    def expect(self, size: int) -> None:
        """Raise `busy` where a body of `size` bytes would not fit now."""
        self._room.check(max(0, size - FREE))

    def hold(self, size: int) -> None:
        """Take what a body of `size` bytes needs by now; raise `busy` where it is not left."""
        needed = max(0, size - FREE)
        if needed > self._taken:
            self._room.take(needed - self._taken)
            self._taken = needed

    async def pace(self) -> None:
        """Wait until more of a large body may be read."""
        if self._taken:
            await self._room.pace()
