"""Load: in a closed loop, where each connection waits for its answer, or at a constant rate."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from bench.servers import ROOT, Server

_SCRIPT = Path(__file__).with_name("replay.lua")
_PATIENCE = 600.0
"""Seconds after which a generator is given up."""


Beside = Callable[[], AbstractContextManager[None]]
"""What is to go on while requests are sent."""


class LoadFailed(Exception):
    """The generator of the load did not do its work."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a generator counted."""

    count: int
    seconds: float
    p50: float
    p99: float
    refused: int
    """Answers with an error status."""
    refusal: str = ""
    """The first of those answers; only our own generator keeps it."""
    broken: int
    """Connections that broke, requests without an answer."""
    again: int
    """How often the requests were used up and sent again from the first."""
    created: int | None = None
    """Events that were told to be new in the log; None where the generator does not look."""
    positions: int | None = None
    """Different positions that were told; None as above."""

    @property
    def rate(self) -> float:
        """Return answers a second."""
        return self.count / self.seconds


def closed_loop(server: Server, requests: Path, connections: int, seconds: int) -> Load:
    """Send the requests of a file over and over, on each connection as soon as it has its answer."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return watched_loop(server, requests, connections, seconds)
    options = [f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(_SCRIPT)]
    return _run([wrk, "-t1", *options, f"http://127.0.0.1:{server.port}"], requests)


def watched_loop(server: Server, requests: Path, connections: int, seconds: int) -> Load:
    """Do as `closed_loop` does, and look at every answer: our own generator is slower, but it reads them."""
    return _own(server, requests, connections, seconds)


def constant_rate(
    server: Server,
    requests: Path,
    connections: int,
    seconds: int,
    rate: float,
    *,
    beside: Beside = nullcontext,
) -> Load:
    """Send at a constant rate; latencies count from the moment at which each request was due.

    What goes on beside it begins when the connections stand.
    """
    return _own(server, requests, connections, seconds, rate, beside=beside)


def all_of(server: Server, requests: Path, connections: int) -> Load:
    """Send every request of a file once, as fast as the answers come."""
    return _own(server, requests, connections, 0)


def _own(server: Server, requests: Path, *figures: float, beside: Beside = nullcontext) -> Load:
    arguments = map(str, (server.port, requests, *figures))
    return _run([sys.executable, "-m", "bench.generator", *arguments], requests, beside)


def _run(command: Sequence[str], requests: Path, beside: Beside = nullcontext) -> Load:
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "REQUESTS": str(requests)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        given_up = threading.Timer(_PATIENCE, process.kill)
        given_up.start()
        try:
            said = cast("IO[str]", process.stdout)
            told = [said.readline()]
            with beside():
                told += said
        finally:
            given_up.cancel()
            process.kill()
    line = next((line for line in told if line.startswith("RESULT ")), None)
    if line is None:
        raise LoadFailed("".join(told))
    return Load(**json.loads(line.removeprefix("RESULT ")))
