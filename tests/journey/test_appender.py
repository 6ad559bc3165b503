"""The writer: what becomes of events that are sent again, of case numbers, and of batches."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from journey import case_numbers
from journey.appender import Appended
from journey.errors import (
    BatchAborted,
    CaseOfAnotherCustomer,
    CaseRequired,
    EventIdReused,
    IllegalTransition,
    StreamMoved,
)
from journey.event_log import EventLog
from journey.events import Version
from journey.settings import Settings
from tests.facts import NOON, event, submitted, visit
from tests.journey.moves import approved, started
from tests.journey.writing import Writer, accept, owners, send, writing


@pytest.fixture
def appender(log: EventLog, settings: Settings) -> Iterator[Writer]:
    """Give a running writer."""
    with writing(log, settings) as found:
        yield found


class TestDuplicates:
    def test_sent_by_many_at_once(self, appender: Writer, log: EventLog) -> None:
        """The same event sent 200 times at once is one event, and all get the one answer."""
        told = submitted("C1", id="the-one")
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: accept(appender, told)[0], range(200)))

        assert [answer.duplicate for answer in answers].count(False) == 1
        assert len({answer._replace(duplicate=True) for answer in answers}) == 1
        assert [each.id for each in log.read_all()] == ["the-one"]
        assert appender.counts.appended == 1
        assert appender.counts.duplicates == 199

    def test_twice_in_one_batch(self, appender: Writer, log: EventLog) -> None:
        """An event that is told twice in a batch is there once."""
        told = submitted("C1")
        one, two, three = accept(appender, told, visit("C1"), told)

        assert (one.duplicate, three.duplicate) == (False, True)
        assert one._replace(duplicate=True) == three
        assert two.version == 2
        assert len(log.read_all()) == 2

    @pytest.mark.parametrize("together", [True, False])
    def test_id_reused(self, appender: Writer, log: EventLog, *, together: bool) -> None:
        """The same id with other content is refused, in the same batch and for ever after."""
        told, other = visit("C1", id="the-one"), visit("C2", id="the-one")
        if together:
            _, refused = send(appender, told, other)
        else:
            accept(appender, told)
            (refused,) = send(appender, other)

        assert isinstance(refused, EventIdReused)
        assert [each.stream_id for each in log.read_all()] == ["C1"]

    @pytest.mark.parametrize(
        "change",
        [
            {"stream_id": "C2"},
            {"time": "2026-11-20T12:00:01+00:00"},
            {"channel": "phone"},
            {"attributes": {"xnote": "other"}},
            {"case": "APP-2"},
        ],
    )
    def test_every_difference_counts(self, appender: Writer, change: dict[str, Any]) -> None:
        """Whatever differs from what was recorded, it is another event under a used id."""
        told = submitted("C1", case="APP-1")
        accept(appender, told)
        (refused,) = send(appender, told._replace(**change))

        assert isinstance(refused, EventIdReused)

    def test_same_id_of_another_source(self, appender: Writer) -> None:
        """Sources number their events for themselves."""
        assert not accept(appender, visit(id="1", source="/a"))[0].duplicate
        assert not accept(appender, visit(id="1", source="/b"))[0].duplicate

    def test_answer_does_not_change(self, appender: Writer) -> None:
        """Sent again after others, unlawful by now, an event gets the answer that it got."""
        (first_answer,) = accept(appender, submitted("C1", id="the-one"))
        assert first_answer.case is not None
        accept(appender, started(first_answer.case))
        (again,) = accept(appender, submitted("C1", id="the-one"))
        (with_number,) = accept(appender, submitted("C1", id="the-one", case=first_answer.case))

        assert again == with_number == first_answer._replace(duplicate=True)

    def test_expected_version_does_not_refuse_a_duplicate(self, appender: Writer) -> None:
        """Who sends the same event with the same expectation again gets the first answer."""
        told = visit("C1")
        accept(appender, told, expected_version=Version(0))

        assert accept(appender, told, expected_version=Version(0))[0].duplicate


class TestCaseNumbers:
    def test_repeat_gives_the_same(self, appender: Writer) -> None:
        """The number that an event was given belongs to the event."""
        told = submitted("C1")
        (one,), (two,) = accept(appender, told), accept(appender, told)

        assert one.case == two.case == case_numbers.number("application", told.source, told.id, NOON.date())

    @pytest.mark.parametrize("owner", ["C1", "C2"])
    @pytest.mark.parametrize("together", [True, False])
    def test_collision(self, appender: Writer, log: EventLog, owner: str, *, together: bool) -> None:
        """A number that is taken, by whomever, is not given again: the event gets the next one."""
        told = submitted("C1")
        numbers = [
            case_numbers.number("application", told.source, told.id, NOON.date(), attempt)
            for attempt in range(3)
        ]
        others = [submitted(owner, case=number) for number in numbers[:2]]
        if together:
            *_, answer = accept(appender, *others, told)
        else:
            accept(appender, *others)
            (answer,) = accept(appender, told)

        assert answer.case == numbers[2]
        assert owners(log, numbers) == {numbers[0]: owner, numbers[1]: owner, numbers[2]: "C1"}
        assert accept(appender, told)[0].case == numbers[2]

    @pytest.mark.parametrize("mode", ["strict", "record"])
    @pytest.mark.parametrize("together", [True, False])
    def test_of_another_customer(self, appender: Writer, log: EventLog, mode: str, *, together: bool) -> None:
        """A case has one owner: another customer's event cannot open it again."""
        one, two = submitted("C1", case="APP-1"), submitted("C2", case="APP-1")
        if together:
            *_, refused = send(appender, one, two, mode=mode)
        else:
            accept(appender, one)
            (refused,) = send(appender, two, mode=mode)

        assert isinstance(refused, CaseOfAnotherCustomer)
        assert [each.stream_id for each in log.read_all()] == ["C1"]

    def test_needed(self, appender: Writer) -> None:
        """An event that goes on with a case must name it."""
        (refused,) = send(appender, event("review.approved", {}))

        assert isinstance(refused, CaseRequired)


