"""Who waits for a turn gets one, not before those who waited already, and not together with others."""

import asyncio
from functools import partial

from api.cli.turns import Turns


def test_one_after_the_other() -> None:
    """However many wait, no two go on together; they do so in the order in which they came."""

    async def rounds() -> list[list[int]]:
        turns, gone_on, seen = Turns(), list[int](), list[list[int]]()
        for number in range(3):
            turns.wait(partial(gone_on.append, number))
        while len(gone_on) < 3:
            await asyncio.sleep(0)
            if gone_on != (seen[-1] if seen else []):
                seen.append(gone_on[:])
        return seen

    assert asyncio.run(rounds()) == [[0], [0, 1], [0, 1, 2]]


def test_later_ones() -> None:
    """Who goes on may wait again, and who comes when nobody waits any more gets a turn too."""

    async def rounds() -> list[str]:
        turns, gone_on, done = Turns(), list[str](), asyncio.Event()

        def first() -> None:
            gone_on.append("first")
            turns.wait(second)

        def second() -> None:
            gone_on.append("second")
            done.set()

        turns.wait(first)
        await done.wait()
        third = asyncio.Event()
        turns.wait(third.set)
        await third.wait()
        return gone_on

    assert asyncio.run(rounds()) == ["first", "second"]
