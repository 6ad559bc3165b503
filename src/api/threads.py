"""Blocking work, where it holds nobody up."""

from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread

_T = TypeVar("_T")


async def in_thread(function: Callable[[], _T]) -> _T:
    """Run `function`, such as a read of the database, in a thread and return what it returns."""
    return await anyio.to_thread.run_sync(function)
