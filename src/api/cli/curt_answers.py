"""Answers to what never becomes a request: problems, written without an application."""

from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from api.languages import DEFAULT, Tag, negotiate
from api.problems import Problem, ProblemCode, response


def curt_answer(code: ProblemCode, tag: Tag = DEFAULT, further: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """Return a whole answer, after which the connection is closed, with `further` headers."""
    status, rest = _parts(code, tag)
    return status + b"".join(b"%b: %b\r\n" % header for header in further) + rest


@cache
def _parts(code: ProblemCode, tag: Tag) -> tuple[bytes, bytes]:
    """Return the line that an answer begins with, and what comes behind further headers."""
    answer = response(Problem(code), tag, None)
    status = HTTPStatus(answer.status_code)
    lines = b"".join(b"%b: %b\r\n" % header for header in (*answer.raw_headers, (b"connection", b"close")))
    return (
        b"HTTP/1.1 %d %b\r\n" % (status, status.phrase.encode()),
        b"%b\r\n%b" % (lines, bytes(answer.body)),
    )


def tag_of(headers: Iterable[tuple[bytes, bytes]]) -> Tag:
    """Return the language of an answer to a request with these headers."""
    return negotiate(", ".join(Headers(raw=list(headers)).getlist("Accept-Language")))


async def too_busy(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request for which there is no room now, in the place of the application."""
    answer = response(Problem("busy"), tag_of(scope["headers"]), quote(scope["path"]))
    answer.raw_headers.append((b"connection", b"close"))
    await answer(scope, receive, send)
