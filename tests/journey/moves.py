"""Moves of an application, for tests of who may write when."""

from typing import Any

from journey.events import Event
from tests.facts import event


def started(case: str, customer: str = "C1", **further: Any) -> Event:
    """Return the start of a review: lawful once, after the application."""
    return event("review.started", {"reviewer": "Li", "team": "T1"}, customer=customer, case=case, **further)


def approved(case: str, customer: str = "C1", **further: Any) -> Event:
    """Return an approval: lawful once, in a review."""
    return event("review.approved", {}, customer=customer, case=case, **further)


def withdrawn(case: str, customer: str = "C1", **further: Any) -> Event:
    """Return a withdrawal: lawful until the review has its outcome."""
    return event("application.withdrawn", {"reason": "moved"}, customer=customer, case=case, **further)
