"""The writer on PostgreSQL, where other processes write too: none is refused for what it could not know."""

import asyncio
import itertools
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from journey import case_numbers
from journey.appender import Appended, Submission
from journey.errors import (
    EventIdReused,
    IllegalTransition,
    JourneyError,
    LogUnavailable,
)
from journey.event_log import Entry, EventKey, EventLog, LogWriter, Newer, Row, open_event_log
from journey.event_log.postgres import PostgresStore
from journey.event_log.postgres_writer import PostgresWriter
from journey.events import Event, RecordedEvent
from journey.journey import decide, evolve, initial
from journey.sealing.data_keys import WrappedKey
from journey.settings import Settings
from journey.storage import storage_of
from tests.databases import migrated_settings
from tests.facts import NOON, event, submitted, visit
from tests.journey.moves import approved, started, withdrawn
from tests.journey.specs import PROCESSES
from tests.journey.writing import SOON, Writer, accept, append, first, send, taken, writing


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Settings]:
    """Give settings on a migrated PostgreSQL database."""
    with migrated_settings("postgres", tmp_path) as settings:
        yield settings


@contextmanager
def process(settings: Settings) -> Iterator[tuple[Writer, EventLog]]:
    """Run a writer with a log of its own, as another process has."""
    log = open_event_log(storage_of(settings), settings)
    try:
        with writing(log, settings) as appender:
            yield appender, log
    finally:
        log.close()


class Interrupted(PostgresWriter):
    """The writing side of a log to which another process appends at a chosen moment."""

    def __init__(self, settings: Settings) -> None:
        url = sa.make_url(settings.database or "")
        self.store = PostgresStore(url, 3.0)
        super().__init__(url, self.store, 3.0, 5.0)
        self.before_reading: Callable[[], object] = _nothing
        self.before_finding: Callable[[], object] = _nothing
        self.before_appending: Callable[[Sequence[Entry]], object] = _nothing

    async def newer(self, streams: Mapping[str, int]) -> Newer:
        """Read when the other process is done."""
        await asyncio.to_thread(self.before_reading)
        return await super().newer(streams)

    async def known(self, keys: Collection[EventKey]) -> list[tuple[EventKey, bytes, Row]]:
        """Find when the other process is done."""
        await asyncio.to_thread(self.before_finding)
        return await super().known(keys)

    async def insert(
        self, entries: Sequence[Entry], links: Sequence[bytes], keys: Sequence[WrappedKey]
    ) -> Sequence[int]:
        """Append when the other process is done."""
        await asyncio.to_thread(self.before_appending, entries)
        return await super().insert(entries, links, keys)

    def log(self) -> EventLog:
        """Return the log with this writing side."""
        log = EventLog(self.store)
        log.writer = LogWriter(self)
        return log


def _nothing(*_: object) -> None:
    pass


def once(act: Callable[[], object]) -> Callable[..., None]:
    """Return what acts the first time only."""
    acts = [act]

    def act_once(*_: object) -> None:
        if acts:
            acts.pop()()

    return act_once


