"""`journey serve --workers`: processes that answer at one address, and one that keeps the projections."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from api.cli import signals, terminal
from api.cli.speech import said

_END = 15.0
"""Seconds that the workers may take to end, before they are killed."""
_MARK = "JOURNEY_WORKER"
"""The variable that tells a process that it is a worker of another one."""


def is_worker() -> bool:
    """Tell whether this process works for one that `work` runs in."""
    return _MARK in os.environ


def work(commands: Sequence[Sequence[str]], database: str) -> None:
    """Run workers until a signal ends them, in order; where one ends by itself, end all, and say so."""
    # Not as an argument: it may hold a password, and every user of the machine sees arguments.
    environment = {**os.environ, _MARK: "yes", "JOURNEY_DATABASE": database}
    environment.pop("JOURNEY_DATA", None)
    with (
        tempfile.TemporaryDirectory(prefix="journey-") as directory,
        _running(commands, {**environment, "JOURNEY_WRITER_DIRECTORY": directory}) as workers,
    ):
        while not signals.came_within(0.2):
            if (ended := next((each for each in workers if each.poll() is not None), None)) is not None:
                terminal.fail(
                    said(
                        f"A worker ended with status {ended.returncode}, so the service ends; see above why.",
                        f"一个工作进程已退出（状态码 {ended.returncode}），服务随之停止；原因见上方输出。",
                    ),
                    status=1,
                )


def end_with_parent() -> None:
    """End this worker in order when the process that started it has gone, however that happened."""

    def watch() -> None:
        # The parent holds the other end of standard input, and writes nothing to it.
        os.read(sys.stdin.fileno(), 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


@contextmanager
def _running(
    commands: Sequence[Sequence[str]], environment: dict[str, str]
) -> Iterator[list[subprocess.Popen[bytes]]]:
    workers: list[subprocess.Popen[bytes]] = []
    try:
        workers += [_begun(command, environment) for command in commands]
        yield workers
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            _wait_for(worker)


def _begun(command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # In a session of its own, so that Ctrl-C reaches this process only, which then ends all in order.
    return subprocess.Popen(  # noqa: S603  # our own program with our own arguments
        [sys.executable, "-m", "api.cli", *command],
        stdin=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )


def _wait_for(worker: subprocess.Popen[bytes]) -> None:
    with worker:
        try:
            worker.wait(_END)
        except subprocess.TimeoutExpired:
            worker.kill()
