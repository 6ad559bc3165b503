"""The state of one customer's journey, and the rules for what may happen next: pure, no clock, no I/O."""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from immutables import Map

from journey import case_numbers, lifecycle
from journey.cases import Case, moved
from journey.deadlines import told_fact
from journey.deadlines.objections import JUDGED, objections
from journey.erasure.states import Privacy, privacy_after, refuse_unlawful
from journey.errors import (
    CaseOfAnotherKind,
    CaseRequired,
    IllegalTransition,
    MaterialsMissing,
    ResubmissionNotAllowed,
    TimeLimitRefused,
)
from journey.events import Event, RecordedEvent, Version
from journey.processes import Processes, missing_materials
from journey.touchpoints.application import ApplicationResubmitted, ApplicationStarted, ApplicationSubmitted
from journey.touchpoints.complaint import ComplaintRegistered
from journey.touchpoints.touchpoint import Touchpoint

LifecycleMode = Literal["strict", "record"]
"""`strict` refuses an unlawful event; `record` keeps the fact and marks it as a deviation."""


_NO_CASES: Map[str, Case] = Map()


class Journey(NamedTuple):
    """What a decision needs to know of one customer's stream."""

    version: Version = Version(0)
    cases: Map[str, Case] = _NO_CASES
    """Shares with the journey before what did not change: a move costs the same after any number of cases."""
    privacy: Privacy | None = None
    """How far the customer's data is restricted or erased; None where it is neither."""


_INITIAL = Journey()


def initial() -> Journey:
    """Return the journey of a customer who was never met."""
    return _INITIAL


def evolve(journey: Journey, event: Event | RecordedEvent) -> Journey:
    """Return the journey after an event that is recorded, or about to be."""
    touchpoint, case = event.touchpoint, event.case
    version, cases, privacy = Version(journey.version + 1), journey.cases, journey.privacy
    if touchpoint.reserved:
        privacy = privacy_after(privacy, touchpoint)
    if touchpoint.case is None or case is None:
        return Journey(version, cases, privacy)
    before = cases.get(case) or Case(touchpoint.case, None)
    return Journey(version, cases.set(case, moved(before, event)), privacy)


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
    if journey.privacy is not None:
        refuse_unlawful(journey.privacy, event, journey.cases)
    if touchpoint.case is None:
        return event
    number = event.case or _new_number(event, journey.cases, taken)
    case = journey.cases.get(number)
    if case is not None and case.kind != touchpoint.case:
        raise CaseOfAnotherKind(number, case.kind, event.type)
    process = _process(event, case, processes)
    objection = _objection(number, case, touchpoint, process, processes) or _untimely(
        number, journey.cases, event, processes
    )
    if objection is None:
        return event.as_decided(number, event.deviation, process)
    if mode == "strict":
        raise objection
    return event.as_decided(number, _expectation(objection), process)


def _new_number(event: Event, own: Collection[str], taken: Collection[str]) -> str:
    kind = event.touchpoint.case
    if kind is None or not lifecycle.is_lawful(kind, None, event.type):
        raise CaseRequired(event.type)
    attempt = 0
    while True:
        number = case_numbers.number(kind, event.source, event.id, event.occurred_at.date(), attempt)
        if number not in own and number not in taken:
            return number
        attempt += 1


def _objection(
    number: str, case: Case | None, touchpoint: Touchpoint, process: str | None, processes: Processes
) -> IllegalTransition | ResubmissionNotAllowed | MaterialsMissing | None:
    """Return what the rules hold against `touchpoint`, None where it is lawful."""
    kind, state = touchpoint.case, case.state if case else None
    if kind is None:
        return None
    if not lifecycle.is_lawful(kind, state, touchpoint.type):
        return IllegalTransition(number, state, touchpoint.type, lifecycle.lawful_types(kind, state))
    if type(touchpoint) is ApplicationResubmitted and case is not None and not case.may_resubmit:
        return ResubmissionNotAllowed(number)
    if type(touchpoint) is ApplicationSubmitted and process is not None:
        definition = processes.by_stamp(process)
        handed_in = (case.materials if case else frozenset()).union(touchpoint.materials)
        if definition and definition.enforce_materials:
            missing = missing_materials(definition, handed_in)
            return MaterialsMissing(number, [material.code for material in missing]) if missing else None
    return None


def _untimely(
    number: str, cases: Mapping[str, Case], event: Event, processes: Processes
) -> TimeLimitRefused | None:
    """Return what the rules on time limits hold against an event of a complaint."""
    fact = told_fact(event) if event.touchpoint.case == "complaint" else None
    if fact is None or fact.kind not in JUDGED:
        return None
    own, first = (cases.get(each or "") for each in (number, fact.into if fact.into != number else None))
    if own is None:
        return None
    faults = objections(fact, own.clock, first.clock if first else (), processes.rules)
    return TimeLimitRefused(number, faults) if faults else None


def _expectation(
    objection: IllegalTransition | ResubmissionNotAllowed | MaterialsMissing | TimeLimitRefused,
) -> str:
    """Say what had been expected instead, for the deviation's mark."""
    match objection:
        case IllegalTransition():
            return f"in {objection.state or '-'}, expected {', '.join(objection.allowed) or 'nothing'}"
        case ResubmissionNotAllowed():
            return "expected nothing after a final rejection"
        case MaterialsMissing():
            return f"expected materials {', '.join(objection.materials)}"
        case TimeLimitRefused():
            return " ".join(says.en for _, says in objection.faults)


def _process(event: Event, case: Case | None, processes: Processes) -> str | None:
    """Return what a case runs under, for each of its events: a process definition, or a complaint's rule set.

    It is chosen when the case is opened, and then kept; an event that carries it can be told in the
    words of its process without a look at the events before.
    """
    touchpoint = event.touchpoint
    if type(touchpoint) is ComplaintRegistered:
        rules = processes.rules.in_force(event.occurred_at)
        return rules.stamp if rules else event.process
    # `type` and not `isinstance`, which costs pydantic's classes more than all the rest here.
    if type(touchpoint) is not ApplicationStarted and type(touchpoint) is not ApplicationSubmitted:
        return case.process if case else event.process
    if case is not None and case.process is not None and case.product == touchpoint.product:
        return case.process
    definition = processes.latest(touchpoint.product)
    return definition.stamp if definition else event.process
