"""What a customer's stream says of privacy, and of how long the law wants the data kept."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from journey import lifecycle
from journey.erasure.states import Privacy
from journey.events import RecordedEvent, Version
from journey.journey import Journey, evolve, initial
from journey.touchpoints.customer import (
    CustomerErased,
    CustomerErasureBegun,
    CustomerErasureRequested,
    CustomerHeld,
    CustomerHoldLifted,
    CustomerRestricted,
    CustomerRestrictionLifted,
    PrivacyStep,
)
from journey.touchpoints.touchpoint import Retention
from journey.vocabulary import PrivacyState

TYPES = tuple(
    sorted(
        step.type
        for step in (
            CustomerErased,
            CustomerErasureBegun,
            CustomerErasureRequested,
            CustomerHeld,
            CustomerHoldLifted,
            CustomerRestricted,
            CustomerRestrictionLifted,
        )
    )
)
"""The types of the steps."""


class Asked(NamedTuple):
    """A request that was made."""

    request: str
    by: str
    basis: str
    at: datetime
    jurisdiction: str | None = None


class Certificate(NamedTuple):
    """That some classes are erased, and which places have confirmed it."""

    at: datetime
    request: str | None
    basis: str
    places: tuple[str, ...]


class Record(NamedTuple):
    """Everything that the stream says of privacy."""

    journey: Journey = initial()
    restricted: Asked | None = None
    held: Asked | None = None
    wanted: Asked | None = None
    """The request for erasure."""
    begun: frozenset[Retention] = frozenset()
    """The classes that are being erased, or are erased."""
    begun_by: Asked | None = None
    """The request that the last of them was begun for."""
    erased: Mapping[Retention, Certificate] = {}
    requests: frozenset[tuple[str, str]] = frozenset()
    """The types and numbers of all requests."""
    last_at: datetime | None = None
    """When something last happened with the customer."""
    last_case_at: datetime | None = None
    """When something last happened to a case."""

    @property
    def version(self) -> Version:
        """The version of the stream."""
        return self.journey.version

    @property
    def privacy(self) -> Privacy:
        """What it means for further events."""
        return self.journey.privacy or Privacy()

    @property
    def state(self) -> PrivacyState:
        """The state that it all comes to."""
        return self.privacy.state

    def case_is_open(self) -> bool:
        """Tell whether the customer has something to expect of a case."""
        return any(not lifecycle.is_closed(case.kind, case.state) for case in self.journey.cases.values())


def record_of(events: Iterable[RecordedEvent]) -> Record:
    """Fold a customer's stream."""
    record = Record()
    for event in events:
        touchpoint = event.touchpoint
        record = record._replace(journey=evolve(record.journey, event))
        if isinstance(touchpoint, PrivacyStep):
            record = _after_step(record, touchpoint, event.recorded_at)
        elif isinstance(touchpoint, CustomerErased):
            told = Certificate(event.recorded_at, touchpoint.request, touchpoint.basis, touchpoint.places)
            classes = frozenset(touchpoint.classes)
            erased = {**record.erased, **dict.fromkeys(classes, told)}
            record = record._replace(erased=erased, begun=record.begun | classes)
        else:
            at = event.occurred_at
            record = record._replace(last_at=max(record.last_at or at, at))
            if event.case is not None:
                record = record._replace(last_case_at=max(record.last_case_at or at, at))
    return record


def _after_step(record: Record, step: PrivacyStep, at: datetime) -> Record:
    asked, changed = Asked(step.request, step.by, step.basis, at), dict[str, Any]()
    match step:
        case CustomerRestricted():
            changed = {"restricted": asked}
        case CustomerRestrictionLifted():
            changed = {"restricted": None, "wanted": None}
        case CustomerHeld() | CustomerHoldLifted():
            changed = {"held": asked if isinstance(step, CustomerHeld) else None}
        case CustomerErasureRequested():
            changed = {"wanted": asked._replace(jurisdiction=step.jurisdiction)}
        case CustomerErasureBegun():
            changed = {"begun": record.begun.union(step.classes), "begun_by": asked}
        case _:
            pass
    return record._replace(requests=record.requests | {(step.type, step.request)}, **changed)
