"""Our own generator of load: one thread, many connections, requests made ready before.

In a closed loop it stands in where `wrk` is not installed. With a rate it opens the loop: each request has a
moment at which it is meant to be sent, and its latency counts from that moment. A server that stands still
for a second so delays all that should have been sent in that second, not one request on each connection.
"""

import argparse
import json
import re
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bench.requests import load

CONNECTED = "CONNECTED"
"""What is said once the connections stand."""
_PIECE = 65_536
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_POSITION = re.compile(rb'"position": ?(\d+)')
_BATCH = b'\r\n\r\n{"accepted":'
"""Where the answer to a batch begins."""
_CREATED, _ERROR = 201, 400
_TOLD = 800
"""Characters of a refusal that are told."""
_GRACE = 30.0
"""Seconds that answers are waited for after the last request."""


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    intended: float = 0.0
    received: bytes = b""


@dataclass(slots=True)
class Found:
    """What was answered."""

    latencies: list[float] = field(default_factory=list)
    """In seconds, each from the moment at which the request was meant to be sent."""
    statuses: dict[int, int] = field(default_factory=dict)
    created: int = 0
    """Events that were told to be new in the log, alone or in a batch."""
    positions: set[int] = field(default_factory=set)
    """Where those are."""
    refusal: str = ""
    """The first answer with an error status."""
    broken: int = 0
    seconds: float = 0.0
    again: int = 0

    def figures(self) -> dict[str, Any]:
        """Return what the benchmark wants to know."""
        ordered = sorted(self.latencies)
        last = len(ordered) - 1
        return {
            "count": len(ordered),
            "seconds": self.seconds,
            "p50": ordered[int(last * 0.5)] * 1e3 if ordered else 0.0,
            "p99": ordered[int(last * 0.99)] * 1e3 if ordered else 0.0,
            "refused": sum(count for status, count in self.statuses.items() if status >= _ERROR),
            "refusal": self.refusal,
            "broken": self.broken,
            "again": self.again,
            "created": self.created,
            "positions": len(self.positions),
        }


class Generator:
    """Sends requests over connections and takes their answers."""

    def __init__(self, port: int, requests: Sequence[bytes], connections: int) -> None:
        """Connect."""
        self._requests, self._sent, self.found = requests, 0, Found()
        self._poll = select.epoll()
        self._connections = {}
        self._free: deque[_Connection] = deque()
        for _ in range(connections):
            opened = socket.create_connection(("127.0.0.1", port))
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = _Connection(opened)
            self._connections[opened.fileno()] = connection
            self._free.append(connection)
            self._poll.register(opened.fileno(), select.EPOLLIN)

    def closed(self, seconds: float) -> Found:
        """Send on each connection as soon as it has its answer, until the time is over.

        Where no time is given, every request is sent once.
        """
        began = now = time.perf_counter()
        while now - began < seconds if seconds else len(self.found.latencies) < len(self._requests):
            while self._free and (seconds or self._sent < len(self._requests)):
                self._send(time.perf_counter())
            self._receive(0.1)
            now = time.perf_counter()
        self.found.seconds = now - began
        return self._rest()

    def open(self, seconds: float, rate: float) -> Found:
        """Send at a constant rate, whatever becomes of the answers; wait for all of them."""
        began, total = time.perf_counter(), int(seconds * rate)
        for number in range(total):
            due = began + number / rate
            # Late requests are sent at once, and their latency counts from when they were due.
            while (ahead := due - time.perf_counter()) > 0 or not self._free:
                self._receive(max(ahead, 0.0) if self._free else 0.1)
            self._send(due)
        self.found.seconds = time.perf_counter() - began
        return self._rest()

    def _rest(self) -> Found:
        """Wait for the answers that are under way."""
        end = time.perf_counter() + _GRACE
        while len(self._free) < len(self._connections) and time.perf_counter() < end:
            self._receive(0.1)
        self.found.broken += len(self._connections) - len(self._free)
        return self.found

    def _send(self, intended: float) -> None:
        if self._sent == len(self._requests):
            self._sent, self.found.again = 0, self.found.again + 1
        connection = self._free.popleft()
        connection.intended = intended
        connection.socket.sendall(self._requests[self._sent])
        self._sent += 1

    def _receive(self, timeout: float) -> None:
        for number, _ in self._poll.poll(timeout):
            connection = self._connections[number]
            piece = connection.socket.recv(_PIECE)
            if not piece:
                raise ConnectionError("the server closed a connection")
            connection.received += piece
            if (length := _whole(connection.received)) is not None:
                self._take(connection, connection.received[:length])

    def _take(self, connection: _Connection, answer: bytes) -> None:
        found, status = self.found, int(answer[9:12])
        found.latencies.append(time.perf_counter() - connection.intended)
        found.statuses[status] = found.statuses.get(status, 0) + 1
        if status >= _ERROR and not found.refusal:
            found.refusal = answer.decode(errors="replace")[-_TOLD:]
        if status == _CREATED and (told := _POSITION.search(answer)):
            found.created += 1
            found.positions.add(int(told[1]))
        elif status < _ERROR and (at := answer.find(_BATCH)) >= 0:
            items = orjson.loads(answer[at:])["items"]
            accepted = [item["position"] for item in items if item["status"] == "accepted"]
            found.created += len(accepted)
            found.positions.update(accepted)
        connection.received = b""
        self._free.append(connection)


def _whole(received: bytes) -> int | None:
    """Return the length of the answer; None while a part of it is missing."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    told = _LENGTH.search(received, 0, end + 2)
    length = end + 4 + (int(told[1]) if told else 0)
    return length if len(received) >= length else None


def main(arguments: Sequence[str]) -> None:
    """Load a server as the arguments say and print what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("requests", type=Path)
    parser.add_argument("connections", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("rate", type=float, nargs="?")
    given = parser.parse_args(arguments)
    generator = Generator(given.port, load(given.requests), given.connections)
    sys.stdout.write(f"{CONNECTED}\n")
    sys.stdout.flush()
    found = generator.open(given.seconds, given.rate) if given.rate else generator.closed(given.seconds)
    sys.stdout.write(f"RESULT {json.dumps(found.figures())}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
