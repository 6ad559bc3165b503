"""Load in a closed loop: each connection sends its next request when it has the answer to the last one."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.servers import ROOT, Server

_SCRIPT = Path(__file__).with_name("replay.lua")
_PATIENCE = 120.0
"""Seconds beyond the load after which a generator is given up."""


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

    @property
    def rate(self) -> float:
        """Return answers a second."""
        return self.count / self.seconds


def closed_loop(servers: Sequence[tuple[Server, Path]], connections: int, seconds: int) -> Load:
    """Load servers, each with the requests of a file, over `connections` in all; return the answers."""
    each = max(connections // len(servers), 1)
    running = [_started(server, requests, each, seconds) for server, requests in servers]
    found = []
    for process in running:
        said, errors = process.communicate(timeout=seconds + _PATIENCE)
        line = next((line for line in said.splitlines() if line.startswith("RESULT ")), None)
        if line is None:
            raise LoadFailed(f"{said}\n{errors}")
        found.append(Load(**json.loads(line.removeprefix("RESULT "))))
    return _together(found)


def _started(server: Server, requests: Path, connections: int, seconds: int) -> subprocess.Popen[str]:
    url = f"http://127.0.0.1:{server.port}"
    if wrk := shutil.which("wrk"):
        command: list[str | Path] = [
            wrk,
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "--timeout",
            "10s",
            "-s",
            _SCRIPT,
            url,
        ]
    else:
        command = [sys.executable, "-m", "bench.generator", url, requests, str(connections), str(seconds)]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "REQUESTS": str(requests)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _together(found: Sequence[Load]) -> Load:
    count = sum(load.count for load in found)
    return Load(
        count=count,
        seconds=max(load.seconds for load in found),
        p50=sum(load.p50 * load.count for load in found) / max(count, 1),
        p99=max(load.p99 for load in found),
        refused=sum(load.refused for load in found),
        broken=sum(load.broken for load in found),
        again=sum(load.again for load in found),
    )
