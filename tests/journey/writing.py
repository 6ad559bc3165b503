"""Ways into the event log for tests: entries without rules, SQL behind its back, a writer of one's own."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any, TypeVar

import psycopg

from journey.appender import Appended, Appender, Counts, Outcome, Submission
from journey.encoding import content_digest
from journey.errors import JourneyError
from journey.event_log import Entry, EventLog, entry
from journey.events import Event, Position
from journey.sealing.sealer import Sealer
from journey.settings import Settings
from journey.storage import storage_of
from journey.submissions import Writer as Appending
from tests import loops
from tests.facts import NOON
from tests.journey.specs import PROCESSES

_T = TypeVar("_T")

SOON = 30.0
"""How long a test waits for what must happen, in seconds."""


def first(told: Event, version: int = 1, new_case: str | None = None) -> Entry:
    """Return an event as an entry at a version, whatever the rules say."""
    return entry(told, version, NOON, content_digest(told), new_case)


def sql(settings: Settings, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement behind the log's back, and commit it; return its rows."""
    if settings.database is not None:
        with psycopg.connect(settings.database) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []
    with closing(sqlite3.connect(storage_of(settings).file("log"))) as file, file:
        return file.execute(statement).fetchall()


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Pending:
    """What becomes of a submission, for a thread that waits for it."""

    writer: "Writer"
    future: asyncio.Future[list[Outcome]]

    def result(self, seconds: float) -> list[Outcome]:
        """Wait so many seconds at most; return the outcomes."""
        return loops.wait_for(asyncio.wait_for(self.future, seconds), 2 * seconds + 1)

    def cancel(self) -> bool:
        """Give up; tell whether it was in time."""
        return self.writer.call(self.future.cancel)


class Writer:
    """A writer in the event loop of the tests, for threads."""

    def __init__(self, appender: Appending) -> None:
        self.appender = appender
        self._held: SimpleQueue[Callable[[], None]] | None = None

    @property
    def counts(self) -> Counts:
        """What it has done."""
        return self.appender.counts

    def submit(self, submission: Submission) -> Pending:
        """Submit events; return what can be waited for."""
        return Pending(self, self.call(lambda: self.appender.submit(submission)))

    def hold(self) -> None:
        """Keep the writer from beginning, until `let_go`: what is submitted gathers."""
        self._held = held = SimpleQueue[Callable[[], None]]()
        loops.loop().call_soon_threadsafe(lambda: _run_until_let_go(held))

    def let_go(self) -> None:
        """Let the writer begin."""
        if self._held is not None:
            self._held.put(_let_go)
            self._held = None

    def call(self, function: Callable[[], _T]) -> _T:
        """Call a function in the event loop, between what has been submitted and what will be."""
        if self._held is None:
            return loops.call(function)
        result: Future[_T] = Future()
        self._held.put(lambda: _settle(result, function))
        return result.result(SOON)


def _run_until_let_go(held: "SimpleQueue[Callable[[], None]]") -> None:
    while (act := held.get()) is not _let_go:
        act()


def _let_go() -> None:
    pass


def _settle(result: "Future[_T]", function: Callable[[], _T]) -> None:
    try:
        result.set_result(function())
    except JourneyError as error:
        result.set_exception(error)


@contextmanager
def writing(
    log: EventLog,
    settings: Settings,
    clock: Callable[[], datetime] = utc_now,
    *,
    start: bool = True,
    sealer: Sealer | None = None,
) -> Iterator[Writer]:
    """Run a writer on a log until the block ends; `start` says whether it begins at once."""
    writer = Writer(Appender(log, PROCESSES, settings, clock, sealer))
    if not start:
        writer.hold()
    try:
        yield writer
    finally:
        writer.let_go()
        loops.wait_for(writer.appender.stop())


def append(log: EventLog, entries: Sequence[Entry]) -> list[Position]:
    """Append to a log, from a thread."""
    return loops.wait_for(log.writer.append(entries))


def owners(log: EventLog, numbers: Sequence[str]) -> dict[str, str]:
    """Return the streams that case numbers belong to."""
    return loops.wait_for(log.writer.owners(numbers))


def send(appender: Writer, *events: Event, **options: Any) -> list[Outcome]:
    """Submit events together and wait for what becomes of them."""
    return appender.submit(Submission(events=events, **options)).result(SOON)


def accept(appender: Writer, *events: Event, **options: Any) -> list[Appended]:
    """Submit events together, each of which must be taken."""
    return taken(send(appender, *events, **options))


def taken(outcomes: Sequence[Outcome]) -> list[Appended]:
    """Return outcomes that are all good; raise what is not."""
    for outcome in outcomes:
        if not isinstance(outcome, Appended):
            raise outcome
    return [outcome for outcome in outcomes if isinstance(outcome, Appended)]


def until(met: Callable[[], bool], what: str) -> None:
    """Wait until a condition is met."""
    deadline = time.monotonic() + SOON
    while not met():
        assert time.monotonic() < deadline, f"{what}: not within {SOON} seconds"
