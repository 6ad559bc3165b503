"""How requests end when the server does: streams, which would go on for ever, at once and in order."""

import asyncio
from dataclasses import dataclass
from typing import Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.ready import WHOLE

_AWAY: Message = {"type": "http.response.start", "status": 503, "headers": [(b"retry-after", b"1")]}
_NO_MORE: Message = {"type": "http.response.body", "body": b""}


def ending_in_order(app: ASGIApp, ending: asyncio.Event) -> ASGIApp:
    """Return `app` with server-sent events that end when `ending` is set.

    A request that is cancelled then, before it began to be answered, is answered with 503: try again.
    """

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        exchange = _Exchange(receive, send, ending)
        try:
            # Streams are read by GET; what is posted need not pay for them.
            await app(scope, exchange.incoming if scope["method"] == "GET" else receive, exchange.outgoing)
        except asyncio.CancelledError:
            if not ending.is_set():
                raise
        if ending.is_set():
            await exchange.close()

    return wrapped


@dataclass
class _Exchange:
    """One request and its answer."""

    receive: Receive
    send: Send
    ending: asyncio.Event
    stage: Literal["asked", "streaming", "answering", "answered"] = "asked"

    async def incoming(self) -> Message:
        """Receive a message; to a stream the end looks as if its reader had gone."""
        coming, end = asyncio.ensure_future(self.receive()), asyncio.ensure_future(self.ending.wait())
        try:
            await asyncio.wait((coming, end), return_when=asyncio.FIRST_COMPLETED)
            if self.stage == "streaming" and not coming.done():
                return {"type": "http.disconnect"}
            return await coming
        finally:
            coming.cancel()
            end.cancel()

    async def outgoing(self, message: Message) -> None:
        """Send a message, and note how far the answer is."""
        if message["type"] == WHOLE:
            self.stage = "answered"
        elif message["type"] == "http.response.start":
            self.stage = "streaming" if _begins_a_stream(message) else "answering"
        elif not message.get("more_body", False):
            self.stage = "answered"
        await self.send(message)

    async def close(self) -> None:
        """Complete what the end of the server cut off, where that is no lie."""
        if self.stage == "asked":
            await self.send(_AWAY)
        if self.stage in ("asked", "streaming"):
            await self.send(_NO_MORE)


def _begins_a_stream(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in message.get("headers", ())
    )
