"""Our service as it is deployed: a place, a key, one or more API processes, with or without a projector."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.machine import Bench, check_sqlite
from bench.servers import Place, Server, files_place, journey, new_key, ours, postgres_place, projecting
from bench.usage import Groups

_CATCH_UP_SECONDS = 300.0
_SLOWEST_RATE = 1_000
"""Events a second that projections are waited for, on top of that."""
_CLEAR_UP_SECONDS = 3_600.0
"""Seconds after which that is given up: it takes about as long as to rebuild."""
_LOOK = 0.05
_REST = 0.3
"""Seconds without a new event after which nothing is under way any more."""


class NotCaughtUp(Exception):
    """The projections did not reach the end of the log."""


class NotClearedUp(Exception):
    """The rows of old builds were not removed in time."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A running service of ours."""

    place: Place
    key: str
    server: Server
    projector: int | None
    groups: Groups
    """Its processes, and those of its database."""

    def stored(self) -> int:
        """Count the events in the log, once what was under way has arrived."""
        before, now = -1, self._count()
        while before != now:
            time.sleep(_REST)
            before, now = now, self._count()
        return now

    def _count(self) -> int:
        return self._number("SELECT count(*) FROM stored_events")

    def head(self) -> int:
        """Return the last position."""
        column = "notification_id" if self.place.url else "rowid"
        return self._number(f"SELECT coalesce(max({column}), 0) FROM stored_events")  # noqa: S608  # one of two names

    def projected(self) -> int:
        """Return the position that every live projection has reached."""
        return self._number(
            "SELECT coalesce(min(position), 0) FROM projection_builds WHERE status = 'live'", "views"
        )

    def catch_up(self) -> float:
        """Wait until the projections have reached the end of the log; return after how many seconds."""
        began, head = time.monotonic(), self.head()
        patience = _CATCH_UP_SECONDS + (head - self.projected()) / _SLOWEST_RATE
        while self.projected() < head:
            if time.monotonic() - began > patience:
                raise NotCaughtUp(f"at {self.projected()} of {head}")
            time.sleep(_LOOK)
        return time.monotonic() - began

    def clear_up(self) -> None:
        """Wait until the rows of builds are gone that nobody sees any more: they would disturb what comes."""
        deadline = time.monotonic() + _CLEAR_UP_SECONDS
        while self._number("SELECT count(*) FROM projection_builds WHERE status = 'dropped'", "views"):
            if time.monotonic() > deadline:
                raise NotClearedUp
            time.sleep(_REST)

    def _number(self, question: str, part: str = "log") -> int:
        if self.place.url:
            with psycopg.connect(self.place.url) as connection:
                row = connection.execute(question.encode()).fetchone()
        else:
            file = Path(self.place.options[1]) / f"{part}.db"
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as reader:
                row = reader.execute(question).fetchone()
        return int(row[0]) if row else 0


def migrated(bench: Bench) -> Place:
    """Return a new PostgreSQL database with our tables in it."""
    place = postgres_place(bench.new_database(), bench.new_directory())
    journey("migrate", *place.options)
    return place


@contextmanager
def on_postgres(
    bench: Bench,
    *,
    place: Place | None = None,
    workers: int = 1,
    projector: bool = False,
    program: str = "api.cli",
    environment: Mapping[str, str] | None = None,
) -> Iterator[Deployment]:
    """Run our service on PostgreSQL with so many API processes, and one for the projections if asked."""
    place = place or migrated(bench)
    key = new_key(place)
    with ExitStack() as stack:
        server = stack.enter_context(ours(place, workers, program=program, environment=environment or {}))
        process = stack.enter_context(projecting(place)) if projector else None
        groups = {"server": [server.pid]}
        if process is not None:
            groups["projector"] = [process]
        groups["database"] = [bench.postgres_pid()]
        yield Deployment(place=place, key=key, server=server, projector=process, groups=groups)


@contextmanager
def on_files(
    bench: Bench, *, projects: bool = False, environment: Mapping[str, str] | None = None
) -> Iterator[Deployment]:
    """Run our service on SQLite files: one process, with or without the projections in it."""
    directory = bench.new_directory()
    place = files_place(directory)
    key = new_key(place)
    with ours(place, projects=projects, environment=environment or {}) as server:
        check_sqlite(directory / "log.db")
        groups = {"server": [server.pid]}
        yield Deployment(place=place, key=key, server=server, projector=None, groups=groups)
