"""HTTP by hand, for what a client library does not let one do."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.sites import Site


@contextmanager
def connected(site: Site, seconds: float = 20) -> Iterator[socket.socket]:
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
