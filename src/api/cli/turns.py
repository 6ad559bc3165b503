"""Requests sent before the answer to the one before: they wait for their turn, so that others get theirs."""

import asyncio
from collections import deque
from collections.abc import Callable


class Turns:
    """Begins one of those that wait in each round of the event loop, whatever connections they came over."""

    def __init__(self) -> None:
        self._waiting = deque[Callable[[], None]]()

    def wait(self, begin: Callable[[], None]) -> None:
        """Call `begin` when it has its turn."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._next)
        self._waiting.append(begin)

    def _next(self) -> None:
        begin = self._waiting.popleft()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._next)
        begin()
