"""Hostile clients, in a process of their own: slow, silent, greedy; they begin again when they are cut off.

Each slow one sends its beginning at once and then one byte a second, and reads nothing. Others send as much
as a gigabit carries, or requests in bursts.
"""

import json
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from itertools import cycle, islice
from typing import IO, cast

from bench.requests import BATCHED, STRUCTURED
from bench.servers import ROOT, NotStarted

READY = "READY"
"""What is said once everybody is connected."""
_TICKS = 100
"""How many moments a second has; in each of them one connection in so many sends its byte."""
_HUGE_PIECE = 256 * 1024
_BATCH = 8 * 1024 * 1024
_PIPELINED = 30
_PATIENCE = 5.0


@dataclass(frozen=True)
class Kind:
    """One way to be slow."""

    beginning: bytes
    """What is sent at once."""
    then: bytes
    """What follows byte by byte, over and over."""


@dataclass(frozen=True, kw_only=True)
class Orders:
    """Who is to come, read from standard input as JSON."""

    port: int
    key: str
    heads: int = 0
    bodies: int = 0
    readers: int = 0
    batches: int = 0
    """Bodies of almost 8 MiB that lack their end."""
    huge: int = 0
    """Bodies without an end, as fast as a gigabit carries them."""
    burst: int = 0
    """Requests in each second that is one of a burst; every other one is."""


class Hostile:
    """One connection, opened again whenever the service has cut it off."""

    def __init__(self, port: int, kind: Kind) -> None:
        self._port, self._kind = port, kind
        self._socket: socket.socket
        self._rest: memoryview
        self._open()

    def go_on(self) -> None:
        """Send the next byte."""
        try:
            if self._rest:
                self._rest = self._rest[self._socket.send(self._rest) :]
            else:
                self._socket.send(bytes((next(self._following),)))
        except BlockingIOError:
            pass
        except OSError:
            self._socket.close()
            self._open()

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _open(self) -> None:
        self._following = cycle(self._kind.then)
        self._rest = memoryview(self._kind.beginning)
        with suppress(OSError):
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE)
            self._socket.settimeout(0)
            with suppress(BlockingIOError):
                self._rest = self._rest[self._socket.send(self._rest) :]


class Greedy:
    """One connection that sends as much as it may, reads what is answered, and begins again when cut off."""

    def __init__(self, port: int, beginning: bytes, piece: bytes) -> None:
        self._port, self._beginning, self._piece = port, beginning, piece
        self._socket: socket.socket
        self._rest = b""
        self._open()

    def send(self) -> None:
        """Send the piece, or what the service takes of it."""
        try:
            with suppress(BlockingIOError):
                while self._socket.recv(_HUGE_PIECE):
                    pass
                raise ConnectionResetError
            content = self._rest or self._piece
            self._rest = content[self._socket.send(content) :]
        except BlockingIOError:
            pass
        except OSError:
            self._socket.close()
            self._open()

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _open(self) -> None:
        self._rest = self._beginning
        with suppress(OSError):
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE)
            self._socket.settimeout(0)


@contextmanager
def attacked(orders: Orders) -> Iterator[None]:
    """Let all of them come, in a process of their own, until the block ends."""
    command = [sys.executable, "-m", "bench.hostile"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            told, heard = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)
            told.write(json.dumps(asdict(orders)) + "\n")
            told.flush()
            if heard.readline().strip() != READY:
                raise NotStarted("the hostile clients did not come")
            yield
        finally:
            process.kill()


def attack(orders: Orders) -> Iterator[None]:
    """Let all come, yield once they are there, and then after each hundredth of a second."""
    slow = [Hostile(orders.port, kind) for kind in _slow(orders)]
    chunk = b"%x\r\n%b\r\n" % (_HUGE_PIECE, bytes(_HUGE_PIECE))
    huge = [
        Greedy(orders.port, _head(orders.key, "Transfer-Encoding: chunked"), chunk)
        for _ in range(orders.huge)
    ]
    small = _head(orders.key, "Content-Length: 2") + b"{}"
    bursts = [Greedy(orders.port, b"", small) for _ in range(64 if orders.burst else 0)]
    began = time.monotonic()
    try:
        for moment in range(sys.maxsize):
            yield
            for each in islice(slow, moment % _TICKS, None, _TICKS):
                each.go_on()
            for greedy in huge:
                greedy.send()
            if bursts and moment // _TICKS % 2:
                for place in range(orders.burst // _TICKS):
                    bursts[(moment * orders.burst // _TICKS + place) % len(bursts)].send()
            time.sleep(max(0.0, began + moment / _TICKS - time.monotonic()))
    finally:
        everybody: list[Hostile | Greedy] = [*slow, *huge, *bursts]
        for gone in everybody:
            gone.close()


def _slow(orders: Orders) -> Sequence[Kind]:
    body = Kind(_head(orders.key, "Content-Length: 900") + b'{"specversion":', b" ")
    asked = b"GET /problems HTTP/1.1\r\nHost: journey\r\n\r\n"
    return [
        *[Kind(b"GET /v1/events HTTP/1.1\r\nHost: journey\r\nX-Slow: ", b"a")] * orders.heads,
        *[body] * orders.bodies,
        *[Kind(asked * _PIPELINED, asked)] * orders.readers,
        *[_unended_batch(orders.key)] * orders.batches,
    ]


@cache
def _unended_batch(key: str) -> Kind:
    head = _head(key, f"Content-Length: {_BATCH}", BATCHED)
    return Kind(head + b"[" + b" " * (_BATCH - 1_000), b" ")


def _head(key: str, length: str, media_type: str = STRUCTURED) -> bytes:
    lines = ("POST /v1/events HTTP/1.1", "Host: journey", f"Authorization: Bearer {key}")
    return "\r\n".join((*lines, f"Content-Type: {media_type}", length, "", "")).encode()


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    attacking = attack(Orders(**json.loads(sys.stdin.readline())))
    next(attacking)
    sys.stdout.write(READY + "\n")
    sys.stdout.flush()
    for _ in attacking:
        pass
