"""Short ways to say what happens to a customer's cases, in specs of policies."""

from datetime import datetime
from typing import Any

from journey.events import Event
from tests.facts import NOON, event

COMPLAINT, CONSULTATION, TICKET, SURVEY, APPLICATION = "CMP-1", "CON-1", "TKT-1", "SVY-1", "APP-1"


def complaint(case: str = COMPLAINT, at: datetime = NOON, **data: Any) -> Event:
    """Return a complaint."""
    told = {"category": "fees", "severity": "normal", "description": "Too much", "contact": "138", **data}
    return event("complaint.registered", told, case=case, at=at)


def assigned(case: str = COMPLAINT, at: datetime = NOON, handler: str = "li") -> Event:
    """Return an assignment by hand."""
    data = {"department": "cards", "handler": handler, "due_at": "2026-12-01T12:00:00Z"}
    return event("complaint.assigned", data, case=case, at=at)


def answered(case: str = COMPLAINT, at: datetime = NOON) -> Event:
    """Return an answer to a complaint."""
    return event("complaint.answered", {"result": "Paid back", "medium": "phone"}, case=case, at=at)


def requested(case: str = CONSULTATION, at: datetime = NOON, **further: Any) -> Event:
    """Return a question that waits."""
    data = {"topic": "rates", "category": "mortgage"}
    return event("consultation.requested", data, case=case, at=at, **further)


def ticket(class_: str, case: str = TICKET) -> Event:
    """Return a ticket of a class."""
    data = {"class": class_, "product": "card", "problem": "It does not pay", "contact": "138"}
    return event("ticket.opened", data, case=case)


def segment(name: str) -> Event:
    """Return a customer's registration in a segment."""
    return event("customer.registered", {"segment": name, "language": "en"})
