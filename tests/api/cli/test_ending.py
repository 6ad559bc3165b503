"""How requests end when the server does."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.cli.ending import ending_in_order

SCOPE: Scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
Answer = Callable[[Request], Awaitable[Response]]


def app_of(answer: Answer) -> ASGIApp:
    """Return an application that answers so."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await answer(Request(scope, receive))
        await response(scope, receive, send)

    return app


class Exchange:
    """A request whose caller stays on the line, and what is answered."""

    def __init__(self, answer: Answer) -> None:
        self.ending = asyncio.Event()
        self.sent: list[Message] = []
        self.answered = asyncio.Event()
        self._app = ending_in_order(app_of(answer), self.ending)
        self._requests: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def _receive(self) -> Message:
        if self._requests:
            return self._requests.pop()
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # never

    async def _send(self, message: Message) -> None:
        self.sent.append(message)
        self.answered.set()

    def task(self) -> asyncio.Task[None]:
        """Run the request."""
        return asyncio.ensure_future(self._app(SCOPE, self._receive, self._send))

    @property
    def complete(self) -> bool:
        """Tell whether the answer came to its end."""
        return bool(self.sent) and not self.sent[-1].get("more_body", False)


async def stream(_: Request) -> Response:
    """Answer with events without an end."""

    async def events() -> Any:
        while True:
            yield b"data: 1\n\n"
            await asyncio.get_running_loop().create_future()

    return StreamingResponse(events(), media_type="text/event-stream; charset=utf-8")


async def rows(_: Request) -> Response:
    """Answer with lines of which the last never comes."""

    async def lines() -> Any:
        yield b"{}\n"
        await asyncio.get_running_loop().create_future()

    return StreamingResponse(lines(), media_type="application/x-ndjson")


async def never(_: Request) -> Response:
    """Never answer."""
    return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # never


async def at_once(_: Request) -> Response:
    """Answer at once."""
    return PlainTextResponse("here")


def test_streams_end_at_once_and_in_order() -> None:
    """A stream is completed, not cut, when the server ends, and by itself it goes on."""

    async def ended() -> Exchange:
        exchange = Exchange(stream)
        task = exchange.task()
        await exchange.answered.wait()
        done, _ = await asyncio.wait({task}, timeout=0.05)
        assert not done
        exchange.ending.set()
        await asyncio.wait_for(task, 5)
        return exchange

    exchange = asyncio.run(ended())
    assert exchange.sent[0]["status"] == 200
    assert exchange.complete


@pytest.mark.parametrize(("answer", "status"), [(never, 503), (rows, 200)])
def test_others_go_on_until_they_are_cancelled(answer: Answer, status: int) -> None:
    """What has not answered by then says "try again"; what is half answered is never passed off as whole."""

    async def cancelled() -> Exchange:
        exchange = Exchange(answer)
        task = exchange.task()
        exchange.ending.set()
        done, _ = await asyncio.wait({task}, timeout=0.05)
        assert not done
        task.cancel()
        await asyncio.wait_for(task, 5)
        return exchange

    exchange = asyncio.run(cancelled())
    assert exchange.sent[0]["status"] == status
    assert exchange.complete == (status == 503)


def test_cancelled_for_another_reason() -> None:
    """While the server runs, a cancelled request is one."""

    async def cancelled() -> Exchange:
        exchange = Exchange(never)
        task = exchange.task()
        await asyncio.wait({task}, timeout=0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return exchange

    assert asyncio.run(cancelled()).sent == []


def test_answered_requests_are_left_alone() -> None:
    """An answer is passed on as it is, also while the server ends."""

    async def answered() -> Exchange:
        exchange = Exchange(at_once)
        exchange.ending.set()
        await exchange.task()
        return exchange

    exchange = asyncio.run(answered())
    assert [message["type"] for message in exchange.sent] == ["http.response.start", "http.response.body"]
    assert exchange.sent[1]["body"] == b"here"
