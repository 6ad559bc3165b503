"""Customers hear of each change of state, in their language."""

import pytest

from journey.policies.notify_customer import CHANGES, notify_customer
from tests.facts import event, submitted
from tests.journey.moves import approved, started
from tests.journey.policies.happenings import APPLICATION, COMPLAINT, answered, assigned, complaint, segment
from tests.journey.policies.specs import arranged, given, touchpoint


def test_a_change_is_told_in_the_customers_language() -> None:
    """The message is named after the event."""
    told = touchpoint("notification.requested", template="complaint.answered", language="en", about=COMPLAINT)
    asked = given(segment("private"), complaint(), assigned()).when(answered(), notify_customer)
    asked.then(told, case=COMPLAINT)


def test_who_has_not_said_is_told_in_the_first_language() -> None:
    """So is who wants a language without messages."""
    told = touchpoint(
        "notification.requested", template="application.submitted", language="zh", about=APPLICATION
    )
    given().when(submitted(case=APPLICATION), notify_customer).then(told, case=APPLICATION)
    chinese = arranged(languages=["zh"])
    registered = given(segment("private")).under(chinese)
    registered.when(submitted(case=APPLICATION), notify_customer).then(told, case=APPLICATION)


def test_what_changes_no_state_is_not_told() -> None:
    """Steps of a review follow one another in one state."""
    step = event(
        "review.step_completed", {"step": "s", "outcome": "passed", "reviewer": "Li"}, case=APPLICATION
    )
    given(submitted(case=APPLICATION), started(APPLICATION)).when(step, notify_customer).then()


def test_a_new_promise_is_told_although_no_state_changes() -> None:
    """A delivery that is delayed twice has two new promises; of one that is over nothing is promised."""
    plan = [
        submitted(case=APPLICATION),
        started(APPLICATION),
        approved(APPLICATION),
        event("delivery.started", {}, case=APPLICATION),
    ]
    promise = {"reason": "strike", "new_promise": "2026-12-01T12:00:00Z"}
    delayed = event("delivery.delayed", promise, case=APPLICATION)
    told = touchpoint("notification.requested", template="delivery.delayed", language="zh", about=APPLICATION)
    completed = event("delivery.completed", {}, case=APPLICATION)

    given(*plan).when(delayed, notify_customer).then(told, case=APPLICATION)
    given(*plan).when(delayed, notify_customer, delayed).then(told, case=APPLICATION)
    given(*plan).when(delayed, notify_customer, completed).then()


def test_what_came_again_is_told_once() -> None:
    """Of two assignments that are met at once the second one counts."""
    appealed = event("complaint.appealed", {"reason": "no"}, case=COMPLAINT)
    first = given(complaint()).when(assigned(), notify_customer, answered(), appealed, assigned(handler="x"))
    first.then()


def test_silent_types_are_not_told() -> None:
    """The institution says which."""
    given().under(arranged(silent=["complaint.registered"])).when(complaint(), notify_customer).then()


@pytest.mark.parametrize("type_", ["complaint.escalated", "offer.made", "complaint.acknowledged"])
def test_what_customers_are_not_told_has_no_message(type_: str) -> None:
    """What staff keep to themselves, and what is a message itself."""
    assert type_ not in CHANGES
