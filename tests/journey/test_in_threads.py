"""Nobody leaves a thread behind."""

import asyncio
import threading

import pytest

from journey.in_threads import to_its_end
from tests.loops import wait_for


def test_who_is_cancelled_waits_for_the_end() -> None:
    """The thread has ended when the task has, and the task ends as cancelled."""
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait()
        ended.set()

    async def cancelled() -> None:
        task = asyncio.ensure_future(to_its_end(work))
        await asyncio.to_thread(begun.wait)
        task.cancel()
        asyncio.get_running_loop().call_soon(may_end.set)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    wait_for(cancelled())


def test_results_and_errors_come_through() -> None:
    """What the function returns or raises is returned or raised."""
    assert wait_for(to_its_end(max, 1, 2)) == 2
    with pytest.raises(ZeroDivisionError):
        wait_for(to_its_end(divmod, 1, 0))
