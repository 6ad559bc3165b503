"""What is remembered of one case of a customer's journey, and how events change it."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from journey import lifecycle
from journey.deadlines.facts import ClockFact, told_fact
from journey.events import Event, RecordedEvent
from journey.touchpoints.application import (
    ApplicationMaterialAdded,
    ApplicationResubmitted,
    ApplicationStarted,
    ApplicationSubmitted,
    ApplicationSupplemented,
)
from journey.touchpoints.complaint import ComplaintRegistered
from journey.touchpoints.review import ReviewRejected
from journey.touchpoints.touchpoint import CaseKind, Touchpoint


class Case(NamedTuple):
    """What a decision needs to know of one case."""

    kind: CaseKind
    state: str | None
    """None while only events were seen that leave the state as it is."""
    may_resubmit: bool = False
    product: str | None = None
    process: str | None = None
    materials: frozenset[str] = frozenset()
    """Codes of the materials handed in so far."""
    clock: tuple[ClockFact, ...] = ()
    """What happened to the time limits of a complaint."""


def moved(case: Case, event: Event | RecordedEvent) -> Case:
    """Return `case` after an event of it."""
    touchpoint = event.touchpoint
    state = lifecycle.next_state(case.kind, case.state, touchpoint.type)
    after = Case(case.kind, state, *case[2:])
    with_content = _WITH_CONTENT.get(type(touchpoint))
    if with_content:
        after = with_content(after, touchpoint, event.process)
    if case.kind == "complaint" and (fact := told_fact(event)):
        after = after._replace(clock=(*after.clock, fact))
    return _once(after)


@lru_cache(maxsize=10_000)
def _once(case: Case) -> Case:
    """Return the one record that says this: of very many cases most say the same, and take its place once."""
    return case


def _started(case: Case, touchpoint: ApplicationStarted, process: str | None) -> Case:
    return case._replace(product=touchpoint.product, process=process)


def _submitted(case: Case, touchpoint: ApplicationSubmitted, process: str | None) -> Case:
    handed_in = case.materials.union(touchpoint.materials)
    return case._replace(product=touchpoint.product, process=process, materials=handed_in)


def _added(case: Case, touchpoint: ApplicationMaterialAdded, _: str | None) -> Case:
    return case._replace(materials=case.materials.union((touchpoint.material,)))


def _supplemented(
    case: Case, touchpoint: ApplicationSupplemented | ApplicationResubmitted, _: str | None
) -> Case:
    return case._replace(materials=case.materials.union(touchpoint.materials))


def _registered(case: Case, _: ComplaintRegistered, process: str | None) -> Case:
    return case._replace(process=process)


def _rejected(case: Case, touchpoint: ReviewRejected, _: str | None) -> Case:
    return case._replace(may_resubmit=touchpoint.may_resubmit)


# By class, because `isinstance` on pydantic's classes costs more than all the rest.
_WITH_CONTENT: Mapping[type[Touchpoint], Callable[[Case, Any, str | None], Case]] = {
    ApplicationStarted: _started,
    ApplicationSubmitted: _submitted,
    ApplicationMaterialAdded: _added,
    ApplicationSupplemented: _supplemented,
    ApplicationResubmitted: _supplemented,
    ReviewRejected: _rejected,
    ComplaintRegistered: _registered,
}
"""What the events whose content a later decision depends on leave behind."""
