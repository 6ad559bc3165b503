"""Ways into the event log for tests: entries without rules, SQL behind its back, a writer of one's own."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg

from journey.appender import Appended, Appender, Outcome, Submission
from journey.encoding import content_digest
from journey.event_log import Entry, EventLog, entry
from journey.events import Event
from journey.settings import Settings
from journey.storage import storage_of
from tests.facts import NOON
from tests.journey.specs import PROCESSES

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


@contextmanager
def writing(
    log: EventLog, settings: Settings, clock: Callable[[], datetime] = utc_now, *, start: bool = True
) -> Iterator[Appender]:
    """Run a writer on a log until the block ends; `start` says whether it begins at once."""
    appender = Appender(log, PROCESSES, settings, clock)
    if start:
        appender.start()
    try:
        yield appender
    finally:
        if not start:
            appender.start()
        appender.stop()


def send(appender: Appender, *events: Event, **options: Any) -> list[Outcome]:
    """Submit events together and wait for what becomes of them."""
    return appender.submit(Submission(events=events, **options)).result(SOON)


def accept(appender: Appender, *events: Event, **options: Any) -> list[Appended]:
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
