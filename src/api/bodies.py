"""Request bodies: read up to a limit, with what is beyond it thrown away and refused."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import Message

from api.heads import head_of
from api.problems import Problem
from api.room import Room, Share
from journey.settings import Settings
from journey.words import Words

# A client that sends more than may be read learns so only when it has sent it, unless what is left is read.
_MAX_DISCARDED = 256 * 1024 * 1024
_DISCARDING = 0.003
"""Seconds between two pieces that are thrown away: whoever sends them may wait, others need not."""
_BATCH_PATIENCE = 3
"""A batch may take so many times as long to come as a head."""


async def read_body(
    request: Request, limit: int, too_large: Callable[[int], Problem], share: Share | None = None
) -> bytes:
    """Return the body; raise what `too_large` makes of the limit when it is longer than `limit` bytes.

    With a share of the room for bodies, raise `busy` where there is none left for this one.
    """
    if b"expect" in head_of(request) and _declared(request) > limit:
        raise too_large(limit)
    message = await request.receive()
    # Most bodies come in one piece.
    if message["type"] == "http.request" and not message.get("more_body", False):
        whole: bytes = message.get("body", b"")
        if len(whole) > limit:
            raise too_large(limit)
        return whole
    if (body := await _in_pieces(request, message, limit, share)) is None:
        raise too_large(limit)
    return body


async def _in_pieces(request: Request, message: Message, limit: int, share: Share | None) -> bytes | None:
    """Return a body of which the first piece is `message`; None where it is longer than `limit`."""
    body = bytearray()
    read = 0
    while message["type"] == "http.request":
        chunk = message.get("body", b"")
        read += len(chunk)
        if read <= limit:
            if share is not None:
                share.hold(read)
                await share.pace()
            body += chunk
        elif read > _MAX_DISCARDED:
            return None
        else:
            await asyncio.sleep(_DISCARDING)
        if not message.get("more_body", False):
            return bytes(body) if read <= limit else None
        message = await request.receive()
    raise ClientDisconnect


@asynccontextmanager
async def batch_body(request: Request, room: Room, settings: Settings) -> AsyncIterator[bytes]:
    """Give the body of a batch when it is whole and may be parsed; it takes room until the block ends.

    Raises `busy` where there is no room for it, before it is read where it tells its length, and
    `request-timeout` where it takes too long to come: it would keep the room from others.
    """
    limit = settings.max_batch_bytes
    with room.share() as share:
        share.expect(min(_declared(request), limit))
        try:
            async with asyncio.timeout(settings.client_timeout * _BATCH_PATIENCE):
                body = await read_body(request, limit, batch_too_large, share)
        except TimeoutError as error:
            raise Problem("request-timeout") from error
        async with room.parsing(len(body)):
            yield body


def _declared(request: Request) -> int:
    """Return how long the body is said to be; 0 where nothing is said."""
    length = head_of(request).get(b"content-length", b"").decode("latin-1")
    return int(length) if length.isdecimal() else 0


async def lines_of(request: Request, limit: int) -> AsyncIterator[list[bytes | None]]:
    """Give the lines of a body of any length, those of each received piece together, without blank ones.

    A line longer than `limit` bytes is given as None. Memory stays bounded by the limit.
    """
    rest = bytearray()
    overlong = False
    async for chunk in request.stream():
        *complete, last = chunk.split(b"\n")
        lines: list[bytes | None] = []
        for part in complete:
            rest += part
            lines.append(None if overlong or len(rest) > limit else bytes(rest))
            rest.clear()
            overlong = False
        rest += last
        if len(rest) > limit:
            overlong = True
            rest.clear()
        yield [line for line in lines if line is None or line.strip()]
    if overlong or rest.strip():
        yield [None if overlong else bytes(rest)]


def event_too_large(limit: int) -> Problem:
    """Return the problem of an event that has more bytes than `limit`."""
    detail = Words(f"An event may have at most {limit} bytes.", f"单个事件最多{limit}字节，该事件未写入。")
    return Problem("event-too-large", detail, extra={"limit": limit, "unit": "bytes"})


def batch_too_large(limit: int) -> Problem:
    """Return the problem of a batch that has more bytes than `limit`."""
    detail = Words(
        f"A batch may have at most {limit} bytes. Nothing of it was written.",
        f"一个批次最多{limit}字节，整批均未写入。",
    )
    return Problem("batch-too-large", detail, extra={"limit": limit, "unit": "bytes"})


def too_many_events(limit: int) -> Problem:
    """Return the problem of a batch that has more events than `limit`."""
    detail = Words(
        f"A batch may have at most {limit} events. Nothing of it was written.",
        f"一个批次最多{limit}个事件，整批均未写入。",
    )
    return Problem("batch-too-large", detail, extra={"limit": limit, "unit": "events"})
