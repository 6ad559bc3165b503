"""Customers are asked how it was, and not too often."""

from journey.policies.ask_feedback import ask_feedback, expire_feedback
from tests.facts import NOON, event
from tests.journey.policies.happenings import (
    COMPLAINT,
    CONSULTATION,
    SURVEY,
    answered,
    assigned,
    complaint,
    requested,
)
from tests.journey.policies.specs import DAY, given, touchpoint

TALK = (requested(), event("consultation.answered", {"agent": "a"}, case=CONSULTATION))
RESOLVED = event("consultation.resolved", {"outcome": "told", "first_contact": True}, case=CONSULTATION)
INVITED = {"kind": "questionnaire", "medium": "sms"}


def test_a_consultation_ends_with_an_invitation() -> None:
    """It names the case, and opens one of its own."""
    asked = given(*TALK).when(RESOLVED, ask_feedback)
    asked.then(touchpoint("feedback.invited", about=CONSULTATION, **INVITED))


def test_so_does_a_complaint() -> None:
    """Also one that nobody confirmed."""
    closed = event("complaint.closed_unconfirmed", {"attempts": 3, "reason": "x"}, case=COMPLAINT)
    asked = given(complaint(), assigned(), answered()).when(closed, ask_feedback)
    asked.then(touchpoint("feedback.invited", about=COMPLAINT, **INVITED))


def test_nobody_is_asked_twice_in_some_days() -> None:
    """Whoever was the first to ask."""
    for days, times in ((89, 0), (90, 1)):
        invited = event("feedback.invited", {**INVITED, "about": "X-1"}, case="SVY-0", at=NOON - days * DAY)
        asked = given(invited, *TALK).when(RESOLVED, ask_feedback)
        asked.then(*[touchpoint("feedback.invited", about=CONSULTATION, **INVITED)] * times)


def test_what_was_taken_up_again_has_not_ended() -> None:
    """The customer appealed before anybody asked."""
    confirmed = event("complaint.confirmed", {"satisfied": True}, case=COMPLAINT)
    appealed = event("complaint.appealed", {"reason": "no"}, case=COMPLAINT)
    given(complaint(), assigned(), answered()).when(confirmed, ask_feedback, appealed).then()


def test_an_invitation_expires() -> None:
    """After its days, unless it was answered."""
    invited = event("feedback.invited", {**INVITED, "about": "X-1"}, case=SURVEY)
    scored = event("feedback.submitted", {"csat": 5}, case=SURVEY)

    given(invited).at(NOON + 13 * DAY, expire_feedback).then()
    given(invited).at(NOON + 14 * DAY, expire_feedback).then(touchpoint("feedback.expired"), case=SURVEY)
    given(invited, scored).at(NOON + 14 * DAY, expire_feedback).then()
