"""Requests made ready before the load begins, so that sending them costs next to nothing."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

DIGITS = 6
"""Each request stands in its file behind its length, of so many digits."""
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"


def post(path: str, media_type: str, body: bytes, key: str) -> bytes:
    """Return a POST as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str, key: str, headers: Mapping[str, str] | None = None) -> bytes:
    """Return a GET as it goes over the wire."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n{more}\r\n".encode()


def batches(events: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Yield the events in JSON arrays of `size`."""
    while batch := list(itertools.islice(events, size)):
        yield b"[" + b",".join(batch) + b"]"


def save(path: Path, requests: Iterable[bytes]) -> None:
    """Write requests to a file, as the generators read it."""
    with path.open("wb") as file:
        for request in requests:
            file.write(b"%0*d%b" % (DIGITS, len(request), request))


def load(path: Path) -> list[bytes]:
    """Read the requests of a file."""
    content, found, place = path.read_bytes(), [], 0
    while place < len(content):
        end = place + DIGITS + int(content[place : place + DIGITS])
        found.append(content[place + DIGITS : end])
        place = end
    return found
