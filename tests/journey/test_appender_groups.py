"""The writer: events of many requests share a commit, and nothing else; its queue is bounded."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from journey.appender import Appended, Submission
from journey.errors import (
    BatchAborted,
    CaseOfAnotherCustomer,
    DamagedEvent,
    IllegalTransition,
    QueueFull,
    Unstorable,
)
from journey.event_log import EventLog
from journey.events import Version
from journey.settings import Settings
from tests.facts import NOON, submitted, visit
from tests.journey.moves import approved
from tests.journey.writing import SOON, Writer, accept, send, sql, taken, writing


@pytest.fixture
def appender(log: EventLog, settings: Settings) -> Iterator[Writer]:
    """Give a running writer."""
    with writing(log, settings) as found:
        yield found


class TestGroup:
    def test_neighbours(self, log: EventLog, settings: Settings) -> None:
        """Refused, unstorable, aborted, damaged and broken events share a commit with good ones, no more."""
        sql(settings, "INSERT INTO stored_events (originator_id, originator_version, topic, state) "
                      "VALUES ('damaged', 1, 'interaction.recorded', 'not json')")  # fmt: skip
        broken = visit("C6")._replace(attributes={"x": object()})
        told: list[Submission] = [
            Submission(events=[visit("C1")]),
            Submission(events=[approved("APP-9", "C2")]),
            Submission(events=[visit("C3"), approved("APP-9", "C3")], atomic=True),
            Submission(events=[visit("damaged"), visit("C4")]),
            Submission(events=[broken]),
            Submission(events=[visit("a\x00b"), visit("C7")]),
            Submission(events=[visit("C8"), visit("C8")]),
            Submission(events=[submitted("C9", case="APP-1")]),
            Submission(events=[submitted("C1", case="APP-1")]),
        ]
        with writing(log, settings, start=False) as appender:
            futures = [appender.submit(each) for each in told]
            appender.counts.groups = 0
        outcomes = [_kinds(future) for future in futures]
        nul = Appended if settings.database is None else Unstorable

        assert outcomes == [
            [Appended],
            [IllegalTransition],
            [BatchAborted, IllegalTransition],
            [DamagedEvent, Appended],
            [TypeError],
            [nul, Appended],
            [Appended, Appended],
            [Appended],
            [CaseOfAnotherCustomer],
        ]

    def test_one_commit(self, log: EventLog, settings: Settings) -> None:
        """Events that wait at the same time are committed at once, with their refused neighbours left out."""
        with writing(log, settings, start=False) as appender:
            futures = [appender.submit(Submission(events=[visit(f"C{number}")])) for number in range(7)]
            refused = appender.submit(Submission(events=[approved("APP-1")]))

        assert all(taken(future.result(SOON)) for future in futures)
        assert isinstance(refused.result(SOON)[0], IllegalTransition)
        assert appender.counts.groups == 1
        assert appender.counts.waiting == 0

    def test_many_share_few_commits(self, log: EventLog, settings: Settings) -> None:
        """Of many that wait for a database beside this process half go first: there is work meanwhile."""
        with writing(log, settings, start=False) as appender:
            futures = [appender.submit(Submission(events=[visit(f"C{number}")])) for number in range(50)]

        assert all(taken(future.result(SOON)) for future in futures)
        assert appender.counts.groups == (1 if settings.database is None else 2)  # 50; 25, 25

    def test_groups_are_bounded(self, log: EventLog, settings: Settings) -> None:
        """No commit holds more events than it may; a batch that is larger by itself goes alone."""
        small = settings.model_copy(update={"group_events": 10})
        with writing(log, small, start=False) as appender:
            sizes = (4, 6, 1, 25, 3, 8)
            told = [Submission(events=[visit("C1") for _ in range(size)]) for size in sizes]
            futures = [appender.submit(each) for each in told]

        assert all(taken(future.result(SOON)) for future in futures)
        assert appender.counts.groups == 5  # 4 + 6, 1, 25, 3, 8
        assert [each.version for each in log.read_stream("C1")] == list(range(1, 48))

    def test_damage_is_kept_to_its_stream(self, log: EventLog, settings: Settings, appender: Writer) -> None:
        """A stream with a damaged event takes no more events, and says which one it is."""
        accept(appender, visit("C1"))
        sql(settings, "INSERT INTO stored_events (originator_id, originator_version, topic, state) "
                      "VALUES ('C1', 2, 'interaction.recorded', '{}')")  # fmt: skip
        for _ in range(2):
            refused, answer = send(appender, visit("C1"), visit("C2"))
            assert isinstance(refused, DamagedEvent)
            assert isinstance(answer, Appended)

        assert f"position {log.read_stream('C1', Version(1))[0].position}" in str(refused)


class TestQueue:
    def test_full(self, log: EventLog, settings: Settings) -> None:
        """Beyond its bound the queue takes no more, and loses nothing of what it took."""
        small = settings.model_copy(update={"queue_events": 10})
        with writing(log, small, start=False) as appender:
            kept = [appender.submit(Submission(events=[visit("C1"), visit("C2")])) for _ in range(5)]
            for _ in range(3):
                with pytest.raises(QueueFull):
                    appender.submit(Submission(events=[visit("C3")]))
            assert appender.counts.waiting == 10

        assert all(len(taken(future.result(SOON))) == 2 for future in kept)
        assert {each.stream_id for each in log.read_all()} == {"C1", "C2"}
        assert appender.counts.waiting == 0

    def test_empty_queue_takes_a_large_batch(self, log: EventLog, settings: Settings) -> None:
        """A batch above the bound is taken when nothing else waits."""
        small = settings.model_copy(update={"queue_events": 10, "group_events": 5})
        with writing(log, small) as appender:
            assert len(accept(appender, *(visit("C1") for _ in range(30)))) == 30

    def test_stop_writes_what_waits(self, log: EventLog, settings: Settings) -> None:
        """Who stops writes what waits first, behind requests that were given up too; then takes no more."""
        small = settings.model_copy(update={"group_events": 1})
        with writing(log, small, start=False) as appender:
            given_up = appender.submit(Submission(events=[visit("C1")]))
            waiting = [appender.submit(Submission(events=[visit("C2")])) for _ in range(3)]
            assert given_up.cancel()

        assert all(taken(future.result(0)) for future in waiting)
        assert {each.stream_id for each in log.read_all()} == {"C2"}
        with pytest.raises(QueueFull):
            appender.submit(Submission(events=[visit("C3")]))

    def test_nothing(self, appender: Writer) -> None:
        """An empty batch has no outcomes."""
        assert send(appender) == []


class TestTime:
    def test_never_goes_back(self, log: EventLog, settings: Settings) -> None:
        """When the clock jumps back, what is recorded next is not recorded earlier than what was."""
        jumps = itertools.cycle([0, 5, -3600, 1, -86400 * 400, 7, 0])
        moments = itertools.accumulate(
            jumps, lambda moment, jump: moment + timedelta(seconds=jump), initial=NOON
        )

        def clock() -> datetime:
            return next(moments)

        with writing(log, settings, clock) as appender:
            for _ in range(30):
                accept(appender, visit("C1"))
        recorded = [each.recorded_at for each in log.read_all()]

        assert recorded == sorted(recorded)
        assert recorded[0] == NOON
        assert recorded[-1] > NOON


class TestConcurrency:
    def test_versions_are_contiguous(self, appender: Writer, log: EventLog) -> None:
        """Many threads write to few customers: no version is missing or double, and every answer is true."""

        def write(writer: int) -> list[Appended]:
            return [accept(appender, visit(f"C{(writer + number) % 3}"))[0] for number in range(25)]

        with ThreadPoolExecutor(12) as pool:
            answers = [answer for written in pool.map(write, range(12)) for answer in written]
        stored = {(each.stream_id, each.version): (each.position, each.id) for each in log.read_all()}

        assert stored == {(each.stream_id, each.version): (each.position, each.id) for each in answers}
        for customer in ("C0", "C1", "C2"):
            versions = [each.version for each in log.read_stream(customer)]
            assert versions == list(range(1, len(versions) + 1))


def _kinds(future: Any) -> list[type]:
    try:
        return [type(each) for each in future.result(SOON)]
    except TypeError as error:
        return [type(error)]
