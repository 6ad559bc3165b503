"""What crosses from one process to another arrives as it left."""

import asyncio
import inspect
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey import errors
from journey.errors import JourneyError, Refused
from journey.events import Event, Version
from journey.handing_over import (
    Frames,
    WriterFailed,
    read_outcomes,
    read_submission,
    write_outcomes,
    write_submission,
)
from journey.submissions import Appended, Submission
from journey.touchpoints import TOUCHPOINTS
from journey.words import Words
from tests.facts import NOON, event, submitted, visit
from tests.strategies import payloads

_EXAMPLES: dict[Any, Any] = {
    str: "APP-1",
    str | None: None,
    int: 3,
    Sequence[str]: ["a", "b"],
    Sequence[tuple[str, Words]]: [("ground", Words("why", "原因"))],
    date | None: date(2026, 11, 20),
}
_NEVER_OF_AN_EVENT = {"DataDirectoryInUse", "UnusableProofKey"}


def an_error(kind: type[JourneyError]) -> JourneyError:
    """Return an error of a kind, with something in each of its fields."""
    fields: dict[str, Any] | None = getattr(kind, "__dataclass_fields__", None)
    if fields is None:
        return kind("what went wrong")
    return kind(**{name: _EXAMPLES[field.type] for name, field in fields.items()})


def appendable() -> list[type[JourneyError]]:
    """List the errors that can become of an event."""
    known = [
        each for each in vars(errors).values() if inspect.isclass(each) and issubclass(each, JourneyError)
    ]
    return [each for each in known if each.__name__ not in _NEVER_OF_AN_EVENT]


def events() -> st.SearchStrategy[Event]:
    """Draw events of every type."""
    return st.sampled_from(sorted(TOUCHPOINTS)).flatmap(
        lambda type_: payloads(type_).map(
            lambda payload: event(type_, payload, case="X-1", correlationid="s")
        )
    )


class TestSubmissions:
    @given(events())
    def test_events_of_every_type(self, told: Event) -> None:
        """An event arrives with its typed content and its data."""
        assert list(read_submission(write_submission(Submission([told]))).events) == [told]

    def test_how_they_are_wanted(self) -> None:
        """What is asked of the writer besides the events arrives too, and their order."""
        sent = Submission(
            [visit("C1"), submitted("C2")], "record", Version(7), atomic=True, validate_only=True
        )

        assert read_submission(write_submission(sent)) == sent

    def test_what_the_service_adds_to_events(self) -> None:
        """What an event was decided with already, and a time far from UTC, arrive as they were."""
        told = visit("客户-1")._replace(deviation="in -, expected nothing", process="loan@1")
        told = told._replace(
            time="2026-11-20T17:45:00.123456+05:45", occurred_at=NOON.replace(microsecond=123456)
        )

        assert list(read_submission(write_submission(Submission([told]))).events) == [told]


class TestOutcomes:
    def test_what_was_appended(self) -> None:
        """Each outcome arrives in its place."""
        outcomes = [
            Appended("e1", "C1", "interaction.recorded", None, Version(1), None, None, duplicate=False),
            Appended("e2", "C1", "application.submitted", "APP-1", Version(2), None, "late", duplicate=True),
        ]

        assert read_outcomes(write_outcomes(outcomes)) == outcomes

    @pytest.mark.parametrize("kind", appendable(), ids=lambda kind: kind.__name__)
    def test_every_error(self, kind: type[JourneyError]) -> None:
        """An error arrives as one of its kind that says the same, by itself and among outcomes."""
        sent = an_error(kind)
        alone = read_outcomes(write_outcomes(sent))
        among = read_outcomes(write_outcomes([sent]))

        assert isinstance(among, list)
        for arrived in (alone, *among):
            assert isinstance(arrived, kind)
            assert (str(arrived), vars(arrived)) == (str(sent), vars(sent))

    def test_errors_that_are_looked_at(self) -> None:
        """Refusals are among those that are tried here, with fields and without."""
        tried = appendable()

        assert len([each for each in tried if issubclass(each, Refused)]) >= 12
        assert errors.LogUnavailable in tried

    def test_a_defect(self) -> None:
        """A defect of the process that writes is told as that, without its words."""
        assert isinstance(read_outcomes(write_outcomes(KeyError("secret"))), WriterFailed)


class TestFrames:
    @given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.binary(max_size=50))), st.integers(1, 40))
    def test_pieces_of_any_size(self, sent: list[tuple[int, bytes]], size: int) -> None:
        """However a connection cuts what it carries, frames arrive whole and in order."""
        wire, arrived = bytearray(), list[tuple[int, bytes]]()

        class Wire(asyncio.Transport):
            def write(self, data: bytes | bytearray | memoryview) -> None:
                wire.extend(data)

            def is_closing(self) -> bool:
                return False

        async def send() -> None:
            frames = Frames(lambda *_: None, lambda _: None)
            frames.connection_made(Wire())
            for number, content in sent:
                frames.send(number, content)
            await asyncio.sleep(0)

        asyncio.run(send())
        receiving = Frames(lambda _, number, content: arrived.append((number, content)), lambda _: None)
        for start in range(0, len(wire), size):
            receiving.data_received(bytes(wire[start : start + size]))

        assert arrived == sent
