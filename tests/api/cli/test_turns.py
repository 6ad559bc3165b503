"""Who waits for a turn gets one in each round of the event loop, between those of others."""

import asyncio
from functools import partial

from api.cli.turns import Turns


def test_one_in_each_round() -> None:
    """However many wait, each round has one of them, in the order in which they came."""

    async def rounds() -> list[list[int]]:
        turns, begun = Turns(), list[int]()
        for number in range(3):
            turns.wait(partial(begun.append, number))
        seen = []
        for _ in range(4):
            await asyncio.sleep(0)
            seen.append(begun[:])
        return seen

    assert asyncio.run(rounds()) == [[0], [0, 1], [0, 1, 2], [0, 1, 2]]


def test_later_ones() -> None:
    """Who begins may wait again, and who comes when nobody waits any more is begun too."""

    async def rounds() -> list[str]:
        turns, begun = Turns(), list[str]()

        def first() -> None:
            begun.append("first")
            turns.wait(lambda: begun.append("second"))

        turns.wait(first)
        for _ in range(3):
            await asyncio.sleep(0)
        turns.wait(lambda: begun.append("third"))
        await asyncio.sleep(0)
        return begun

    assert asyncio.run(rounds()) == ["first", "second", "third"]
