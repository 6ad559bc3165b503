"""Answers to what never becomes a request: problems, written without an application."""

from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from api.languages import DEFAULT, Tag, negotiate
from api.problems import Problem, ProblemCode, response


def curt_answer(code: ProblemCode, tag: Tag = DEFAULT, further: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """Return a whole answer, after which the connection is closed, with `further` headers."""
    answer = response(Problem(code), tag, None)
    status = HTTPStatus(answer.status_code)
    headers = [*further, *answer.raw_headers, (b"connection", b"close")]
    lines = b"".join(b"%b: %b\r\n" % header for header in headers)
    return b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (status, status.phrase.encode(), lines, bytes(answer.body))


def tag_of(headers: Iterable[tuple[bytes, bytes]]) -> Tag:
    """Return the language of an answer to a request with these headers."""
    return negotiate(", ".join(Headers(raw=list(headers)).getlist("Accept-Language")))


async def too_busy(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request for which there is no room now, in the place of the application."""
    answer = response(Problem("busy"), tag_of(scope["headers"]), quote(scope["path"]))
    answer.raw_headers.append((b"connection", b"close"))
    await answer(scope, receive, send)
