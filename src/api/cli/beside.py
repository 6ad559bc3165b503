"""The service as a process beside this one, which ends with it."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from api.cli import terminal
from api.cli.speech import said

_START = 60.0
"""Seconds that the service may take to start."""
_END = 15.0
"""Seconds that the service may take to end, before it is killed."""
_LOOK = 0.1
"""Seconds between two looks whether it answers."""


@dataclass(frozen=True)
class Beside:
    """A service that runs beside this process."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def serving_beside(directory: Path, port: int) -> Iterator[Beside]:
    """Serve a data directory until the block ends, on `port` or, where that is taken, on a free one."""
    port, log = _free(port), directory / "service.log"
    command = [sys.executable, "-m", "api.cli", "serve", "--data", str(directory), "--port", str(port)]
    with log.open("wb") as messages:
        # In a session of its own, so that Ctrl-C reaches this process only, which then ends both in order.
        process = subprocess.Popen(  # noqa: S603  # our own program with our own arguments
            command, stdin=subprocess.DEVNULL, stderr=messages, start_new_session=True
        )
        try:
            running = Beside(f"http://127.0.0.1:{port}", process)
            if not _ready(running):
                reason = log.read_text("utf-8", "replace").strip()
                terminal.fail(
                    said(
                        f"The service did not start. It said:\n{reason}",
                        f"服务未能启动，输出如下：\n{reason}",
                    ),
                    status=1,
                )
            yield running
        finally:
            _end(process)


def _ready(running: Beside) -> bool:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline and running.process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{running.url}/readyz", trust_env=False).is_success:
                return True
        with suppress(subprocess.TimeoutExpired):
            running.process.wait(_LOOK)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number
