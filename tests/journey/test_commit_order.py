"""No reader who follows positions passes an event that appears later: PostgreSQL under concurrent appends."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from journey.errors import LogUnavailable
from journey.event_log import EventLog, open_event_log
from journey.events import Position, RecordedEvent
from journey.settings import Settings
from journey.storage import storage_of
from tests.databases import migrated_settings
from tests.facts import visit
from tests.journey.writing import SOON, append, first, sql, until

_CALL = (
    "SELECT append_events(ARRAY[%s], ARRAY[1], ARRAY['interaction.recorded'],"
    " ARRAY['{}'::bytea], ARRAY['l'::bytea], ARRAY['/held'], ARRAY[%s], ARRAY['d'::bytea], '{}', '{}')"
)
_WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
_LOCK = "PERFORM pg_advisory_xact_lock(7092448610431266147);"


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Settings]:
    """Give settings on a migrated PostgreSQL database."""
    with migrated_settings("postgres", tmp_path, lock_timeout=20.0) as settings:
        yield settings


@dataclass
class Reader:
    """Follows a log by positions, as every projection does."""

    log: EventLog
    seen: list[RecordedEvent] = field(default_factory=list)

    def read(self) -> None:
        """Read on from the last position seen."""
        while page := self.log.read_all(self.seen[-1].position if self.seen else Position(0), 7):
            self.seen += page


@dataclass
class Held:
    """A transaction that has appended and neither committed nor rolled back."""

    connection: psycopg.Connection

    def append(self, name: str) -> None:
        """Append an event in an open transaction."""
        self.connection.execute("BEGIN")
        self.connection.execute(_CALL, (name, name))


@pytest.fixture
def held(postgres: Settings) -> Iterator[Held]:
    """Give a session that keeps its transactions open."""
    assert postgres.database is not None
    with psycopg.connect(postgres.database, autocommit=True) as connection:
        yield Held(connection)


def test_readers_see_every_event_once_in_order(postgres: Settings, held: Held) -> None:
    """Writers race, one holds its transaction and rolls it back; a reader misses and repeats nothing."""
    writers, each = 3, 40
    logs = [open_event_log(storage_of(postgres), postgres) for _ in range(writers + 1)]
    reader = Reader(logs[-1])
    writing = threading.Event()
    writing.set()

    def write(writer: int) -> list[str]:
        for number in range(each):
            append(logs[writer], [first(visit(f"{writer}-{number}")), first(visit(f"{writer}+{number}"))])
        return [f"{writer}{sign}{number}" for number in range(each) for sign in "-+"]

    def follow() -> None:
        while writing.is_set():
            reader.read()
        reader.read()

    with ThreadPoolExecutor(writers + 1) as pool:
        following = pool.submit(follow)
        try:
            racing = [pool.submit(write, writer) for writer in range(writers)]
            _hold_and_roll_back(postgres, held, racing)
            written = [name for race in racing for name in race.result(SOON)]
        finally:
            writing.clear()
        following.result(SOON)
    positions = [event.position for event in reader.seen]

    assert positions == sorted(set(positions))
    assert reader.seen == logs[-1].read_all(limit=1_000)
    assert sorted(event.stream_id for event in reader.seen) == sorted(written)
    assert positions[-1] > len(positions), "the adversary used up no position: it held nothing"
    for log in logs:
        log.close()


def _hold_and_roll_back(postgres: Settings, held: Held, racing: Sequence[Future[list[str]]]) -> None:
    for number in range(15):
        held.append(f"ghost-{number}")
        until(
            lambda: sql(postgres, _WAITING)[0][0] > 0 or all(race.done() for race in racing),
            "writers wait for the held transaction",
        )
        held.connection.execute("ROLLBACK")


def test_reader_misses_nothing_behind_a_slow_commit(postgres: Settings, held: Held) -> None:
    """An append waits for an earlier one that has its position and is not committed yet."""
    seen, stored = _interleaved(postgres, held)

    assert seen == stored == ["slow", "fast"]


def test_without_the_lock_a_reader_skips(postgres: Settings, held: Held) -> None:
    """The saboteur: with the lock taken out, the same interleaving hides an event from a reader for ever."""
    ((definition,),) = sql(postgres, "SELECT pg_get_functiondef('append_events'::regproc)")
    assert _LOCK in definition
    sql(postgres, definition.replace(_LOCK, ""))
    seen, stored = _interleaved(postgres, held)

    assert stored == ["slow", "fast"]
    assert seen == ["fast"]


def _interleaved(postgres: Settings, held: Held) -> tuple[list[str], list[str]]:
    """Append `slow`, then `fast` elsewhere, commit `slow` last; return what a reader saw, and the log."""
    log = open_event_log(storage_of(postgres), postgres)
    reader = Reader(log)
    with ThreadPoolExecutor(1) as pool:
        held.append("slow")
        fast = pool.submit(append, log, [first(visit("fast"))])
        until(lambda: fast.done() or sql(postgres, _WAITING)[0][0] > 0, "the second append waits or ends")
        reader.read()
        held.connection.execute("COMMIT")
        fast.result(SOON)
    reader.read()
    stored = log.read_all()
    log.close()
    return [event.stream_id for event in reader.seen], [event.stream_id for event in stored]


def test_lock_that_is_not_had_in_time(postgres: Settings, held: Held) -> None:
    """An append that waits too long for another says so in time, has written nothing, and works later."""
    settings = postgres.model_copy(update={"lock_timeout": 0.2})
    log = open_event_log(storage_of(settings), settings)
    held.connection.execute("BEGIN")
    held.connection.execute(_LOCK.replace("PERFORM", "SELECT").encode())
    began = time.monotonic()
    with pytest.raises(LogUnavailable, match="lock timeout"):
        append(log, [first(visit("C1", id="n1"))])

    assert 0.2 <= time.monotonic() - began < 5
    assert log.read_all() == []
    held.connection.execute("COMMIT")
    assert log.find([("/channels/test", "n1")]) == {}
    assert append(log, [first(visit("C1", id="n1"))])
    assert [event.id for event in log.read_all()] == ["n1"]
    log.close()


def test_reading_does_not_wait_for_writers(postgres: Settings, held: Held) -> None:
    """Readers go on while a writer holds the lock."""
    log = open_event_log(storage_of(postgres), postgres)
    append(log, [first(visit("C1"))])
    held.append("slow")

    assert [event.stream_id for event in log.read_all()] == ["C1"]
    assert len(log.read_stream("C1")) == 1
    held.connection.execute("ROLLBACK")
    log.close()
