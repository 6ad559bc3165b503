"""Work in threads that nobody leaves behind: who is cancelled meanwhile waits for its end."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


async def to_its_end(function: Callable[_P, _T], *values: _P.args, **named: _P.kwargs) -> _T:
    """Call a function in a thread and return what it returns.

    A thread cannot be cancelled: left alone it would go on with databases that are closed meanwhile.
    """
    work = asyncio.ensure_future(asyncio.to_thread(function, *values, **named))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
