"""Load: in a closed loop, where each connection waits for its answer, or at a constant rate."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.servers import ROOT, Server

_SCRIPT = Path(__file__).with_name("replay.lua")
_PATIENCE = 600.0
"""Seconds after which a generator is given up."""


class LoadFailed(Exception):
    """The generator of the load did not do its work."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What the generators counted, together."""

    count: int
    seconds: float
    p50: float
    p99: float
    refused: int
    """Answers with an error status."""
    broken: int
    """Connections that broke, requests without an answer."""
    again: int
    """How often the requests were used up and sent again from the first."""
    created: int | None = None
    """Answers with 201; None where the generator does not look."""
    positions: int | None = None
    """Different positions among those; None as above."""

    @property
    def rate(self) -> float:
        """Return answers a second."""
        return self.count / self.seconds


def closed_loop(servers: Sequence[tuple[Server, Path]], connections: int, seconds: int) -> Load:
    """Load servers, each with the requests of a file, over `connections` in all; return the answers."""
    each = max(connections // len(servers), 1)
    return _together([_started(server, requests, each, seconds) for server, requests in servers])


def watched_loop(servers: Sequence[tuple[Server, Path]], connections: int, seconds: int) -> Load:
    """Do as `closed_loop` does, and look at every answer: our own generator is slower, but it reads them."""
    each = max(connections // len(servers), 1)
    return _together([_own(server, requests, each, seconds) for server, requests in servers])


def constant_rate(server: Server, requests: Path, connections: int, seconds: int, rate: float) -> Load:
    """Send at a constant rate; latencies count from the moment at which each request was due."""
    return _together([_own(server, requests, connections, seconds, rate)])


def all_of(server: Server, requests: Path, connections: int) -> Load:
    """Send every request of a file once, as fast as the answers come."""
    return _together([_own(server, requests, connections, 0)])


def _together(running: Sequence[subprocess.Popen[str]]) -> Load:
    found = [_result(process) for process in running]
    count = sum(load.count for load in found)
    return Load(
        count=count,
        seconds=max(load.seconds for load in found),
        p50=sum(load.p50 * load.count for load in found) / max(count, 1),
        p99=max(load.p99 for load in found),
        refused=sum(load.refused for load in found),
        broken=sum(load.broken for load in found),
        again=sum(load.again for load in found),
        created=_sum(load.created for load in found),
        positions=_sum(load.positions for load in found),
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    told = [count for count in counts if count is not None]
    return sum(told) if told else None


def _result(process: subprocess.Popen[str]) -> Load:
    said, errors = process.communicate(timeout=_PATIENCE)
    line = next((line for line in said.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise LoadFailed(f"{said}\n{errors}")
    return Load(**json.loads(line.removeprefix("RESULT ")))


def _started(server: Server, requests: Path, connections: int, seconds: int) -> subprocess.Popen[str]:
    wrk = shutil.which("wrk")
    if wrk is None:
        return _own(server, requests, connections, seconds)
    options = [f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(_SCRIPT)]
    return _process([wrk, "-t1", *options, f"http://127.0.0.1:{server.port}"], requests)


def _own(
    server: Server, requests: Path, connections: int, seconds: int, rate: float | None = None
) -> subprocess.Popen[str]:
    figures = [server.port, requests, connections, seconds, *([rate] if rate else [])]
    return _process([sys.executable, "-m", "bench.generator", *map(str, figures)], requests)


def _process(command: Sequence[str], requests: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "REQUESTS": str(requests)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
