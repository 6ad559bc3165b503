"""How often a process searches for garbage."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 10_000
"""How many new objects are looked through at once while others wait: a few milliseconds."""
YOUNG_OF_FOLLOWERS = 300_000
"""The same where nobody waits: more than a page of events and all that is made of it."""
_MOST_HELD = 200_000
"""Of what work under way holds no more are spared: to look through so many takes tens of milliseconds."""


def search_seldom(young: int = YOUNG) -> None:
    """Spare what lives as long as the process from the search for garbage, and search less often.

    A service holds many objects that never become garbage, such as cached journeys, and makes next to no
    cycles: by default the collector would look through all of them, tens of milliseconds at a time, and take
    a quarter of the time of those who follow the log.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(young, 200, 100)


class Held:
    """New objects that work under way is known to hold: the search for garbage waits for as many more.

    Else the collector would look through them several times before they are let go, and find nothing.
    """

    def __init__(self) -> None:
        self._objects = 0

    @contextmanager
    def holding(self, objects: int) -> Iterator[None]:
        """Count objects that are made in the block, and let go behind it in the same turn of the loop."""
        self._count(objects)
        try:
            yield
        finally:
            asyncio.get_running_loop().call_soon(self._count, -objects)

    def _count(self, objects: int) -> None:
        before = min(self._objects, _MOST_HELD)
        self._objects += objects
        young, *older = gc.get_threshold()
        gc.set_threshold(young + min(self._objects, _MOST_HELD) - before, *older)
