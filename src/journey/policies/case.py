"""What policies need to know of one case, and how events change it: pure, holds nothing personal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from journey import lifecycle
from journey.deadlines import ClockFact, fact_of
from journey.events import RecordedEvent
from journey.touchpoints.application import ApplicationResubmitted, ApplicationSubmitted
from journey.touchpoints.complaint import (
    ComplaintAnswered,
    ComplaintAssigned,
    ComplaintEscalated,
    ComplaintRecontacted,
)
from journey.touchpoints.consultation import ConsultationArticleOffered, ConsultationAssigned
from journey.touchpoints.delivery import DeliveryDelayed, DeliveryStarted, DeliveryStepCompleted
from journey.touchpoints.review import ReviewMaterialsRequested, ReviewStarted, ReviewStepCompleted
from journey.touchpoints.touchpoint import CaseKind, Touchpoint

_CODES = ("about", "category", "class_", "product", "severity", "topic")
"""Fields of opening events that policies decide by: codes out of lists, never text about a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case."""

    kind: CaseKind
    state: str | None = None
    live: bool = False
    """Whether something happened to it while it was acted upon: nobody is asked about what is history."""
    opened_at: datetime
    correlation: str
    """What holds together the events that come of one another."""
    last: str
    """The id of the event that happened to it last."""
    channel: str | None = None
    """The channel that it came in by."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """What its opening event says of it, in codes."""
    entered: Mapping[str, int] = field(default_factory=dict)
    """By state: the version at which the case entered it last."""
    moved_at: datetime | None = None
    """When it entered its state."""
    department: str | None = None
    handler: str | None = None
    due_at: datetime | None = None
    """Until when the customer is asked for something."""
    facts: tuple[ClockFact, ...] = ()
    """What a complaint's time limit depends on."""
    tasks: Mapping[str, datetime] = field(default_factory=dict)
    """By item: when staff was given it last, or the customer reminded of it."""
    escalated_at: datetime | None = None
    process: str | None = None
    """The process that an application goes by."""
    steps: tuple[str, ...] = ()
    """The steps of the process that are done, in the present round."""
    stepped_at: datetime | None = None
    """When the last of them was done."""
    plan: Mapping[str, datetime] = field(default_factory=dict)
    """By step of a delivery: when it was promised."""
    promised_at: datetime | None = None
    """What was promised last, with a delay: it moves all that is to come."""
    offered_at: datetime | None = None
    """When an article of the knowledge base was offered."""
    attempts: int = 0
    """How often the customer was contacted again since the answer."""
    attempted_at: datetime | None = None

    @property
    def closed(self) -> bool:
        """Tell whether the customer has nothing more to expect of it."""
        return lifecycle.is_closed(self.kind, self.state)

    def given(self, item: str, since: datetime) -> bool:
        """Tell whether staff, or the customer, was given an item at a moment or later."""
        return item in self.tasks and self.tasks[item] >= since

    def escalated(self, since: datetime) -> bool:
        """Tell whether somebody was told at a moment or later that a limit has passed."""
        return self.escalated_at is not None and self.escalated_at >= since


def opened(kind: CaseKind, event: RecordedEvent) -> Case:
    """Return a case that begins with an event, before it has moved it."""
    touchpoint = event.touchpoint
    codes = {name: getattr(touchpoint, name, None) for name in _CODES} if touchpoint.opens_case() else {}
    return Case(
        kind=kind,
        opened_at=event.occurred_at,
        correlation=correlation(event),
        last=event.id,
        channel=event.channel,
        codes={name: code for name, code in codes.items() if isinstance(code, str)},
    )


def moved(case: Case, event: RecordedEvent, *, live: bool) -> Case:
    """Return a case after an event of its lifecycle."""
    touchpoint, at = event.touchpoint, event.occurred_at
    state = lifecycle.next_state(case.kind, case.state, event.type)
    changes: dict[str, Any] = {"live": case.live or live, "last": event.id, "state": state}
    if state is not None and state != case.state:
        changes |= {"entered": {**case.entered, state: event.version}, "moved_at": at, "due_at": None}
    if case.kind == "application" and event.process is not None:
        changes["process"] = event.process
    if (fact := fact_of(event)) is not None:
        changes["facts"] = (*case.facts, fact)
    return replace(case, **(changes | _told(case, touchpoint, at)))


