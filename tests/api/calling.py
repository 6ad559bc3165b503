"""Requests to an app that runs in the tests' event loop, one after another, without a server."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.types import Message

from api.answering import Application
from api.app import create_app
from api.service import Service
from journey.settings import Settings
from tests.loops import wait_for

ADDRESS = "192.0.2.1"


@dataclass(frozen=True)
class Answer:
    """An answer; of a stream only its head."""

    status: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        """Return what it says."""
        return orjson.loads(self.content)


@dataclass(frozen=True)
class Running:
    """An app that runs."""

    app: Application

    @property
    def service(self) -> Service:
        """What the app holds."""
        service: Service = self.app.state.service
        return service

    def call(
        self,
        operation: str,
        credentials: str | None = None,
        body: Any = None,
        client: str = ADDRESS,
        until: str | None = None,
        **headers: str,
    ) -> Answer:
        """Send one request, such as `GET /v1/events?limit=1`; a stream is read `until` it says so."""
        method, _, address = operation.partition(" ")
        path, _, query = address.partition("?")
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if credentials is not None:
            told["authorization"] = f"Bearer {credentials}"
        if body is not None:
            told.setdefault("content-type", "application/cloudevents+json")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in told.items()],
            "client": (client, 50000),
            "server": ("journey", 80),
        }
        return wait_for(_answer(self.app, scope, orjson.dumps(body) if body is not None else b"", until))


async def _answer(app: Application, scope: dict[str, Any], body: bytes, until: str | None) -> Answer:
    sent: asyncio.Queue[Message] = asyncio.Queue()
    asked: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    gone = asyncio.Event()

    async def receive() -> Message:
        if asked:
            return asked.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    task = asyncio.ensure_future(app(scope, receive, sent.put))
    start, content = await _next(sent, task), b""
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    if headers.get("content-type", "").startswith("text/event-stream"):
        while until is not None and until.encode() not in content:
            content += (await _next(sent, task)).get("body", b"")
        gone.set()
    else:
        more = True
        while more:
            message = await _next(sent, task)
            content += message.get("body", b"")
            more = message.get("more_body", False)
    await task
    return Answer(start["status"], headers, content)


async def _next(sent: asyncio.Queue[Message], task: asyncio.Future[None]) -> Message:
    coming = asyncio.ensure_future(sent.get())
    either: list[asyncio.Future[Any]] = [coming, task]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not coming.done():
        coming.cancel()
        task.result()
        raise AssertionError("the answer ends early")
    return coming.result()


@contextmanager
def running_app(settings: Settings, **further: Any) -> Iterator[Running]:
    """Run an app in the tests' event loop until the block ends."""
    app, stack = create_app(settings, **further), AsyncExitStack()
    wait_for(stack.enter_async_context(app.router.lifespan_context(app)))
    try:
        yield Running(app)
    finally:
        wait_for(stack.aclose())
