"""Request bodies: read up to a limit, with what is beyond it thrown away and refused."""

from collections.abc import AsyncIterator

from fastapi import Request

from api.problems import Problem, ProblemCode

# A client that sends more than may be read learns so only when it has sent it, unless what is left is read.
_MAX_DISCARDED = 256 * 1024 * 1024


async def read_body(request: Request, limit: int, code: ProblemCode) -> bytes:
    """Return the body; raise the problem `code` when it is longer than `limit` bytes."""
    _refuse_encoded(request)
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit and request.headers.get("expect"):
        raise _too_large(code, limit)
    body = bytearray()
    read = 0
    async for chunk in request.stream():
        read += len(chunk)
        if read <= limit:
            body += chunk
        elif read > _MAX_DISCARDED:
            break
    if read > limit:
        raise _too_large(code, limit)
    return bytes(body)


async def lines_of(request: Request, limit: int) -> AsyncIterator[list[bytes | None]]:
    """Give the lines of a body of any length, those of each received piece together, without blank ones.

    A line longer than `limit` bytes is given as None. Memory stays bounded by the limit.
    """
    _refuse_encoded(request)
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


def _refuse_encoded(request: Request) -> None:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem("unsupported-encoding")


def _too_large(code: ProblemCode, limit: int) -> Problem:
    return Problem(code, extra={"limit": limit})
