"""An outcome is committed, refused or unknown, never guessed: faults between the writer and its database."""

import resource
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from journey.appender import Appended
from journey.errors import LogUnavailable, OutcomeUnknown
from journey.event_log import Entry, EventLog, open_event_log
from journey.event_log.postgres import PostgresStore
from journey.event_log.sqlite import SQLiteStore
from journey.events import Event
from journey.settings import Settings
from journey.storage import storage_of
from journey.submissions import Submission
from tests.databases import migrated_settings
from tests.facts import submitted, visit
from tests.fault_proxy import FaultProxy, Moment, fault_proxy
from tests.journey.writing import SOON, Writer, accept, append, first, send, sql, until, writing

CUTS = 30
IMPATIENT = 0.4
"""How long a log waits for its server where a test waits for that, in seconds."""


@dataclass
class Site:
    """A PostgreSQL database with a faulty way to it, and a sound one."""

    settings: Settings
    proxy: FaultProxy
    through: str
    """The URL of the faulty way."""
    direct: EventLog

    @contextmanager
    def log(self, patience: float = 5.0) -> Iterator[EventLog]:
        """Open a log behind the proxy that waits `patience` seconds for a lost server."""
        url = sa.make_url(self.through).set(drivername="postgresql+psycopg")
        log = EventLog(PostgresStore(url, 3.0, patience))
        try:
            yield log
        finally:
            log.close()

    def position_of(self, told: Event) -> int | None:
        """Return where an event is in the log, None where it is not."""
        known = self.direct.find([told.key]).get(told.key)
        return known.event.position if known else None


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[Site]:
    """Give a PostgreSQL database behind a proxy that cuts connections."""
    with migrated_settings("postgres", tmp_path) as settings:
        direct = open_event_log(storage_of(settings), settings)
        assert settings.database is not None
        with fault_proxy(settings.database) as (proxy, through):
            yield Site(settings, proxy, through, direct)
        direct.close()


def marked(number: int) -> tuple[Event, bytes]:
    """Return an event, and bytes that only its append sends."""
    mark = f"mark-{number}-mark"
    return submitted(f"C{number % 7}", id=f"n{number}", xmark=mark), mark.encode()


