"""Batches share room in memory: who does not fit is told to come again, and single events always fit."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
import pytest

from api.keys import SCOPES
from api.problems import Problem
from api.room import FREE, Room
from journey.settings import Settings
from tests.api.posting import BATCHED, STRUCTURED, post, post_batch
from tests.api.wire import chunk, connected, request_head, status_of
from tests.facts import cloudevent
from tests.processes import new_key, server
from tests.sites import Site, serving

MEBIBYTE = 1024 * 1024


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Site]:
    """Give a service with room for one mebibyte."""
    with serving(Settings(data=tmp_path / "data", max_bodies_bytes=MEBIBYTE)) as site:
        yield site


def _head(client: httpx.Client, media_type: str = BATCHED, **headers: str) -> bytes:
    key = client.headers["authorization"]
    return request_head("POST", "/v1/events", Authorization=key, Content_Type=media_type, **headers)


def _fill(connection: socket.socket, client: httpx.Client, site: Site) -> None:
    """Send all of a batch that fits, but its end."""
    size = MEBIBYTE + FREE
    connection.sendall(_head(client, Content_Length=str(size)) + b"[" + b" " * (size - 2))
    for _ in range(2_000):
        assert client.get("/healthz").status_code == 200
        try:
            site.service.room.check(FREE)
        except Problem:
            return
    pytest.fail(f"{site.url} has room for everything")


def _large() -> list[dict[str, Any]]:
    return [cloudevent(data={"touchpoint": "x" * 50_000, "action": "y"}) for _ in range(4)]


class TestReceiving:
    def test_who_does_not_fit_is_refused_before_it_is_read(self, small: Site) -> None:
        """A batch that tells its length is refused at once, and taken when there is room again."""
        client = small.client("events:write")
        head = _head(client, Content_Length=str(FREE + MEBIBYTE))
        with connected(small) as slow:
            _fill(slow, client, small)
            with connected(small) as other, other.makefile("rb") as answer:
                other.sendall(head)
                lines = [answer.readline().lower() for _ in range(12)]
            assert lines[0].startswith(b"http/1.1 503 ")
            assert b"retry-after: 1\r\n" in lines
            slow.sendall(b"]")
            assert status_of(slow) == 200
        assert post_batch(client, [cloudevent() for _ in range(1_000)]).json()["accepted"] == 1_000

    def test_who_does_not_tell_its_length(self, small: Site) -> None:
        """It is refused once it does not fit any more."""
        client = small.client("events:write")
        with connected(small) as slow, connected(small) as other:
            _fill(slow, client, small)
            other.sendall(_head(client, Transfer_Encoding="chunked") + chunk(b"[" + b" " * 2 * FREE))
            assert status_of(other) == 503

    def test_single_events_and_small_batches_always_fit(self, small: Site) -> None:
        """They are taken while large batches leave no room, in one piece or in many."""
        client = small.client("events:write")
        body = orjson.dumps(cloudevent())
        with connected(small) as slow, connected(small) as pieces:
            _fill(slow, client, small)
            assert post(client, cloudevent()).status_code == 201
            assert post_batch(client, [cloudevent() for _ in range(20)]).json()["accepted"] == 20
            pieces.sendall(_head(client, STRUCTURED, Content_Length=str(len(body))) + body[:10])
            pieces.sendall(body[10:])
            assert status_of(pieces) == 201

    def test_room_is_given_back(self, small: Site) -> None:
        """Whoever leaves before the end leaves the room to others."""
        client = small.client("events:write")
        with connected(small) as slow:
            _fill(slow, client, small)
        for _ in range(200):
            if post_batch(client, _large()).status_code != 503:
                return
        pytest.fail("the room is lost")

    def test_a_batch_has_its_time(self, tmp_path: Path) -> None:
        """What comes too slowly does not keep its room."""
        with serving(Settings(data=tmp_path / "data", client_timeout=0.1)) as site, connected(site) as slow:
            slow.sendall(_head(site.client("events:write"), Content_Length="900") + b"[")
            assert status_of(slow) == 408

    def test_memory_is_bounded(self, tmp_path: Path) -> None:
        """Many large batches without their ends take no more memory than there is room for."""
        settings = Settings(data=tmp_path / "data")
        key, size = new_key(settings, *SCOPES), 8 * MEBIBYTE
        room = str(16 * MEBIBYTE)
        with (
            server(settings, JOURNEY_MAX_BODIES_BYTES=room) as running,
            running.client(key) as client,
            ExitStack() as all_,
        ):
            assert post(client, cloudevent()).status_code == 201
            process = psutil.Process(running.process.pid)
            before = process.memory_info().rss
            for _ in range(40):
                slow = all_.enter_context(connected(running))
                slow.sendall(_head(client, Transfer_Encoding="chunked"))
                slow.sendall(chunk(b"[" + b" " * (size - 100)))
                assert post(client, cloudevent()).status_code == 201
            assert process.memory_info().rss - before < 64 * MEBIBYTE


class TestParsing:
    def test_in_turn(self) -> None:
        """Whole batches wait until those before them have been answered; the largest has all to itself."""

        async def turns() -> list[str]:
            room, done, seen = Room(80), asyncio.Event(), list[str]()

            async def parse(name: str, size: int) -> None:
                async with room.parsing(size):
                    seen.append(f"{name} begins")
                    await done.wait()
                seen.append(f"{name} ends")

            tasks = [asyncio.ensure_future(parse(*each)) for each in (("a", 6), ("b", 99), ("c", 1))]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert seen == ["a begins"]
            tasks[1].cancel()
            await asyncio.gather(tasks[1], return_exceptions=True)
            await asyncio.sleep(0)
            assert seen == ["a begins", "c begins"]
            done.set()
            await asyncio.gather(tasks[0], tasks[2])
            async with room.parsing(1_000):
                return seen

        assert asyncio.run(turns()) == ["a begins", "c begins", "a ends", "c ends"]

    def test_nothing_is_lost(self) -> None:
        """However shares are taken and given back, all of the room is there in the end."""
        room = Room(1_000)
        with room.share() as share:
            share.hold(FREE)
            share.hold(FREE + 400)
            share.hold(FREE + 300)
            with pytest.raises(Problem), room.share() as other:
                other.hold(FREE + 601)
            with room.share() as other:
                other.hold(FREE + 600)
        room.take(1_000)
        with pytest.raises(Problem):
            room.check(1)
