"""Tickets go to whoever can answer them."""

from journey.policies.route_ticket import route_ticket
from tests.facts import event
from tests.journey.policies.happenings import COMPLAINT, TICKET, complaint, ticket
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


def test_a_ticket_that_became_a_complaint_names_it_and_ends() -> None:
    """The complaint carries it from then on; who reopened it or closed it by hand is not overridden."""
    converted = touchpoint("ticket.converted", complaint=COMPLAINT)
    about = complaint(about=TICKET)
    given(ticket("complaint")).when(about, route_ticket).then(converted, case=TICKET)

    routed = event("ticket.routed", {"team": "technical", "reason": "x"}, case=TICKET)
    given(ticket("complaint"), routed).when(about, route_ticket).then(converted, case=TICKET)
    by_hand = event("ticket.answered", {"answer": "x", "by": "mei", "first_contact": True}, case=TICKET)
    given(ticket("complaint"), by_hand).when(about, route_ticket).then()


def test_a_complaint_about_how_a_ticket_is_handled_leaves_it_open() -> None:
    """It is to be answered all the same; so is a complaint about nothing, or about another customer's."""
    given(ticket("common")).when(complaint(about=TICKET), route_ticket).then()
    given(ticket("complaint")).when(complaint(), route_ticket).then()
    given().when(complaint(about=TICKET), route_ticket).then()
