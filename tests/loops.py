"""An event loop in a thread of its own, for tests of what lives in one."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import cache
from typing import Any, TypeVar

_T = TypeVar("_T")


_guard = threading.Lock()


def loop() -> asyncio.AbstractEventLoop:
    """Return the loop that all tests share; it runs as long as they do."""
    with _guard:
        return _made()


@cache
def _made() -> asyncio.AbstractEventLoop:
    made = asyncio.new_event_loop()
    threading.Thread(target=made.run_forever, name="loop", daemon=True).start()
    return made


def start(coroutine: Coroutine[Any, Any, _T]) -> Future[_T]:
    """Run a coroutine in the loop; the future gives what it returns."""
    return asyncio.run_coroutine_threadsafe(coroutine, loop())


def wait_for(coroutine: Coroutine[Any, Any, _T], seconds: float = 30.0) -> _T:
    """Run a coroutine in the loop, and return what it returns."""
    return start(coroutine).result(seconds)


def call(function: Callable[[], _T]) -> _T:
    """Call a function in the loop's thread, and return what it returns."""

    async def called() -> _T:
        return function()

    return wait_for(called())