def correlation(event: RecordedEvent) -> str:
    """Return what holds together an event and all that come of it."""
    known = event.attributes.get("correlationid")
    return known if isinstance(known, str) and known else event.id


def _told(case: Case, touchpoint: Touchpoint, at: datetime) -> dict[str, Any]:
    tell = _TELLS.get(type(touchpoint))
    return tell(case, touchpoint, at) if tell else {}


def _assigned(_: Case, told: ComplaintAssigned, __: datetime) -> dict[str, Any]:
    return {"department": told.department, "handler": told.handler}


def _escalated(_: Case, told: ComplaintEscalated, at: datetime) -> dict[str, Any]:
    return {"escalated_at": at} if told.cause == "overdue" else {}


# What staff was given to do before has been done, also where it is told with a time before it was given.
def _answered(*_: object) -> dict[str, Any]:
    return {"attempts": 0, "attempted_at": None, "tasks": {}}


def _recontacted(case: Case, _: ComplaintRecontacted, at: datetime) -> dict[str, Any]:
    return {"attempts": case.attempts + 1, "attempted_at": at, "tasks": {}}


def _with_agent(_: Case, told: ConsultationAssigned, __: datetime) -> dict[str, Any]:
    return {"department": told.team, "handler": told.agent}


def _offered(_: Case, __: ConsultationArticleOffered, at: datetime) -> dict[str, Any]:
    return {"offered_at": at}


def _asked(_: Case, told: ReviewMaterialsRequested, __: datetime) -> dict[str, Any]:
    return {"due_at": told.due_at}


def _begun(_: Case, told: ReviewStarted, __: datetime) -> dict[str, Any]:
    return {"department": told.team, "handler": told.reviewer}


def _stepped(case: Case, told: ReviewStepCompleted | DeliveryStepCompleted, at: datetime) -> dict[str, Any]:
    return {"steps": (*case.steps, told.step), "stepped_at": max(at, case.stepped_at or at)}


def _another_round(*_: object) -> dict[str, Any]:
    return {**_NOTHING_DONE, "department": None, "handler": None}


def _submitted(case: Case, *_: object) -> dict[str, Any]:
    """Begin another round where it was decided: an import may tell it so."""
    return _another_round() if case.state in _DECIDED else {}


def _planned(_: Case, told: DeliveryStarted, __: datetime) -> dict[str, Any]:
    return {"plan": {part.step: part.promised_at for part in told.plan}, "promised_at": None}


def _delayed(_: Case, told: DeliveryDelayed, __: datetime) -> dict[str, Any]:
    return {"promised_at": told.new_promise}


_DECIDED = frozenset({"approved", "rejected", "withdrawn", "delivering", "delivered", "failed"})
_NOTHING_DONE: Mapping[str, Any] = {"steps": (), "stepped_at": None, "plan": {}, "promised_at": None}
_TELLS: Mapping[type[Touchpoint], Callable[[Case, Any, datetime], dict[str, Any]]] = {
    ComplaintAssigned: _assigned,
    ComplaintEscalated: _escalated,
    ComplaintAnswered: _answered,
    ComplaintRecontacted: _recontacted,
    ConsultationArticleOffered: _offered,
    ConsultationAssigned: _with_agent,
    ReviewMaterialsRequested: _asked,
    ReviewStarted: _begun,
    ReviewStepCompleted: _stepped,
    ApplicationSubmitted: _submitted,
    ApplicationResubmitted: _another_round,
    DeliveryStarted: _planned,
    DeliveryStepCompleted: _stepped,
    DeliveryDelayed: _delayed,
}
"""What the events whose content a policy decides by leave behind."""
