"""Specs of decisions: given what happened, when something is told, then it is recorded so, or refused."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Self

from journey.errors import Refused
from journey.events import Event
from journey.journey import Journey, LifecycleMode, decide, evolve, initial
from journey.processes import Processes, load_definitions

PROCESSES = load_definitions()


@dataclass(frozen=True)
class Decision:
    """What was decided on an event: it is recorded, or refused."""

    told: Event
    outcome: Event | Refused

    def then(self, **changes: str | None) -> Self:
        """Check that the event is recorded as it was told, apart from `changes`."""
        assert self.outcome == self.told._replace(**changes)  # type: ignore[arg-type]  # attributes that are text
        return self

    def refused(self, error: type[Refused], **fields: object) -> Self:
        """Check that the event is refused with an error, and what the error tells."""
        assert isinstance(self.outcome, error)
        assert fields == {name: getattr(self.outcome, name) for name in fields}
        return self


@dataclass(frozen=True)
class Given:
    """A journey in which something has happened."""

    journey: Journey

    def when(
        self,
        told: Event,
        mode: LifecycleMode = "strict",
        *,
        taken: frozenset[str] = frozenset(),
        processes: Processes = PROCESSES,
    ) -> Decision:
        """Decide on an event; check that nothing is changed by that, and that it comes out the same again."""
        before = deepcopy((self.journey, told))
        decision = Decision(told, _outcome(self.journey, told, mode, taken, processes))

        assert (self.journey, told) == before
        again = _outcome(self.journey, told, mode, taken, processes)
        assert again == decision.outcome or isinstance(again, type(decision.outcome))

        return decision


def given(*history: Event, mode: LifecycleMode = "strict", processes: Processes = PROCESSES) -> Given:
    """Let events happen to a customer who was never met."""
    journey = initial()
    for told in history:
        decided = decide(journey, told, mode, processes)
        journey = evolve(journey, decided)
    return Given(journey)


def _outcome(
    journey: Journey, told: Event, mode: LifecycleMode, taken: frozenset[str], processes: Processes
) -> Event | Refused:
    try:
        return decide(journey, told, mode, processes, taken)
    except Refused as error:
        return error
