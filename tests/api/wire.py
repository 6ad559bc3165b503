"""HTTP by hand, for what a client library does not let one do."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import orjson

from tests.processes import Server
from tests.sites import Site


@contextmanager
def connected(site: Site | Server, seconds: float = 20) -> Iterator[socket.socket]:
    """Give a connection to the service."""
    url = urlsplit(site.url)
    assert url.hostname is not None
    assert url.port is not None
    with socket.create_connection((url.hostname, url.port), timeout=seconds) as connection:
        yield connection


def request_head(method: str, path: str, **headers: str) -> bytes:
    """Write the head of a request; underscores in names of headers are hyphens."""
    lines = [f"{method} {path} HTTP/1.1", "Host: journey"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def chunk(content: bytes) -> bytes:
    """Write one chunk of a chunked body; the empty one ends it."""
    return b"%x\r\n%b\r\n" % (len(content), content)


def status_of(connection: socket.socket) -> int:
    """Read the status line of an answer."""
    with connection.makefile("rb") as answer:
        return int(answer.readline().split(b" ")[1])


def answer_of(connection: socket.socket) -> tuple[int, Any]:
    """Read a problem after which the service closes the connection."""
    answer = HTTPResponse(connection)
    answer.begin()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Connection"] == "close"
    assert answer.headers["Date"]
    problem = orjson.loads(answer.read())
    assert problem["status"] == answer.status
    return answer.status, problem


def wait_until_cut(connection: socket.socket) -> bytes:
    """Return what a connection still says before the service closes it."""
    said = b""
    while piece := connection.recv(65536):
        said += piece
    return said
