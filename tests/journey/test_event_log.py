"""The contract of the event log, on both databases."""

import hashlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from journey.encoding import content_digest
from journey.errors import AppendConflict, JourneyError, LogUnavailable, UnsafeDatabase, Unstorable
from journey.event_log import EventLog, open_event_log
from journey.event_log.sqlite import SQLiteStore
from journey.events import Event, Position, Version
from journey.migrating import migrate
from journey.settings import Settings
from journey.storage import storage_of
from journey.touchpoints import TOUCHPOINTS
from tests import loops
from tests.databases import database_settings
from tests.facts import event, submitted, visit
from tests.journey.writing import SOON, append, first, owners, sql
from tests.strategies import payloads

TABLES = ("stored_events", "event_keys", "cases")
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40)


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Draw an event of any type with any payload, any attributes and any Unicode where text is free."""
    type_ = draw(st.sampled_from(sorted(TOUCHPOINTS)))
    told = event(
        type_,
        draw(payloads(type_)),
        customer=draw(TEXTS),
        source=f"/{draw(TEXTS)}",
        id=f"{draw(TEXTS)}{uuid4()}",
        case=draw(st.none() | TEXTS),
        channel=draw(st.none() | TEXTS),
    )
    return told._replace(attributes=draw(st.dictionaries(TEXTS, TEXTS | st.booleans(), max_size=3)))


@pytest.fixture
def second(settings: Settings, log: EventLog) -> Iterator[EventLog]:
    """Give another log on the same database: another process's where there may be one."""
    if settings.database is None:
        yield log
        return
    other = open_event_log(storage_of(settings), settings)
    yield other
    other.close()


