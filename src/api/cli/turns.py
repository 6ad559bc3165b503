"""What clients send ahead, or beyond what is asked for: it waits for its turn, so that others get theirs."""

import asyncio
from collections import deque
from collections.abc import Callable

PACE = 0.004
"""Seconds between two turns."""


class Turns:
    """Goes on with one that waits at a time, some hundred a second, whatever connections they came over."""

    def __init__(self) -> None:
        self._waiting = deque[Callable[[], None]]()

    def wait(self, go_on: Callable[[], None]) -> None:
        """Call `go_on` when it has its turn."""
        if not self._waiting:
            asyncio.get_running_loop().call_later(PACE, self._next)
        self._waiting.append(go_on)

    def _next(self) -> None:
        go_on = self._waiting.popleft()
        if self._waiting:
            asyncio.get_running_loop().call_later(PACE, self._next)
        go_on()