class TestTwoProcesses:
    def test_stale_knowledge_refuses_nothing(self, postgres: Settings) -> None:
        """What another process has appended counts, although this one remembers an older state."""
        with process(postgres) as (one, log), process(postgres) as (two, _):
            for number in range(20):
                case = f"APP-{number}"
                accept(one, submitted("C1", case=case))
                accept(two, started(case))
                accept(one, approved(case))
                assert isinstance(send(two, withdrawn(case))[0], IllegalTransition)

        assert [each.version for each in log_of(postgres)] == list(range(1, 61))
        assert one.counts.refused == 0
        assert log is not None

    def test_stale_knowledge_allows_nothing(self, postgres: Settings) -> None:
        """What another process has made unlawful is refused, and found unlawful when it is only validated."""
        with process(postgres) as (one, _), process(postgres) as (two, _):
            for number in range(10):
                case = f"APP-{number}"
                accept(one, submitted("C1", case=case))
                accept(two, withdrawn(case))
                assert isinstance(send(one, started(case), validate_only=True)[0], IllegalTransition)
                accept(two, visit("C1"))
                (answer,) = accept(one, visit("C1"), validate_only=True)
                assert answer.version == 3 * number + 4
                assert isinstance(send(one, started(case))[0], IllegalTransition)

    def test_writers_that_take_turns_hardly_conflict(self, postgres: Settings) -> None:
        """Once another writer was noticed, by its positions alone, journeys are refreshed before deciding."""
        with process(postgres) as (one, _), process(postgres) as (two, _):
            for number in range(60):
                accept((one, two)[number % 2], visit("C1"), visit(f"C{number}"))

        assert [each.version for each in log_of(postgres) if each.stream_id == "C1"] == list(range(1, 62))
        assert one.counts.conflicts + two.counts.conflicts <= 2

    def test_racing(self, postgres: Settings) -> None:
        """Two processes race on the same customers: each version is given once, and the rules hold."""
        customers = [f"C{number}" for number in range(4)]
        with process(postgres) as (one, _), process(postgres) as (two, _):

            def race(racer: int) -> list[tuple[Event, Appended | JourneyError]]:
                writer, told = (one, two)[racer % 2], []
                for number, customer in itertools.product(range(8), customers):
                    case = f"APP-{customer}-{number}"
                    moves = [
                        submitted(customer, case=case),
                        started(case, customer),
                        approved(case, customer),
                    ]
                    told += [(move, send(writer, move)[0]) for move in (*moves, withdrawn(case, customer))]
                return told

            with ThreadPoolExecutor(4) as pool:
                told = [each for raced in pool.map(race, range(4)) for each in raced]
        written = {each.id: each for _, each in told if isinstance(each, Appended)}
        stored = log_of(postgres)

        assert sorted(written) == sorted(each.id for each in stored)
        assert all(isinstance(each, Appended | IllegalTransition) for _, each in told)
        journeys = dict.fromkeys(customers, initial())
        for each in stored:
            journey = journeys[each.stream_id]
            answer = written[each.id]
            assert (each.version, each.position) == (answer.version, answer.position)
            assert each.version == journey.version + 1
            decide(journey, _told_again(each), "strict", PROCESSES)
            journeys[each.stream_id] = evolve(journey, each)
        assert {case.state for each in journeys.values() for case in each.cases.values()} <= {
            "approved",
            "withdrawn",
        }
        assert all(len(each.cases) == 8 for each in journeys.values())

    def test_same_event_through_both(self, postgres: Settings) -> None:
        """An event that a channel sends to two processes at once is one event, and never its own conflict."""
        with process(postgres) as (one, _), process(postgres) as (two, _):
            accept(one, submitted("C1", case="APP-0"))
            for number in range(1, 25):
                told = [submitted("C1", case=f"APP-{number}"), started(f"APP-{number - 1}")]
                barrier = threading.Barrier(2)

                def send_to(
                    writer: Writer, told: list[Event] = told, at: threading.Barrier = barrier
                ) -> list[Appended]:
                    at.wait(SOON)
                    return accept(writer, *told)

                with ThreadPoolExecutor(2) as pool:
                    first_answers, second_answers = pool.map(send_to, (one, two))
                for answers in zip(first_answers, second_answers, strict=True):
                    assert sorted(each.duplicate for each in answers) == [False, True]
                    assert len({each._replace(duplicate=True) for each in answers}) == 1

    @pytest.mark.parametrize("moment", ["before_reading", "before_appending"])
    def test_same_event_between_two_steps(self, postgres: Settings, moment: str) -> None:
        """Whenever the other process is faster with the same event, it is found to be the same event."""
        interrupted = Interrupted(postgres)
        log = interrupted.log()
        with process(postgres) as (other, _), writing(log, postgres) as appender:
            accept(other, submitted("C1", case="APP-1"))
            told = started("APP-1")
            setattr(interrupted, moment, once(lambda: accept(other, told)))
            answers = accept(appender, told, approved("APP-1"))
        log.close()

        assert [each.duplicate for each in answers] == [True, False]
        assert [each.version for each in answers] == [2, 3]

    def test_same_event_between_two_looks(self, postgres: Settings) -> None:
        """Where it was recorded after the stream was read and before keys are, the stream is read again."""
        interrupted = Interrupted(postgres)
        log = interrupted.log()
        with process(postgres) as (other, _), writing(log, postgres) as appender:
            accept(other, submitted("C1", case="APP-1"))
            accept(appender, visit("C1"))
            told = started("APP-1")
            interrupted.before_finding = once(lambda: accept(other, told))
            # The first is refused upon what is at hand, and so the writer looks.
            answers = accept(appender, approved("APP-1"), told)
        log.close()

        assert [each.duplicate for each in answers] == [False, True]
        assert [each.version for each in answers] == [4, 3]

    def test_same_key_for_another_customer(self, postgres: Settings) -> None:
        """The key of an event that another process has appended to a journey at hand holds nobody up."""
        with process(postgres) as (one, _), process(postgres) as (two, _):
            accept(one, visit("C1"))
            accept(two, visit("C1", id="twice"))
            (answer,) = send(one, visit("C2", id="twice"))

            assert isinstance(answer, EventIdReused)
            accept(one, visit("C2"))

    def test_case_number_taken_meanwhile(self, postgres: Settings) -> None:
        """Of two customers for whom one number is drawn at once, the slower gets the next number."""
        interrupted = Interrupted(postgres)
        log = interrupted.log()
        told = submitted("C1")
        number = case_numbers.number("application", told.source, told.id, NOON.date())
        with process(postgres) as (other, _), writing(log, postgres) as appender:
            interrupted.before_appending = once(lambda: accept(other, submitted("C2", case=number)))
            (answer,) = accept(appender, told)
        log.close()

        assert answer.case == case_numbers.number("application", told.source, told.id, NOON.date(), 1)

    def test_who_was_slower_has_the_next_turn(self, postgres: Settings) -> None:
        """A customer to whom others are always faster is written all the same: once, others have to wait."""
        interrupted = Interrupted(postgres)
        log = interrupted.log()
        rival = open_event_log(storage_of(postgres), postgres.model_copy(update={"lock_timeout": 0.2}))
        versions = itertools.count(1)
        waited = []

        def be_faster(_: Sequence[Entry]) -> None:
            try:
                append(rival, [first(visit("hot"), next(versions))])
            except LogUnavailable:
                waited.append("for its turn")

        interrupted.before_appending = be_faster
        told = [submitted("hot", case="APP-1"), visit("C1"), started("APP-1", "hot"), visit("C2")]
        with writing(log, postgres, start=False) as appender:
            batch = appender.submit(Submission(events=told))
            single = appender.submit(Submission(events=[visit("C9")]))
        log.close()
        rival.close()

        assert [answer.version for answer in taken(batch.result(SOON))] == [2, 1, 3, 1]
        assert taken(single.result(SOON))
        assert waited == ["for its turn"]
        assert appender.counts.conflicts == 1

    def test_large_batches_of_two_processes(self, postgres: Settings) -> None:
        """Two processes that write the same customers in large batches hardly decide anything in vain."""
        with process(postgres) as (one, _), process(postgres) as (two, _):

            def send_all(writer: Writer) -> list[Appended]:
                batches = [[visit(f"C{number}") for number in range(250)] for _ in range(12)]
                return [answer for batch in batches for answer in accept(writer, *batch)]

            with ThreadPoolExecutor(2) as pool:
                answers = [answer for told in pool.map(send_all, (one, two)) for answer in told]

        assert sorted(answer.version for answer in answers) == sorted(list(range(1, 25)) * 250)
        assert one.counts.conflicts + two.counts.conflicts <= 4


def log_of(settings: Settings) -> list[RecordedEvent]:
    """Return the whole log."""
    log = open_event_log(storage_of(settings), settings)
    try:
        return log.read_all(limit=10_000)
    finally:
        log.close()


def _told_again(recorded: RecordedEvent) -> Event:
    return event(recorded.type, dict(recorded.data), customer=recorded.stream_id, case=recorded.case)
