"""Processes that share a writer: one writes for all, and nobody's event is lost or doubled when it ends."""

import asyncio
import fcntl
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from journey.appender import Appended, Appender
from journey.errors import EventIdReused, IllegalTransition, JourneyError, QueueFull
from journey.event_log import EventLog, open_event_log
from journey.events import Event, Position
from journey.handing_over import WriterFailed
from journey.settings import Settings
from journey.shared_appender import SharedAppender
from journey.storage import storage_of
from journey.submissions import Outcome, Submission
from tests import loops
from tests.databases import migrated_settings
from tests.facts import submitted, visit
from tests.journey.moves import approved, started
from tests.journey.specs import PROCESSES
from tests.journey.writing import SOON, Writer, accept, send, until, utc_now


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Settings]:
    """Give settings on a migrated PostgreSQL database."""
    with migrated_settings("postgres", tmp_path / "data") as settings:
        yield settings


class Sharing:
    """One of the processes that share a writer."""

    def __init__(self, settings: Settings, directory: Path, *, most_waiting: int = 1_000) -> None:
        self.log: EventLog = open_event_log(storage_of(settings), settings)
        self.own = Appender(self.log, PROCESSES, settings, utc_now)
        self.shared = SharedAppender(self.own, directory, most_waiting)
        self.writer = Writer(self.shared)

    def vanish(self) -> None:
        """End as a process does that is killed: its connections and its lock go, and nothing is told."""
        loops.call(self.leave)

    def leave(self) -> None:
        """Vanish, in the loop."""
        self.shared._leave()  # noqa: SLF001  # what the system would do

    def stop(self) -> None:
        """End in order."""
        loops.wait_for(self.shared.stop())
        self.log.close()


@contextmanager
def sharing(settings: Settings, directory: Path, count: int = 2) -> Iterator[list[Sharing]]:
    """Run so many processes; the first one writes."""
    with ExitStack() as stack:
        processes = [Sharing(settings, directory) for _ in range(count)]
        for each in reversed(processes):
            stack.callback(each.stop)
        accept(processes[0].writer, visit("C0"))
        yield processes


def stored(settings: Settings) -> list[tuple[str, str, int]]:
    """Return stream, id and version of every event, in the order of the log."""
    log = open_event_log(storage_of(settings), settings, writer=False)
    events = log.read_all(Position(0), 10_000)
    log.close()
    return [(each.stream_id, each.id, each.version) for each in events]


class TestOneWrites:
    def test_for_all(self, postgres: Settings, tmp_path: Path) -> None:
        """What others take is written by the one that writes, upon what it knows, without any conflict."""
        with sharing(postgres, tmp_path, 3) as (one, two, three):
            accept(two.writer, submitted("C1", case="APP-1"))
            accept(three.writer, started("APP-1"))
            (answer,) = accept(two.writer, approved("APP-1"))

            assert [each.shared.writes for each in (one, two, three)] == [True, False, False]
            assert (answer.version, answer.position, answer.case) == (3, 4, "APP-1")
            assert (one.own.counts.appended, one.own.counts.conflicts) == (4, 0)
            assert two.own.counts.appended == three.own.counts.appended == 0
            assert two.shared.counts.waiting == 0

    def test_refusals(self, postgres: Settings, tmp_path: Path) -> None:
        """What the rules forbid is refused to those who handed it over as it is to everybody."""
        with sharing(postgres, tmp_path) as (_, two):
            accept(two.writer, submitted("C1", case="APP-1", id="once"))
            refused = send(two.writer, approved("APP-1"), visit("C1"), visit("C1", id="once"))

            assert isinstance(refused[0], IllegalTransition)
            assert list(refused[0].allowed) == ["application.withdrawn", "review.started"]
            assert isinstance(refused[1], Appended)
            assert isinstance(refused[2], EventIdReused)

    def test_more_than_may_wait(self, postgres: Settings, tmp_path: Path) -> None:
        """Each process bounds what waits of its own; an empty queue takes anything."""
        narrow = Sharing(postgres, tmp_path, most_waiting=2)
        with sharing(postgres, tmp_path) as _:
            first = narrow.writer.submit(Submission([visit() for _ in range(3)]))
            try:
                with pytest.raises(QueueFull):
                    loops.call(lambda: _both(narrow))
            finally:
                assert len(first.result(SOON)) == 3
                narrow.stop()

    def test_a_defect_of_the_writer(self, postgres: Settings, tmp_path: Path) -> None:
        """A defect fails whoever handed over what meets it, and not the connection of all others."""
        with sharing(postgres, tmp_path) as (_, two):
            accept(two.writer, visit())
            unreadable = visit()._replace(time="no time at all")
            with pytest.raises(WriterFailed):
                send(two.writer, unreadable)

            accept(two.writer, visit())
            assert not two.shared.writes

    def test_no_place_to_share(self, postgres: Settings, tmp_path: Path) -> None:
        """Where the directory is of no use, a process writes by itself, and says so in its log."""
        too_long = tmp_path / ("d" * 120)
        too_long.mkdir()
        for directory in (too_long, tmp_path / "missing"):
            alone = Sharing(postgres, directory)
            try:
                accept(alone.writer, visit())
                assert alone.shared.writes
            finally:
                alone.stop()


