"""Requests sent before the answer to the one before: they wait for their turn, so that others get theirs."""

import asyncio
from collections import deque
from collections.abc import Callable


class Turns:
    """Begins one of those that wait in each round of the event loop, whatever connections they came over."""

    def __init__(self) -> None:
        self._waiting = deque[Callable[[], None]]()

    def wait(self, go_on: Callable[[], None]) -> None:
        """Call `go_on` when it has its turn."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._next)
        self._waiting.append(go_on)

    def _next(self) -> None:
        go_on = self._waiting.popleft()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._next)
        go_on()
