"""What is asked of the writer, and what it answers."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from journey.errors import JourneyError
from journey.events import Event, Position, Version
from journey.journey import LifecycleMode


class Submission(NamedTuple):
    """What one request wants appended."""

    events: Sequence[Event]
    mode: LifecycleMode = "strict"
    expected_version: Version | None = None
    """The version that the customer's stream must be at before; only with events of one customer."""
    atomic: bool = False
    """Whether one refused event refuses all."""
    validate_only: bool = False


class Appended(NamedTuple):
    """The answer for an event that is in the log, now or already before."""

    id: str
    stream_id: str
    type: str
    case: str | None
    version: Version
    position: Position | None
    """None where the event was only validated."""
    deviation: str | None
    duplicate: bool


Outcome = Appended | JourneyError


class Waiting(NamedTuple):
    """A submission that has no answer yet."""

    submission: Submission
    future: "asyncio.Future[list[Outcome]]"

    def tell(self, told: list[Outcome] | BaseException) -> None:
        """Give whoever waits the outcomes, or what there is in place of them; unless they have gone away."""
        if self.future.cancelled():
            return
        if isinstance(told, BaseException):
            self.future.set_exception(told)
        else:
            self.future.set_result(told)


@dataclass(slots=True)
class Counts:
    """What the writer has done since it started."""

    groups: int = 0
    appended: int = 0
    duplicates: int = 0
    refused: int = 0
    deviations: int = 0
    conflicts: int = 0
    waiting: int = 0
    """Events that wait for the writer now."""

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count what became of some events."""
        for outcome in outcomes:
            if isinstance(outcome, JourneyError):
                self.refused += 1
            elif outcome.duplicate:
                self.duplicates += 1
            elif outcome.position is not None:
                self.appended += 1
                self.deviations += outcome.deviation is not None


class Writer(Protocol):
    """Whoever appends: this process, or one of those that share the work."""

    @property
    def counts(self) -> Counts:
        """What it has done since it started."""

    def submit(self, submission: Submission) -> "asyncio.Future[list[Outcome]]":
        """Queue a submission; the future gives one outcome per event, in order.

        Raises `QueueFull` when more events wait than may, at once or by the future; an empty queue takes a
        submission of any size.
        """

    async def stop(self) -> None:
        """Take no more, and return when everything that waits is written."""
