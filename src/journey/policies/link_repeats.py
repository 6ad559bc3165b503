"""A complaint about the same matter is a repeat: merged with the first where rules allow, else escalated."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile

from journey.deadlines import explain
from journey.policies.case import Case
from journey.policies.configuration import Configuration
from journey.policies.customer import Customer
from journey.policies.policy import Cause, Wanted
from journey.touchpoints.complaint import ComplaintEscalated, ComplaintMerged, ComplaintRegistered

_GOING_ON = frozenset({"registered", "assigned", "investigating"})


def link_repeats(cause: Cause, customer: Customer, configuration: Configuration) -> Iterator[Wanted]:
    """Merge a repeat with the complaint that is still within its time limit; else say that it is one."""
    number = cause.event.case
    case = customer.case(number, "registered")
    if case is None or not isinstance(cause.event.touchpoint, ComplaintRegistered):
        return
    within = timedelta(days=configuration.complaints.repeat_days)
    before = takewhile(lambda each: each[1] is not case, customer.cases.items())
    earlier = [
        (into, each)
        for into, each in before
        if _same_matter(each, case) and case.opened_at - each.opened_at <= within
    ]
    open_ones = [into for into, each in earlier if _goes_on(each, case, configuration)]
    if open_ones:
        yield Wanted(ComplaintMerged(into=open_ones[0]), number)
    elif earlier:
        to = configuration.complaints.escalate_to
        yield Wanted(ComplaintEscalated(to=to, cause="repeat"), number)


def _same_matter(earlier: Case, later: Case) -> bool:
    """Tell whether two complaints are about one case or, where they name none, about one category."""
    return (
        earlier.kind == "complaint"
        and earlier.state not in {"withdrawn", "merged"}
        and earlier.codes.get("about") == later.codes.get("about")
        and earlier.codes.get("category") == later.codes.get("category")
    )


def _goes_on(earlier: Case, later: Case, configuration: Configuration) -> bool:
    """Tell whether the first complaint was within its time limit, and its rules let others join it."""
    if earlier.state not in _GOING_ON:
        return False
    deadline = explain(earlier.facts, configuration.rule_sets, as_of=later.opened_at)
    if deadline is None or deadline.status not in {"running", "suspended"}:
        return False
    start = earlier.facts[0]
    track = configuration.rule_sets.rules_for(start.rules, start.at).track(start.category)
    return track.merging is not None
