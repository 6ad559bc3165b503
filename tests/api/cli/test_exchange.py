"""Requests on their way from a connection to an application that takes some of them at once."""

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from api.ready import Ready
from tests.api.unconnected import connected, settled
from tests.api.wire import request_head

POST = request_head("POST", "/v1/events", Content_Length="2") + b"{}"
ANSWER = Ready(201, b"{}", [(b"content-length", b"2")])


class Application:
    """Answers each request, at once where it is asked to."""

    def __init__(self) -> None:
        self.ways: list[str] = []

    def at_once(self, scope: Scope, body: bytes) -> Any:
        """Take it."""
        assert (scope["method"], scope["path"], body) == ("POST", "/v1/events", b"{}")
        self.ways.append("at once")
        return self

    @property
    def outcomes(self) -> "asyncio.Future[None]":
        """Return what is known already."""
        outcomes = asyncio.get_running_loop().create_future()
        outcomes.set_result(None)
        return outcomes

    def told(self, _: object) -> Ready:
        """Answer what was taken."""
        return ANSWER

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by messages."""
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        assert body == b"{}"
        self.ways.append("called")
        await ANSWER(scope, receive, send)


def test_both_ways_write_the_same() -> None:
    """An answer is the same bytes, whichever way it was found."""

    async def written(application: Any) -> bytes:
        connection, transport = await connected(application)
        connection.data_received(POST)
        await settled()
        return transport.written

    class Called(Application):
        def at_once(self, scope: Scope, body: bytes) -> Any:
            """Leave all alone."""

    class InPieces(Called):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            """Answer as under another server."""
            del scope["extensions"]
            await super().__call__(scope, receive, send)

    at_once, called, in_pieces = Application(), Called(), InPieces()
    answers = [asyncio.run(written(each)) for each in (at_once, called, in_pieces)]

    assert answers == [b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}"] * 3
    assert (at_once.ways, called.ways, in_pieces.ways) == (["at once"], ["called"], ["called"])


@pytest.mark.parametrize("cut", range(1, len(POST)))
def test_in_pieces(cut: int) -> None:
    """A request is answered when it is whole; at once where its body came with the end of its head."""

    async def answered() -> tuple[bytes, bytes, list[str]]:
        application = Application()
        connection, transport = await connected(application)
        connection.data_received(POST[:cut])
        await settled()
        before = transport.written
        connection.data_received(POST[cut:])
        await settled()
        return before, transport.written, application.ways

    before, after, ways = asyncio.run(answered())

    assert before == b""
    assert after.startswith(b"HTTP/1.1 201 ")
    assert ways == ["at once" if cut < POST.index(b"{}") else "called"]


def test_who_does_not_read_waits() -> None:
    """Answers that nobody reads do not gather: the next one waits until they have left."""

    async def ways() -> tuple[list[str], bytes]:
        application = Application()
        connection, transport = await connected(application)
        connection.pause_writing()
        connection.data_received(POST)
        await settled()
        before = transport.written
        connection.data_received(POST)
        connection.resume_writing()
        await settled()
        return application.ways, before

    ways_taken, before = asyncio.run(ways())

    assert ways_taken[0] == "called"
    assert before == b""


def test_the_server_waits_for_what_is_under_way() -> None:
    """What was taken counts as a task: the server waits for it, and cancels it when that lasts too long."""

    class Waiting(Application):
        def __init__(self) -> None:
            super().__init__()
            self.waiting = asyncio.get_running_loop().create_future()

        @property
        def outcomes(self) -> "asyncio.Future[None]":
            return self.waiting

    async def cancelled() -> tuple[list[Any], bytes, set[Any], bytes]:
        application, state = Waiting(), ServerState()
        connection, transport = await connected(application, state)
        connection.data_received(POST)
        await settled()
        under_way, before = list(state.tasks), transport.written
        for each in under_way:
            each.cancel(msg="the server ends")
        await settled()
        return under_way, before, state.tasks, transport.written

    under_way, before, left, after = asyncio.run(cancelled())

    assert len(under_way) == 1
    assert before == b""
    assert left == set()
    assert after.startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize("way", ["at once", "called"])
def test_other_methods_are_called(way: str) -> None:
    """Only posts are taken at once."""

    class Answering(Application):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            """Answer whatever it is."""
            self.ways.append("called")
            await ANSWER(scope, receive, send)

    async def ways() -> list[str]:
        application = Answering()
        connection, _ = await connected(application)
        connection.data_received(POST if way == "at once" else request_head("GET", "/v1/events"))
        await settled()
        return application.ways

    assert asyncio.run(ways()) == [way]
