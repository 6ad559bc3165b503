"""The search for garbage spares what work under way is known to hold, and nothing beyond that."""

import asyncio
import contextlib
import gc
from collections.abc import Iterator

import pytest

from journey.garbage import Held


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    """Begin with a threshold that is known, and leave it as it was."""
    before = gc.get_threshold()
    gc.set_threshold(1_000, 20, 30)
    yield
    gc.set_threshold(*before)


def test_it_waits_for_as_many_more() -> None:
    """Until the turn of the loop in which they were let go has ended."""

    async def work() -> None:
        held = Held()
        with held.holding(500):
            with held.holding(70):
                assert gc.get_threshold() == (1_570, 20, 30)
            assert gc.get_threshold() == (1_570, 20, 30)
            await asyncio.sleep(0)
            assert gc.get_threshold() == (1_500, 20, 30)
        await asyncio.sleep(0)

    asyncio.run(work())
    assert gc.get_threshold() == (1_000, 20, 30)


def test_it_does_not_wait_without_an_end() -> None:
    """Beyond a bound nothing is spared, however much is held."""

    async def work() -> None:
        held = Held()
        with held.holding(150_000), held.holding(300_000):
            assert gc.get_threshold() == (201_000, 20, 30)
        await asyncio.sleep(0)

    asyncio.run(work())
    assert gc.get_threshold() == (1_000, 20, 30)


def test_what_fails_is_let_go_too() -> None:
    """A request that ends by an error leaves nothing behind."""

    async def work() -> None:
        with contextlib.suppress(ZeroDivisionError), Held().holding(500):
            _ = 1 / 0
        await asyncio.sleep(0)

    asyncio.run(work())
    assert gc.get_threshold() == (1_000, 20, 30)
