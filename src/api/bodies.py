"""Request bodies: read up to a limit, with what is beyond it thrown away and refused."""

from collections.abc import AsyncIterator, Callable

from fastapi import Request
from starlette.requests import ClientDisconnect

from api.heads import head_of
from api.problems import Problem
from journey.words import Words

# A client that sends more than may be read learns so only when it has sent it, unless what is left is read.
_MAX_DISCARDED = 256 * 1024 * 1024


async def read_body(request: Request, limit: int, too_large: Callable[[int], Problem]) -> bytes:
    """Return the body; raise what `too_large` makes of the limit when it is longer than `limit` bytes."""
    if b"expect" in head_of(request):
        declared = head_of(request).get(b"content-length", b"").decode("latin-1")
        if declared.isdecimal() and int(declared) > limit:
            raise too_large(limit)
    message = await request.receive()
    # Most bodies come in one piece.
    if message["type"] == "http.request" and not message.get("more_body", False):
        whole: bytes = message.get("body", b"")
        if len(whole) > limit:
            raise too_large(limit)
        return whole
    body = bytearray()
    read = 0
    while message["type"] == "http.request":
        chunk = message.get("body", b"")
        read += len(chunk)
        if read <= limit:
            body += chunk
        elif read > _MAX_DISCARDED:
            break
        if not message.get("more_body", False):
            break
        message = await request.receive()
    else:
        raise ClientDisconnect
    if read > limit:
        raise too_large(limit)
    return bytes(body)


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