def _both(narrow: Sharing) -> None:
    """Submit more than may wait, in one turn of the loop, so that nothing of it is answered in between."""
    futures = [narrow.shared.submit(Submission([visit(), visit()])) for _ in range(2)]
    for each in futures:
        each.cancel()


class TestItEnds:
    def test_in_order(self, postgres: Settings, tmp_path: Path) -> None:
        """When the one that writes stops, another one takes its place with the next event."""
        with sharing(postgres, tmp_path, 3) as (one, two, three):
            accept(three.writer, submitted("C1", case="APP-1"))
            loops.wait_for(one.shared.stop())
            accept(two.writer, started("APP-1"))
            (answer,) = accept(three.writer, approved("APP-1"))

            assert answer.version == 3
            assert two.shared.writes
            assert not three.shared.writes

    @pytest.mark.parametrize("ends", ["stop", "vanish"])
    def test_amid_work(self, postgres: Settings, tmp_path: Path, ends: str) -> None:
        """Whatever was under way is answered, and is in the log once, however the one that writes ends."""
        sent: dict[str, Event] = {}
        with sharing(postgres, tmp_path, 3) as (one, *others):

            def work(number: int) -> list[Outcome]:
                told = [visit(f"C{number % 5}") for _ in range(40)]
                sent.update({each.id: each for each in told})
                answers: list[Outcome] = []
                for each in told:
                    answers += send(others[number % 2].writer, each)
                return answers

            with ThreadPoolExecutor(8) as pool:
                told = [pool.submit(work, number) for number in range(8)]
                until(lambda: one.own.counts.appended > 100, "the first appends")
                if ends == "stop":
                    loops.wait_for(one.shared.stop())
                else:
                    one.vanish()
                answers = [answer for each in told for answer in each.result(SOON)]
        there = stored(postgres)

        assert not [each for each in answers if isinstance(each, JourneyError)]
        assert sorted(id_ for _, id_, _ in there if id_ in sent) == sorted(sent)
        assert len({id_ for _, id_, _ in there}) == len(there)
        assert {
            (each.stream_id, each.id, each.version) for each in answers if isinstance(each, Appended)
        } <= set(there)
        assert others[0].shared.writes != others[1].shared.writes

    def test_whoever_writes_hangs_up_at_once(self, postgres: Settings, tmp_path: Path) -> None:
        """A connection that ends before anything crosses it is not taken for one that somebody answers."""
        waiting = Sharing(postgres, tmp_path)

        async def hang_up() -> list[Outcome]:
            lock = os.open(tmp_path / "writer.lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            met = asyncio.Semaphore(0)

            def meet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.transport.abort()
                met.release()

            server = await asyncio.start_unix_server(meet, tmp_path / "writer.socket")
            answer = waiting.shared.submit(Submission([visit("C1")]))
            for _ in range(5):
                await asyncio.wait_for(met.acquire(), SOON)
            server.close()
            os.close(lock)
            return await asyncio.wait_for(answer, SOON)

        try:
            (outcome,) = loops.wait_for(hang_up())
        finally:
            waiting.stop()

        assert isinstance(outcome, Appended)
        assert waiting.shared.writes

    def test_the_answer_was_lost(self, postgres: Settings, tmp_path: Path) -> None:
        """An event that was written, but not answered, is answered as known by the next one that writes."""
        with sharing(postgres, tmp_path) as (one, two):
            accept(two.writer, visit("C1"))
            told = visit("C1")
            before = one.own.counts.appended

            async def lose() -> list[Outcome]:
                answer = two.shared.submit(Submission([told]))
                while one.own.counts.appended == before:  # noqa: ASYNC110  # turn by turn, not a while
                    await asyncio.sleep(0)
                one.leave()
                return await asyncio.wait_for(answer, SOON)

            (outcome,) = loops.wait_for(lose())

        assert isinstance(outcome, Appended)
        assert (outcome.duplicate, outcome.version) == (True, 2)
        assert [version for stream, _, version in stored(postgres) if stream == "C1"] == [1, 2]