class TestAtomic:
    def test_all_or_nothing(self, appender: Writer, log: EventLog) -> None:
        """One refused event refuses all of its batch, and leaves no trace with its neighbours."""
        batch = [visit("C1"), submitted("C1", case="APP-1"), approved("APP-1"), visit("C2")]
        outcomes = send(appender, *batch, atomic=True)

        assert [type(each) for each in outcomes] == [
            BatchAborted,
            BatchAborted,
            IllegalTransition,
            BatchAborted,
        ]
        assert log.read_all() == []
        assert [each.version for each in accept(appender, batch[0], submitted("C2", case="APP-1"))] == [1, 1]

    def test_all(self, appender: Writer, log: EventLog) -> None:
        """A batch in which nothing is refused is written whole, at neighbouring positions."""
        answers = accept(appender, *(visit(f"C{number}") for number in range(5)), atomic=True)

        assert [each.position for each in answers] == [each.position for each in log.read_all()]

    @pytest.mark.parametrize("atomic", [True, False])
    def test_validate_only(self, appender: Writer, log: EventLog, *, atomic: bool) -> None:
        """What is only validated is decided like the real thing, and not written."""
        accept(appender, submitted("C1", case="APP-1", id="known"))
        batch = [started("APP-1"), approved("APP-1"), submitted("C1", case="APP-1", id="known")]
        answers = accept(appender, *batch, atomic=atomic, validate_only=True)
        refused = send(appender, visit("C3"), approved("APP-1"), atomic=atomic, validate_only=True)

        assert [(each.version, each.position, each.duplicate) for each in answers] == [
            (2, None, False),
            (3, None, False),
            (1, log.head(), True),
        ]
        assert isinstance(refused[0], BatchAborted if atomic else Appended)
        assert isinstance(refused[1], IllegalTransition)
        assert len(log.read_all()) == 1
        assert not accept(appender, batch[0])[0].duplicate

    def test_expected_version(self, appender: Writer) -> None:
        """An expectation that the stream does not meet refuses the event, and tells where the stream is."""
        accept(appender, visit("C1"), visit("C1"))
        (refused,) = send(appender, visit("C1"), expected_version=Version(1))
        (answer,) = accept(appender, visit("C1"), expected_version=Version(2))

        assert isinstance(refused, StreamMoved)
        assert (refused.expected, refused.actual) == (1, 2)
        assert answer.version == 3
