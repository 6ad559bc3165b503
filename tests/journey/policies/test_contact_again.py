"""Customers who do not confirm are asked again, and then the complaint is closed."""

from datetime import datetime
from typing import Any

from journey.policies.contact_again import contact_again
from tests.facts import NOON, event
from tests.journey.policies.happenings import COMPLAINT, answered, assigned, complaint
from tests.journey.policies.specs import DAY, given, touchpoint

HISTORY = (complaint(), assigned(), answered())
ASK = touchpoint("work.scheduled", item="complaint.ask-again", resource="li", team="cards")


def attempt(at: datetime) -> Any:
    """Return an attempt that reached nobody."""
    return event("complaint.recontacted", {"medium": "phone", "reached": False}, case=COMPLAINT, at=at)


def test_the_handler_is_to_ask_again_after_some_days() -> None:
    """Once for each attempt."""
    given(*HISTORY).at(NOON + 2 * DAY, contact_again).then()
    given(*HISTORY).at(NOON + 3 * DAY, contact_again).then(ASK, case=COMPLAINT)
    told = event("work.scheduled", {"item": "complaint.ask-again"}, case=COMPLAINT, at=NOON + 3 * DAY)
    given(*HISTORY, told).at(NOON + 9 * DAY, contact_again).then()
    given(*HISTORY, told, attempt(NOON + 4 * DAY)).at(NOON + 7 * DAY, contact_again).then(ASK, case=COMPLAINT)


def test_an_attempt_may_be_told_with_a_time_before_it_was_asked_for() -> None:
    """Staff was faster than the service, or told of it later: the next attempt comes all the same."""
    told = event("work.scheduled", {"item": "complaint.ask-again"}, case=COMPLAINT, at=NOON + 4 * DAY)
    tried = given(*HISTORY, told, attempt(NOON + 3.5 * DAY))

    tried.at(NOON + 6 * DAY, contact_again).then()
    tried.at(NOON + 7 * DAY, contact_again).then(ASK, case=COMPLAINT)


def test_after_the_last_attempt_the_complaint_is_closed() -> None:
    """Some days after it, for the customer to call back."""
    tried = given(*HISTORY, *(attempt(NOON + each * DAY) for each in (1, 2, 3)))
    closed = touchpoint("complaint.closed_unconfirmed", attempts=3, reason="not confirmed")

    tried.at(NOON + 5 * DAY, contact_again).then()
    tried.at(NOON + 6 * DAY, contact_again).then(closed, case=COMPLAINT)


def test_who_confirms_is_left_alone() -> None:
    """So is who appeals."""
    confirmed = event("complaint.confirmed", {"satisfied": True}, case=COMPLAINT)
    given(*HISTORY, confirmed).at(NOON + 9 * DAY, contact_again).then()