class TestConnectionCut:
    @pytest.mark.parametrize("moment", ["before", "during", "after"])
    def test_log_tells_what_happened(self, faulty: Site, moment: Moment) -> None:
        """Whenever the connection is cut, events are written once, and told at their positions."""
        stored = []
        with faulty.log() as log:
            for number in range(CUTS):
                told, mark = marked(number)
                sprung = faulty.proxy.trap(moment, mark)
                version = len(log.read_stream(told.stream_id)) + 1
                positions = append(log, [first(told, version, f"APP-{number}")])
                assert positions == [faulty.position_of(told)]
                assert sprung.is_set()
                stored.append(told.id)

        # Nothing that was believed to be unwritten has come later.
        assert [event.id for event in faulty.direct.read_all()] == stored

    @pytest.mark.parametrize("moment", ["before", "during", "after"])
    def test_sending_again_is_safe(self, faulty: Site, moment: Moment) -> None:
        """Events in one group with a cut are written all the same; sent again, each is there once."""
        with faulty.log() as log, writing(log, faulty.settings) as appender:
            for number in range(CUTS):
                told, mark = marked(number)
                faulty.proxy.trap(moment, mark)
                written = accept(appender, told, visit(told.stream_id, id=f"v{number}"))
                assert [each.duplicate for each in written] == [False, False]
                again = accept(appender, told, visit(told.stream_id, id=f"v{number}"))
                assert again == [each._replace(duplicate=True) for each in written]

        assert len(faulty.direct.read_all()) == 2 * CUTS
        # The first repetition is one; the writer looks before it decides from then on.
        assert appender.counts.conflicts == 1

    @pytest.mark.parametrize("moment", ["before", "during", "after"])
    def test_unknown_while_the_server_is_away(self, faulty: Site, moment: Moment) -> None:
        """Cut off from the server, the outcome is unknown, and the same submission resolves it afterwards."""
        committed = 0
        with writing(faulty.direct, faulty.settings) as elsewhere:
            for number in range(CUTS // 3):
                told, mark = marked(number)
                with faulty.log(IMPATIENT) as log, writing(log, faulty.settings) as appender:
                    until(lambda: _is_sent(appender, visit(told.stream_id)), "the log is connected")  # noqa: B023  # called at once
                    faulty.proxy.trap(moment, mark, cut_off=True)
                    (outcome,) = send(appender, told)
                    assert isinstance(outcome, OutcomeUnknown)
                    faulty.proxy.restore()
                    (again,) = accept(elsewhere, told)
                    assert again.position == faulty.position_of(told)
                    committed += again.duplicate

        assert len(faulty.direct.read_all()) == 2 * (CUTS // 3)
        assert committed == {"before": 0, "during": committed, "after": CUTS // 3}[moment]

    def test_nothing_was_sent(self, faulty: Site) -> None:
        """A server that cannot be reached before anything is sent has certainly written nothing."""
        with faulty.log(IMPATIENT) as log:
            append(log, [first(visit("C1", id="n1"))])
            faulty.proxy.cut_off()
            with pytest.raises(LogUnavailable):
                append(log, [first(visit("C2", id="n2"))])
            with pytest.raises(LogUnavailable):
                log.head()
            faulty.proxy.restore()
            until(lambda: _is_appended(log, first(visit("C2", id="n2"))), "the server is reached again")

        assert [event.id for event in faulty.direct.read_all()] == ["n1", "n2"]

    def test_idle_connections_that_were_cut_are_replaced(self, faulty: Site) -> None:
        """When all connections were lost in idleness, the next request notices nothing of it."""
        with faulty.log() as log:
            append(log, [first(visit("C1"), 1)])
            for version in range(2, 12):
                faulty.proxy.cut_off()
                faulty.proxy.restore()
                append(log, [first(visit("C1"), version)])
                assert len(log.read_stream("C1")) == version


class TestBackendEnded:
    def test_while_it_waits(self, faulty: Site) -> None:
        """A backend that is ended while it waits for the lock has written nothing; another one writes."""
        assert faulty.settings.database is not None
        waiting = (
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND application_name LIKE 'journey-writer-%' AND datname = current_database()"
        )
        with faulty.log() as log, psycopg.connect(faulty.settings.database) as other:
            for number in range(5):
                other.execute("SELECT pg_advisory_xact_lock(7092448610431266147)")
                with ThreadPoolExecutor(1) as pool:
                    appending = pool.submit(append, log, [first(visit(f"C{number}"))])
                    until(lambda: sql(faulty.settings, waiting) != [(0,)], "the append waits for the lock")
                    other.rollback()
                    assert appending.result(SOON)

        assert [event.stream_id for event in faulty.direct.read_all()] == [
            f"C{number}" for number in range(5)
        ]


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Settings]:
    """Give settings on a SQLite database that waits for locks for a short time only."""
    with migrated_settings("sqlite", tmp_path / "data", lock_timeout=0.2) as settings:
        yield settings


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class TestSQLite:
    def test_full(self, embedded: Settings) -> None:
        """A full database takes nothing, says so, keeps what it has, and goes on when there is room."""
        store = SQLiteStore(storage_of(embedded).file("log"), 0.2, writer=True)
        log = EventLog(store)
        append(log, [first(visit("C", id="n1"))])
        _set_largest(store, 1)  # SQLite makes it the present size
        for number in range(5):
            with pytest.raises(LogUnavailable, match="full"):
                append(log, [first(large(f"C{number}"))])
        assert [event.id for event in log.read_all()] == ["n1"]
        _set_largest(store, 1_000_000)
        append(log, [first(large("C", id="n2"), 2)])

        assert [event.id for event in log.read_all()] == ["n1", "n2"]
        log.close()

    def test_locked_by_another(self, embedded: Settings) -> None:
        """While another connection holds the file for long, nothing is written; afterwards all is well."""
        log = open_event_log(storage_of(embedded), embedded)
        with closing(sqlite3.connect(storage_of(embedded).file("log"), isolation_level=None)) as other:
            for number in range(3):
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(LogUnavailable, match="locked"):
                    append(log, [first(visit("C", id=f"n{number}"), number + 1)])
                other.execute("ROLLBACK")
                append(log, [first(visit("C", id=f"n{number}"), number + 1)])

        assert [event.id for event in log.read_all()] == ["n0", "n1", "n2"]
        log.close()

    def test_the_loop_does_not_wait_for_another_write(self, embedded: Settings) -> None:
        """While the service itself writes something else to the file, the event loop goes on."""
        store = SQLiteStore(storage_of(embedded).file("log"), 0.2, writer=True)
        log = EventLog(store)
        with writing(log, embedded) as appender:
            with store.turn:
                pending = appender.submit(Submission([visit("C1")]))
                for _ in range(10):
                    assert not appender.call(pending.future.done)
            (outcome,) = pending.result(SOON)

        assert isinstance(outcome, Appended)
        log.close()

    def test_commit_that_fails_leaves_nothing(self, embedded: Settings, tmp_path: Path) -> None:
        """A commit that cannot be written is undone for good: not even a crash right then brings it back."""
        log = open_event_log(storage_of(embedded), embedded)
        for number in range(CUTS):
            with largest_file(_wal(embedded).stat().st_size + 3 * 4096), pytest.raises(LogUnavailable):
                append(log, [first(large(f"lost-{number}"))])
            crashed = shutil.copytree(tmp_path / "data", tmp_path.parent / f"crash-{number}")
            with closing(sqlite3.connect(crashed / "log.db")) as file:
                assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                assert file.execute("SELECT count(*) FROM stored_events").fetchone() == (number,)
            append(log, [first(visit(f"kept-{number}"))])

        assert [event.stream_id for event in log.read_all()] == [f"kept-{number}" for number in range(CUTS)]
        log.close()

    def test_unknown_while_nothing_can_be_written(self, embedded: Settings) -> None:
        """Where a failed commit cannot be undone either, its outcome is unknown until it is sent again."""
        log = open_event_log(storage_of(embedded), embedded)
        with writing(log, embedded) as appender:
            for number in range(CUTS):
                told = submitted(f"C{number % 3}", id=f"n{number}")
                with largest_file(_wal(embedded).stat().st_size):
                    (outcome,) = send(appender, told)
                    assert isinstance(outcome, OutcomeUnknown)
                    assert len(log.read_all()) == number  # reading goes on
                accept(appender, told)

        assert [event.id for event in log.read_all()] == [f"n{number}" for number in range(CUTS)]
        log.close()


def large(customer: str, **further: str) -> Event:
    """Return an event that needs some pages of the database."""
    return visit(customer, xfill="x" * 60_000, **further)


def _wal(settings: Settings) -> Path:
    file = storage_of(settings).file("log")
    return file.with_name(f"{file.name}-wal")


def _set_largest(store: SQLiteStore, pages: int) -> None:
    assert store._recorder is not None  # noqa: SLF001  # only the writing connection knows its limit
    with store._recorder.datastore.get_connection(commit=True) as connection:  # noqa: SLF001  # as above
        connection.cursor().execute(f"PRAGMA max_page_count={pages}")


def _is_appended(log: EventLog, entry: Entry) -> bool:
    try:
        return bool(append(log, [entry]))
    except LogUnavailable:
        return False


def _is_sent(appender: Writer, told: Event) -> bool:
    (outcome,) = send(appender, told)
    return isinstance(outcome, Appended)
