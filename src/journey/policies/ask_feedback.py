"""Customers are asked how it was when something came to its end, and not more often than they like."""

from collections.abc import Iterator
from datetime import timedelta

from journey.policies.configuration import Configuration
from journey.policies.customer import Customer
from journey.policies.policy import Appointment, Cause, Wanted
from journey.touchpoints.feedback import FeedbackExpired, FeedbackInvited

ENDS = (
    "complaint.closed_unconfirmed",
    "complaint.confirmed",
    "consultation.resolved",
    "delivery.completed",
    "ticket.confirmed",
)
"""The types of events that something has come to its end with."""


def ask_feedback(cause: Cause, customer: Customer, configuration: Configuration) -> Iterator[Wanted]:
    """Invite the customer, unless that was done some days ago or the case goes on meanwhile."""
    event, feedback = cause.event, configuration.feedback
    case = customer.case(event.case)
    if event.case is None or case is None or not case.closed:
        return
    rest = timedelta(days=feedback.every_days)
    if customer.invited_at is None or event.occurred_at - customer.invited_at >= rest:
        yield Wanted(FeedbackInvited(kind=feedback.kind, about=event.case, medium=feedback.medium))


def expire_feedback(customer: Customer, configuration: Configuration) -> Iterator[Appointment]:
    """Let an invitation expire that nobody answers."""
    days = timedelta(days=configuration.feedback.expires_days)
    for number, case in customer.cases.items():
        if case.live and case.state == "invited":
            yield Appointment(case.opened_at + days, Wanted(FeedbackExpired(), number, f"{number} expired"))
