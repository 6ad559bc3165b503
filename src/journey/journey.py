"""The state of one customer's journey, and the rules for what may happen next: pure, no clock, no I/O."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from journey import case_numbers, lifecycle
from journey.errors import (
    CaseOfAnotherKind,
    CaseRequired,
    IllegalTransition,
    MaterialsMissing,
    ResubmissionNotAllowed,
)
from journey.events import Event, RecordedEvent, Version
from journey.processes import ProcessDefinition, Processes, missing_materials
from journey.touchpoints.application import (
    ApplicationMaterialAdded,
    ApplicationResubmitted,
    ApplicationStarted,
    ApplicationSubmitted,
    ApplicationSupplemented,
)
from journey.touchpoints.review import ReviewRejected
from journey.touchpoints.touchpoint import CaseKind, Touchpoint

LifecycleMode = Literal["strict", "record"]
"""`strict` refuses an unlawful event; `record` keeps the fact and marks it as a deviation."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a decision needs to know of one case."""

    kind: CaseKind
    state: str | None
    """None while only events were seen that leave the state as it is."""
    may_resubmit: bool = False
    product: str | None = None
    process: str | None = None
    materials: frozenset[str] = frozenset()
    """Codes of the materials handed in so far."""


@dataclass(frozen=True, slots=True)
class Journey:
    """What a decision needs to know of one customer's stream."""

    version: Version = field(default=Version(0))
    cases: Mapping[str, Case] = field(default_factory=dict)


def initial() -> Journey:
    """Return the journey of a customer who was never met."""
    return Journey()


def evolve(journey: Journey, event: RecordedEvent) -> Journey:
    """Return the journey after a recorded event."""
    return after(journey, event.touchpoint, event.case, event.process)


def after(journey: Journey, touchpoint: Touchpoint, case: str | None, process: str | None) -> Journey:
    """Return the journey after `touchpoint` happened to `case`."""
    version = Version(journey.version + 1)
    if touchpoint.case is None or case is None:
        return Journey(version, journey.cases)
    before = journey.cases.get(case) or Case(touchpoint.case, None)
    state = lifecycle.next_state(before.kind, before.state, touchpoint.type)
    if isinstance(touchpoint, ApplicationStarted | ApplicationSubmitted):
        before = replace(before, process=process)
    moved = _with_content(replace(before, state=state), touchpoint)
    return Journey(version, {**journey.cases, case: moved})


def _with_content(case: Case, touchpoint: Touchpoint) -> Case:
    match touchpoint:
        case ApplicationStarted():
            return replace(case, product=touchpoint.product)
        case ApplicationSubmitted():
            handed_in = case.materials.union(touchpoint.materials)
            return replace(case, product=touchpoint.product, materials=handed_in)
        case ApplicationMaterialAdded():
            return replace(case, materials=case.materials.union((touchpoint.material,)))
        case ApplicationSupplemented() | ApplicationResubmitted():
            return replace(case, materials=case.materials.union(touchpoint.materials))
        case ReviewRejected():
            return replace(case, may_resubmit=touchpoint.may_resubmit)
        case _:
            return case


def decide(
    journey: Journey,
    event: Event,
    mode: LifecycleMode,
    processes: Processes,
    taken: Collection[str] = (),
) -> Event:
    """Return `event` as it is to be recorded: with its case number, process version and deviation.

    `taken` names case numbers of other customers that turned out to be used already; a number that the
    service gives is none of them, and none of the customer's own. Raises a `Refused` error when the rules
    forbid the event.
    """
    touchpoint = event.touchpoint
    if touchpoint.case is None:
        return event
    number = event.case or _new_number(event, journey.cases, taken)
    case = journey.cases.get(number)
    if case is not None and case.kind != touchpoint.case:
        raise CaseOfAnotherKind(number, case.kind, event.type)
    event = _stamped(replace(event, case=number), case, processes)
    objection = _objection(number, case, touchpoint, processes.by_stamp(event.process or ""))
    if objection is None:
        return event
    if mode == "strict":
        raise objection
    return replace(event, deviation=_expectation(objection))


def _new_number(event: Event, own: Collection[str], taken: Collection[str]) -> str:
    touchpoint = event.touchpoint
    if touchpoint.case is None or not touchpoint.opens_case():
        raise CaseRequired(touchpoint.type)
    attempt = 0
    while True:
        number = case_numbers.number(
            touchpoint.case, event.source, event.id, event.occurred_at.date(), attempt
        )
        if number not in own and number not in taken:
            return number
        attempt += 1


def _objection(
    number: str, case: Case | None, touchpoint: Touchpoint, definition: ProcessDefinition | None
) -> IllegalTransition | ResubmissionNotAllowed | MaterialsMissing | None:
    """Return what the rules hold against `touchpoint`, None where it is lawful."""
    kind, state = touchpoint.case, case.state if case else None
    if kind is None:
        return None
    if not lifecycle.is_lawful(kind, state, touchpoint.type):
        return IllegalTransition(number, state, touchpoint.type, lifecycle.lawful_types(kind, state))
    if isinstance(touchpoint, ApplicationResubmitted) and case is not None and not case.may_resubmit:
        return ResubmissionNotAllowed(number)
    if isinstance(touchpoint, ApplicationSubmitted) and definition and definition.enforce_materials:
        handed_in = (case.materials if case else frozenset()).union(touchpoint.materials)
        if missing := missing_materials(definition, handed_in):
            return MaterialsMissing(number, [material.code for material in missing])
    return None


def _expectation(objection: IllegalTransition | ResubmissionNotAllowed | MaterialsMissing) -> str:
    """Say what had been expected instead, for the deviation's mark."""
    match objection:
        case IllegalTransition():
            return f"in {objection.state or '-'}, expected {', '.join(objection.allowed) or 'nothing'}"
        case ResubmissionNotAllowed():
            return "expected nothing after a final rejection"
        case MaterialsMissing():
            return f"expected materials {', '.join(objection.materials)}"


def _stamped(event: Event, case: Case | None, processes: Processes) -> Event:
    """Stamp the version of the process definition that an application runs under, on each of its events.

    It is chosen when the application is opened, and then kept; an event that carries it can be told in the
    words of its process without a look at the events before.
    """
    touchpoint = event.touchpoint
    if not isinstance(touchpoint, ApplicationStarted | ApplicationSubmitted):
        return replace(event, process=case.process) if case else event
    if case is not None and case.process is not None and case.product == touchpoint.product:
        return replace(event, process=case.process)
    definition = processes.latest(touchpoint.product)
    return replace(event, process=definition.stamp) if definition else event
