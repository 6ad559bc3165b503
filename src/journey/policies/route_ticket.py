"""A ticket goes to the front desk, to specialists or, where it is a complaint, becomes one and ends."""

from collections.abc import Iterator

from journey.policies.configuration import Configuration
from journey.policies.customer import Customer
from journey.policies.policy import Cause, Wanted
from journey.touchpoints.complaint import ComplaintRegistered
from journey.touchpoints.ticket import TicketConverted, TicketOpened, TicketRouted
from journey.touchpoints.work import WorkScheduled

ANSWER = "ticket.answer"
"""The item by which a team is told of a ticket."""


def route_ticket(cause: Cause, customer: Customer, configuration: Configuration) -> Iterator[Wanted]:
    """Give an open ticket to a team, or open the complaint that it is; each of the two names the other."""
    told, number = cause.event.touchpoint, cause.event.case
    if isinstance(told, ComplaintRegistered) and number is not None:
        yield from _converted(told, number, customer)
    if not isinstance(told, TicketOpened) or customer.case(number, "open") is None:
        return
    tickets = configuration.tickets
    match told.class_:
        case "common":
            yield Wanted(WorkScheduled(item=ANSWER, team=tickets.common), number)
        case "complex":
            yield Wanted(TicketRouted(team=tickets.complex, reason="complex"), number, "route")
            yield Wanted(WorkScheduled(item=ANSWER, team=tickets.complex), number, "tell")
        case "complaint":
            yield Wanted(
                ComplaintRegistered(
                    category=tickets.category,
                    severity=tickets.severity,
                    description=told.problem,
                    contact=told.contact,
                    about=number,
                )
            )


def _converted(told: ComplaintRegistered, complaint: str, customer: Customer) -> Iterator[Wanted]:
    """Let a ticket that is a complaint go on as the one about it; any other is answered all the same."""
    ticket = customer.case(told.about, "open") or customer.case(told.about, "routed")
    if ticket is not None and ticket.codes.get("class_") == "complaint":
        yield Wanted(TicketConverted(complaint=complaint), told.about)
