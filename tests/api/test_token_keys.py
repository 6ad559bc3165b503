"""The provider's keys: looked at when needed, changed when it changes them, kept for a while without it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from api.problems import Problem
from api.token_keys import TokenKeys
from tests.provider import KeyServer, key, key_set, telling_keys


@pytest.fixture
def server() -> Iterator[KeyServer]:
    """Give an address that tells keys."""
    with telling_keys() as found:
        yield found


class Looking:
    """Keys of a server, and a clock that is set by hand."""

    def __init__(self, place: str) -> None:
        self.now = 1000.0
        self.keys = TokenKeys(place, refresh=300, patience=3600, pause=10, clock=lambda: self.now)

    async def has(self, key_id: str) -> bool:
        """Tell whether a key is known, after all looks have ended."""
        found = await self.keys.find(key_id)
        if self.keys._look is not None:  # noqa: SLF001  # nobody else has to wait for it
            await self.keys._look  # noqa: SLF001  # as above
        return found is not None


class TestLooks:
    def test_once_for_all_who_ask(self, server: KeyServer) -> None:
        """The first token looks, and those that come meanwhile wait for that look."""

        async def ask() -> None:
            looking = Looking(server.url)
            assert looking.keys.fresh("rsa") is None
            assert all(await asyncio.gather(*(looking.has("rsa") for _ in range(20))))
            assert looking.keys.fresh("rsa") is not None
            assert await looking.has("rsa")

        asyncio.run(ask())
        assert server.asked == 1

    def test_an_unknown_key_is_looked_for_at_once_but_not_each_time(self, server: KeyServer) -> None:
        """A new key is found as soon as a token names it; invented names do not call the provider."""

        async def ask() -> None:
            looking = Looking(server.url)
            assert await looking.has("rsa")
            looking.now += 10
            server.body = key_set("rsa", "ec")
            assert await looking.has("ec")
            for name in ("invented", "another", "../keys"):
                assert not await looking.has(name)
            assert server.asked == 2
            looking.now += 10
            assert not await looking.has("invented")
            assert server.asked == 3

        asyncio.run(ask())

    def test_a_key_that_is_told_no_more_is_dropped(self, server: KeyServer) -> None:
        """With the next look; until then nobody waits."""

        async def ask() -> None:
            looking = Looking(server.url)
            assert await looking.has("rsa")
            server.body = key_set("ec")
            looking.now += 300
            assert looking.keys.fresh("rsa") is not None
            assert await looking.has("rsa")
            assert server.asked == 1
            looking.now += 1
            assert looking.keys.fresh("rsa") is None
            assert await looking.has("rsa")
            assert not await looking.has("rsa")
            assert await looking.has("ec")
            assert server.asked == 2

        asyncio.run(ask())

    def test_the_same_key_under_the_same_name_stays_the_same(self, server: KeyServer) -> None:
        """So tokens that were checked with it need no other check."""

        async def ask() -> None:
            looking = Looking(server.url)
            first = await looking.keys.find("rsa")
            looking.now += 301
            assert await looking.has("rsa")
            assert looking.keys.fresh("rsa") is first

        asyncio.run(ask())


class TestUnreachable:
    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (500, b""),
            (302, b""),
            (200, b"{"),
            (200, b'{"keys": 7}'),
            (200, b"[]"),
            (200, b'{"keys": []}' + b" " * 300_000),
        ],
    )
    def test_the_last_keys_go_on_for_a_while(self, server: KeyServer, status: int, body: bytes) -> None:
        """Then nobody can tell a good token from a forged one, and the service says so; and it recovers."""

        async def ask() -> None:
            looking = Looking(server.url)
            assert await looking.has("rsa")
            good, server.body, server.status = server.body, body, status
            for _ in range(12):
                looking.now += 300
                assert await looking.has("rsa")
            looking.now += 1
            for _ in range(3):
                with pytest.raises(Problem) as raised:
                    await looking.has("rsa")
                assert raised.value.code == "token-keys-unavailable"
            server.body, server.status = good, 200
            looking.now += 10
            assert await looking.has("rsa")

        asyncio.run(ask())

    def test_never_reached(self) -> None:
        """Nobody answers at the address, or there is no such file."""

        async def ask(place: str) -> None:
            with pytest.raises(Problem):
                await Looking(place).has("rsa")

        for place in ("http://127.0.0.1:9/keys", "/nowhere/keys.json"):
            asyncio.run(ask(place))

    def test_an_end_while_it_looks(self, server: KeyServer) -> None:
        """A service that ends leaves no look behind."""

        async def ask() -> None:
            looking = Looking(server.url)
            waiting = asyncio.ensure_future(looking.keys.find("rsa"))
            await asyncio.sleep(0)
            await looking.keys.close()
            with pytest.raises(asyncio.CancelledError):
                await waiting

        asyncio.run(ask())


class TestWhichKeysCount:
    @pytest.mark.parametrize(
        "unfit",
        [
            {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTAxMjM"},
            {"use": "enc"},
            {"key_ops": ["encrypt"]},
            {"kty": "RSA", "n": "!", "e": "AQAB"},
            {"kty": "EC", "crv": "P-0"},
            {"kty": "quantum"},
            {"kid": 7},
            {"kid": None},
        ],
    )
    def test_unfit_ones_are_left_out(self, server: KeyServer, unfit: dict[str, Any]) -> None:
        """Secrets, keys for other purposes, broken ones; the others count."""
        described = {**key("ec").as_dict(private=False), "kid": "unfit", **unfit}
        server.body = orjson.dumps({"keys": [described, orjson.loads(key_set("rsa"))["keys"][0]]})

        async def ask() -> None:
            looking = Looking(server.url)
            assert await looking.has("rsa")
            assert not await looking.has("unfit")

        asyncio.run(ask())

    def test_a_short_rsa_key_is_left_out(self, server: KeyServer) -> None:
        """It could be broken."""
        server.body = key_set("small", "rsa")

        async def ask() -> None:
            looking = Looking(server.url)
            assert await looking.has("rsa")
            assert not await looking.has("small")

        asyncio.run(ask())

    def test_of_a_private_key_the_public_part_is_read(self, server: KeyServer) -> None:
        """A provider's mistake is not kept in memory."""
        server.body = orjson.dumps({"keys": [key("rsa").as_dict(private=True)]})

        async def ask() -> None:
            found = await Looking(server.url).keys.find("rsa")
            assert found is not None
            assert not found.key.is_private

        asyncio.run(ask())
