"""What the events of a case leave behind as facts about it: one table for all kinds of cases."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from journey.lifecycle import CASE_KINDS
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import CaseKind, Touchpoint

KEPT: Mapping[str, Mapping[str, str | None]] = {
    "complaint.registered": {
        "category": "category",
        "severity": "severity",
        "description": "description",
        "contact": "contact",
        "about": "about",
    },
    "complaint.assigned": {"team": "department", "handler": "handler", "due_at": "due_at"},
    "complaint.extended": {"due_at": "new_due_at", "ground": "ground", "approved_by": "approved_by"},
    "complaint.suspended": {"appraiser": "body"},
    "complaint.resumed": {"appraiser": None},
    "complaint.facts_added": {"new_facts": "facts"},
    "complaint.merged": {"into": "into"},
    "complaint.answered": {
        "result": "result",
        "measures": "measures",
        "improvement": "improvement",
        "medium": "medium",
    },
    # What comes next has a limit of its own, which is told with the next assignment.
    "complaint.appealed": {"appeal": "reason", "due_at": None, "ground": None, "approved_by": None},
    "complaint.confirmed": {"satisfied": "satisfied", "comment": "comment"},
    "complaint.closed_unconfirmed": {"attempts": "attempts"},
    "complaint.escalated": {"escalated_to": "to", "escalated_because": "cause"},
    "ticket.opened": {"class": "class_", "product": "product", "problem": "problem", "contact": "contact"},
    "ticket.routed": {"team": "team", "handler": None},
    "ticket.answered": {"answer": "answer", "handler": "by", "first_contact": "first_contact"},
    "ticket.converted": {"complaint": "complaint"},
    "ticket.confirmed": {"solved": "solved"},
    "ticket.reopened": {"handler": None, "solved": None},
    "consultation.requested": {
        "topic": "topic",
        "category": "category",
        "product": "product",
        "question": "question",
        "priority": "priority",
    },
    "consultation.assigned": {"team": "team", "handler": "agent"},
    "consultation.article_offered": {"article": "article"},
    "consultation.answered": {"handler": "agent"},
    "consultation.transferred": {"team": "to_team", "handler": None},
    "consultation.resolved": {"outcome": "outcome", "first_contact": "first_contact", "answer": "answer"},
    "consultation.self_served": {"article": "article", "helpful": "helpful"},
    "consultation.abandoned": {"left_because": "waited_reason"},
    "feedback.invited": {"form": "kind", "about": "about", "medium": "medium"},
    "feedback.submitted": {
        "csat": "csat",
        "nps": "nps",
        "ces": "ces",
        "comment": "comment",
        "about": "about",
    },
    "feedback.follow_up_opened": {"handler": "handler", "because": "because", "about": "about"},
    "feedback.follow_up_closed": {"result": "result", "changed": "changed"},
}
"""By type of event: which fact it tells with which field; None forgets a fact that holds no more.

Types that are not here move their case, and tell no fact about it.
"""

HANDLED = frozenset(
    type_
    for type_, each in TOUCHPOINTS.items()
    if each.case is not None and each.case not in ("application", "improvement")
)
"""The types of events that happen to customers' cases; applications are told by a projection of their own."""


def _sources() -> Iterator[tuple[CaseKind, str, str, str]]:
    for type_, kept in KEPT.items():
        kind = TOUCHPOINTS[type_].case
        assert kind is not None  # noqa: S101  # only types that move cases are listed
        for fact, field in kept.items():
            if field is not None:
                yield kind, fact, type_, field


FACTS: Mapping[CaseKind, tuple[str, ...]] = {
    kind: tuple(dict.fromkeys(fact for of, fact, _, _ in _sources() if of == kind)) for kind in CASE_KINDS
}
"""The facts that are told of each kind of case, in their order."""

FOR_STAFF: frozenset[tuple[CaseKind, str]] = frozenset(
    (kind, fact) for kind, fact, type_, field in _sources() if field in TOUCHPOINTS[type_].staff_only_fields()
)
"""The facts that customers are not told: the catalogue keeps the fields that they come from for staff."""


def with_facts(facts: Mapping[str, Any], touchpoint: Touchpoint) -> Mapping[str, Any]:
    """Return the facts of a case after an event; a field that was not told changes none."""
    changes = KEPT.get(touchpoint.type)
    if changes is None:
        return facts
    after = dict(facts)
    for fact, field in changes.items():
        if field is None:
            after.pop(fact, None)
        elif (value := getattr(touchpoint, field)) is not None:
            after[fact] = _plain(value)
    return after


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
