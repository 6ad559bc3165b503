"""A customer who does not confirm an answer is asked again; after some attempts the complaint is closed."""

from collections.abc import Iterator
from datetime import timedelta

from journey.policies.configuration import Configuration
from journey.policies.customer import Customer
from journey.policies.policy import Appointment, Wanted
from journey.touchpoints.complaint import ComplaintClosedUnconfirmed
from journey.touchpoints.work import WorkScheduled

ASK = "complaint.ask-again"
"""The item by which the handler is told to contact the customer."""


def contact_again(customer: Customer, configuration: Configuration) -> Iterator[Appointment]:
    """Give the handler the next attempt some days after the answer or the last one; close after the last."""
    complaints = configuration.complaints
    for number, case in customer.cases.items():
        since = case.attempted_at or case.moved_at
        if not case.live or case.kind != "complaint" or case.state != "answered" or since is None:
            continue
        at, key = since + timedelta(days=complaints.recontact_days), f"{number} {since.isoformat()}"
        if case.attempts >= complaints.attempts:
            closed = ComplaintClosedUnconfirmed(attempts=case.attempts, reason="not confirmed")
            yield Appointment(at, Wanted(closed, number, f"{key} close"))
        elif not case.given(ASK, since):
            ask = WorkScheduled(item=ASK, resource=case.handler, team=case.department)
            yield Appointment(at, Wanted(ask, number, f"{key} ask"))
