"""Tickets go to whoever can answer them."""

from journey.policies.route_ticket import route_ticket
from tests.journey.policies.happenings import TICKET, ticket
from tests.journey.policies.specs import given, touchpoint


def test_what_is_common_is_for_the_front_desk() -> None:
    """Its team is told."""
    work = touchpoint("work.scheduled", item="ticket.answer", team="front-desk")
    given().when(ticket("common"), route_ticket).then(work, case=TICKET)


def test_what_is_complex_is_for_specialists() -> None:
    """The ticket is routed, its team told."""
    asked = given().when(ticket("complex"), route_ticket)
    asked.then(
        touchpoint("ticket.routed", team="technical", reason="complex"),
        touchpoint("work.scheduled", item="ticket.answer", team="technical"),
        case=TICKET,
    )


def test_a_complaint_becomes_one_that_names_its_ticket() -> None:
    """What the customer said and left as contact is passed on."""
    asked = given().when(ticket("complaint"), route_ticket)
    asked.then(
        touchpoint(
            "complaint.registered",
            category="after-sales",
            severity="normal",
            description="It does not pay",
            contact="138",
            about=TICKET,
        )
    )