class TestAppend:
    def test_positions_follow_the_order_of_the_entries(self, log: EventLog) -> None:
        """The entries of one append get increasing positions in their order, across streams."""
        told = [visit(f"C{number % 3}") for number in range(30)]
        positions = append(log, [first(each, number // 3 + 1) for number, each in enumerate(told)])

        assert positions == sorted(set(positions))
        assert [each.id for each in told] == [each.id for each in log.read_all()]
        assert positions == [each.position for each in log.read_all()]

    def test_nothing(self, log: EventLog) -> None:
        """To append nothing is allowed, and does nothing."""
        assert append(log, []) == []
        assert log.head() == 0

    @pytest.mark.parametrize("taken", ["version", "key", "case"])
    def test_conflict_writes_nothing(self, log: EventLog, taken: str) -> None:
        """A version, an event key or a case number that is taken refuses the whole append."""
        append(log, [first(submitted("C1", id="known"), 1, "APP-1")])
        clash = {
            "version": first(visit("C1"), 1),
            "key": first(visit("C1", id="known"), 2),
            "case": first(submitted("C2"), 1, "APP-1"),
        }[taken]

        with pytest.raises(AppendConflict):
            append(log, [first(visit("C3"), 1), clash])

        assert [each.stream_id for each in log.read_all()] == ["C1"]
        assert (
            log.find([("/channels/test", "known")])["/channels/test", "known"].event.type
            == "application.submitted"
        )
        assert owners(log, ["APP-1"]) == {"APP-1": "C1"}

    def test_what_the_database_cannot_hold(self, settings: Settings, log: EventLog) -> None:
        """A text that the database cannot hold is said to be that, and no failure of the log."""
        text = "\ud800" if settings.database is None else "a\x00b"

        with pytest.raises(Unstorable):
            append(log, [first(visit("C1")), first(visit("C2"))._replace(stream_id=text)])
        with pytest.raises(Unstorable):
            log.find([(text, "1")])

        assert log.head() == 0
        assert append(log, [first(visit("C1"), 1)])

    def test_key_too_long_for_an_index(self, log: EventLog, settings: Settings) -> None:
        """A key that PostgreSQL cannot index is refused by itself; SQLite takes it."""
        told = visit(id="".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(200)))

        if settings.database is None:
            assert append(log, [first(told)])
        else:
            with pytest.raises(Unstorable):
                append(log, [first(told)])


class TestExactBytes:
    @hypothesis_settings(
        max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(told=events())
    @example(told=event("feedback.expired", {}, customer="𠮷\u2028\u2029'\"\\", id="𝟙🏦", case="S-1"))
    @example(told=visit("客户\u0085\ufeff", case=None, channel=None, xnote="\U0010ffff\x01\x7f"))
    def test_round_trip(self, settings: Settings, log: EventLog, told: Event) -> None:
        """Whatever was written is read back, and the bytes in the table are those that were written."""
        version = len(log.read_stream(told.stream_id)) + 1
        written = first(told, version)
        if told.key in log.find([told.key]):  # an example that is tried again
            return
        (position,) = append(log, [written])
        column = "rowid" if settings.database is None else "notification_id"
        select = f"SELECT topic, state FROM stored_events WHERE {column} = {position}"  # noqa: S608  # a number
        ((topic, state),) = sql(settings, select)
        known = log.find([told.key])[told.key]

        assert hashlib.sha256(written.state).digest() == hashlib.sha256(state).digest()
        assert topic == told.type
        assert known.digest == written.digest == content_digest(told)
        assert known.event == log.read_stream(told.stream_id, Version(version - 1))[0]
        assert known.event == log.read_all(Position(position - 1), 1)[0]
        assert (known.event.stream_id, known.event.version) == (told.stream_id, version)
        for name in ("source", "id", "type", "time", "data", "case", "channel", "attributes", "touchpoint"):
            assert getattr(known.event, name) == getattr(told, name)


class TestRead:
    def test_read_stream(self, log: EventLog) -> None:
        """A stream is read after a version, up to a limit, in the order of versions."""
        append(log, [first(visit("C1"), version) for version in (2, 1, 3)] + [first(visit("C2"), 1)])

        assert [each.version for each in log.read_stream("C1")] == [1, 2, 3]
        assert [each.version for each in log.read_stream("C1", Version(1), 1)] == [2]
        assert log.read_stream("C1", Version(3)) == []
        assert log.read_stream("unknown") == []

    def test_look(self, log: EventLog) -> None:
        """A writer reads what is new in several streams at once, each in order, however many they are."""
        append(log, [first(visit(f"C{number}"), version) for version in (1, 2) for number in range(1200)])
        wanted = {f"C{number}" for number in range(1, 1200)} | {"unknown"}
        sight = loops.wait_for(log.writer.look((), dict.fromkeys(wanted, Version(0))))
        newer = loops.wait_for(log.writer.look((), {"C1": Version(1), "C2": Version(2)}))

        versions: dict[str, list[int]] = {}
        for each in sight.events:
            versions.setdefault(each.stream_id, []).append(each.version)
        assert versions == {f"C{number}": [1, 2] for number in range(1, 1200)}
        assert [(each.stream_id, each.version) for each in newer.events] == [("C1", 2)]
        assert loops.wait_for(log.writer.look((), {})).events == []

    @pytest.mark.parametrize("limit", [1, 2, 7, 100])
    def test_read_all(self, log: EventLog, limit: int) -> None:
        """Page by page the whole log is read, each event once, whatever the size of a page."""
        for number in range(7):
            append(log, [first(visit(f"C{number}"))])
        read, after = [], Position(0)
        while page := log.read_all(after, limit):
            assert len(page) <= limit
            read += page
            after = page[-1].position

        assert read == log.read_all()
        assert [each.stream_id for each in read] == [f"C{number}" for number in range(7)]
        assert after == log.head()

    @pytest.mark.parametrize("page", [1, 2, 3, 100])
    def test_read_by_stream(self, log: EventLog, page: int) -> None:
        """Stream by stream the whole log is read, by bytes of the stream's name and by version."""
        streams = ["b", "B", "a", "ä", "客户", "a b", "𠮷"]
        append(log, [first(visit(stream), version) for version in (1, 2) for stream in streams])
        read = [(each.stream_id, each.version) for each in log.read_by_stream(page)]

        assert read == [(stream, version) for stream in sorted(streams, key=str.encode) for version in (1, 2)]

    def test_find(self, log: EventLog) -> None:
        """Events are found under source and id together, and nothing is found for unknown keys."""
        told = [visit(id=f"n{number}", source=source) for number in range(600) for source in ("/a", "/b")]
        append(log, [first(each, version) for version, each in enumerate(told, 1)])
        found = log.find([each.key for each in told] + [("/c", "n1"), ("/a", "")])

        assert {each.key: each.id for each in told} == {key: known.event.id for key, known in found.items()}
        assert all(known.event.source == source for (source, _), known in found.items())
        assert log.find([]) == {}

    def test_owners(self, log: EventLog) -> None:
        """The owners of case numbers are told; numbers that nobody owns are left out."""
        append(log, [first(submitted("C1"), 1, "APP-1"), first(submitted("C2"), 1, "app-1")])

        assert owners(log, ["APP-1", "app-1", "APP-2"]) == {"APP-1": "C1", "app-1": "C2"}
        assert owners(log, []) == {}

    def test_head(self, log: EventLog) -> None:
        """The head is 0, and then the last position."""
        assert log.head() == 0
        assert append(log, [first(visit())])[-1] == log.head()


class TestWait:
    def test_returns_on_append(self, log: EventLog, second: EventLog) -> None:
        """Who waits is woken by an append of this or another process, long before the time is over."""
        log.wait_for_append(Position(0), 0.01)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(log.wait_for_append, Position(0), 10 * SOON)
            append(second, [first(visit())])
            waiting.result(SOON)

        assert log.head() > 0

    def test_returns_at_once_when_late(self, log: EventLog) -> None:
        """Who begins to wait for what is there already does not wait."""
        append(log, [first(visit())])

        log.wait_for_append(Position(0), 10 * SOON)

    def test_returns_without_append(self, log: EventLog) -> None:
        """Nobody waits for longer than was asked."""
        log.wait_for_append(log.head(), 0.01)


class TestRace:
    @pytest.mark.parametrize("racers", [6])
    def test_one_of_many_wins(self, settings: Settings, log: EventLog, racers: int) -> None:
        """Of those who append the same version of one stream at once, exactly one wins, every time."""
        embedded = settings.database is None
        logs = [log if embedded else open_event_log(storage_of(settings), settings) for _ in range(racers)]
        barrier = threading.Barrier(racers)

        def race(racer: int) -> list[str]:
            won = []
            for version in range(1, 21):
                barrier.wait(SOON)
                try:
                    append(logs[racer], [first(visit("C1", id=f"{racer}-{version}"), version)])
                except AppendConflict:
                    continue
                won.append(f"{racer}-{version}")
            return won

        with ThreadPoolExecutor(racers) as pool:
            won = [id_ for ids in pool.map(race, range(racers)) for id_ in ids]
        for each in [] if embedded else logs:
            each.close()
        stored = log.read_stream("C1")

        assert [each.version for each in stored] == list(range(1, 21))
        assert sorted(won) == sorted(each.id for each in stored)


class TestAppendOnly:
    @pytest.mark.parametrize("table", TABLES)
    @pytest.mark.parametrize("change", ["UPDATE {} SET stream_id = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
    def test_database_refuses(self, settings: Settings, log: EventLog, table: str, change: str) -> None:
        """The database itself refuses to change or remove what the log holds."""
        append(log, [first(submitted("C1"), 1, "APP-1")])
        if settings.database is None and change.startswith("TRUNCATE"):
            change = "DELETE FROM {} WHERE true"
        statement = change.format(table)
        if table == "stored_events":
            statement = statement.replace("stream_id", "originator_id")

        with pytest.raises(Exception, match=f"{table} is append-only"):
            sql(settings, statement)

        assert log.read_all()[0].stream_id == "C1"
        assert owners(log, ["APP-1"]) == {"APP-1": "C1"}

    @pytest.mark.parametrize("table", TABLES)
    def test_sqlite_refuses_to_replace(self, tmp_path: Path, table: str) -> None:
        """SQLite's INSERT OR REPLACE, which deletes without saying so, changes nothing either."""
        with database_settings("sqlite", tmp_path) as settings:
            storage = storage_of(settings)
            migrate(storage)
            log = open_event_log(storage, settings)
            append(log, [first(submitted("C1"), 1, "APP-1")])

            with pytest.raises(Exception, match=f"{table} is append-only"):
                sql(settings, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608  # our own table

            log.close()


class TestSafety:
    def test_sqlite_writer_is_durable(self, tmp_path: Path) -> None:
        """The connection that writes the log waits for the disk at every commit."""
        with database_settings("sqlite", tmp_path) as settings:
            store = _store(settings, writer=True)
            assert store._recorder is not None  # noqa: SLF001  # what no one else may see is what is tested
            with store._recorder.datastore.transaction(commit=True) as cursor:  # noqa: SLF001  # as above
                for pragma, expected in (("synchronous", 2), ("journal_mode", "wal"), ("query_only", 0)):
                    cursor.execute(f"PRAGMA {pragma}")
                    assert cursor.fetchone()[0] == expected
            store.close()

    def test_sqlite_readers_cannot_write(self, tmp_path: Path) -> None:
        """No connection that reads the log can write to it, and a reading log appends nothing."""
        with database_settings("sqlite", tmp_path) as settings:
            store = _store(settings, writer=False)
            with (
                pytest.raises(Exception, match="readonly database"),
                store._reading.transaction(commit=True) as cursor,  # noqa: SLF001  # what no one else may see
            ):
                cursor.execute("INSERT INTO cases VALUES ('APP-1', 'C1')")
            with pytest.raises(LogUnavailable, match="only reads"):
                store.inserting([first(visit())], [b"link"]).__enter__()
            assert store.head() == 0
            store.close()

    @pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
    def test_postgres_without_durability_is_refused(self, tmp_path: Path, setting: str) -> None:
        """A server that would lose what it acknowledged is refused at the start."""
        with database_settings("postgres", tmp_path) as settings:
            migrate(storage_of(settings))
            _set_on_server(settings, setting, "off")
            try:
                with pytest.raises(UnsafeDatabase, match=setting):
                    open_event_log(storage_of(settings), settings)
            finally:
                _set_on_server(settings, setting, "on")
            open_event_log(storage_of(settings), settings).close()

    @pytest.mark.first_start
    def test_errors_of_the_database_stay_inside(self, settings: Settings) -> None:
        """A log whose tables are missing says that it is unavailable, in our words."""
        log = open_event_log(storage_of(settings), settings)
        attempts = (
            log.head,
            log.read_all,
            lambda: log.find([("a", "b")]),
            lambda: append(log, [first(visit())]),
        )
        for attempt in attempts:
            with pytest.raises(JourneyError) as failure:
                attempt()
            assert isinstance(failure.value, LogUnavailable)
        log.close()


def _store(settings: Settings, *, writer: bool) -> SQLiteStore:
    storage = storage_of(settings)
    migrate(storage)
    return SQLiteStore(storage.file("log"), 1.0, writer=writer)


def _set_on_server(settings: Settings, setting: str, value: str) -> None:
    assert settings.database is not None
    with psycopg.connect(settings.database, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET {setting} = {value}".encode())
        connection.execute("SELECT pg_reload_conf()")
    deadline = time.monotonic() + SOON
    while sql(settings, f"SHOW {setting}") != [(value,)]:
        assert time.monotonic() < deadline, f"the server does not take {setting} = {value}"
