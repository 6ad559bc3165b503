"""This service and its peers as processes of their own, started as an operator would."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
START_SECONDS = 60.0
_PROGRAM = "api.cli"
_UVICORN = ("--no-access-log", "--no-server-header", "--log-level", "warning")
"""As the service runs it; loop and protocol are uvicorn's choice for both (uvloop, httptools)."""


class NotStarted(Exception):
    """A process that the benchmark needs did not start."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where our service keeps its data."""

    options: tuple[str, ...]
    """The options of the command line that say it."""
    url: str | None
    """The PostgreSQL database; None for files."""
    keys: Path | None
    """Where the keys of personal data are; None for beside the files."""


@dataclass(frozen=True)
class Server:
    """A process that answers at a port of this machine."""

    port: int
    pid: int


def postgres_place(url: str, keys: Path) -> Place:
    """Return the place of a service on PostgreSQL, with its keys in a directory."""
    return Place(options=("--database", url), url=url, keys=keys)


def files_place(directory: Path) -> Place:
    """Return the place of a service on SQLite files."""
    return Place(options=("--data", str(directory)), url=None, keys=None)


def journey(*arguments: str) -> str:
    """Run a command of ours to its end and return what it prints."""
    done = subprocess.run(
        _journey(*arguments),
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise NotStarted(f"journey {arguments[0]}: {done.stderr}")
    return done.stdout.strip()


@contextmanager
def journey_beside(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command of ours beside the block, and wait for its end when the block has ended."""
    with _process(_journey(*arguments), {}) as process:
        yield process
        if process.wait():
            raise NotStarted(f"journey {arguments[0]} ended with status {process.returncode}")


def new_key(place: Place) -> str:
    """Make a key that may do everything."""
    scopes = ("events:write", "status:read", "journeys:read", "ops:admin")
    return journey(
        "keys", "create", *place.options, *(part for scope in scopes for part in ("--scope", scope))
    )


@contextmanager
def ours(
    place: Place,
    workers: int = 1,
    *,
    projects: bool = False,
    environment: Mapping[str, str] | None = None,
    program: str = _PROGRAM,
) -> Iterator[Server]:
    """Run `journey serve` until the block ends; where asked, it keeps the projections in its process too."""
    port = _free_port()
    asked = ["--roles", "api,project" if projects else "api"]
    if workers > 1:
        asked += ["--workers", str(workers)]
    # By the environment, because a checkout of before has no such option.
    keys = {"JOURNEY_KEY_DIRECTORY": str(place.keys)} if place.keys is not None else {}
    keys |= environment or {}
    command = _journey("serve", *place.options, *asked, "--port", str(port), program=program)
    with _process(command, keys) as process:
        yield _answering(process, port, "/healthz")


@contextmanager
def projecting(place: Place) -> Iterator[int]:
    """Run `journey project` until the block ends; give its process id."""
    with _process(_journey("project", *place.options), _keys(place)) as process:
        yield process.pid


def _keys(place: Place) -> dict[str, str]:
    """Tell where the keys are by the environment: a checkout of before has no such option."""
    return {"JOURNEY_KEY_DIRECTORY": str(place.keys)} if place.keys is not None else {}


@contextmanager
def peer(name: str, **environment: str) -> Iterator[Server]:
    """Run an app of `bench.peers` under uvicorn until the block ends."""
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", f"bench.peers.{name}:app", "--port", str(port), *_UVICORN]
    with _process(command, environment) as process:
        yield _answering(process, port, "/")


@contextmanager
def _process(command: Sequence[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=_environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=messages,
        )
        try:
            yield process
        except NotStarted as error:
            messages.seek(0)
            error.add_note(messages.read()[-2_000:].decode(errors="replace"))
            raise
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _answering(process: subprocess.Popen[bytes], port: int, path: str) -> Server:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotStarted(f"process {process.args!r} ended with status {process.returncode}")
        with suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            connection.getresponse().read()
            connection.close()
            return Server(port, process.pid)
        time.sleep(0.05)
    raise NotStarted(f"process {process.args!r} does not answer")


def _journey(*arguments: str, program: str = _PROGRAM) -> list[str]:
    return [sys.executable, "-m", program, *arguments]


def _environment(**environment: str) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("JOURNEY_")}
    return {**others, "JOURNEY_LANGUAGE": "en", **environment}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
