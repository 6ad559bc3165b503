"""Complaints find their department, and in it whoever's turn it is."""

from datetime import datetime

from journey.events import Event
from journey.policies.route_complaint import queue_of_complaint, route_complaint
from journey.touchpoints.touchpoint import Touchpoint
from tests.facts import NOON, event
from tests.journey.policies.happenings import COMPLAINT, answered, assigned, complaint
from tests.journey.policies.specs import DAY, arranged, given, recorded, touchpoint

CARDS = arranged(
    departments={"cards": {"handlers": ["li", "wang"], "seniors": ["chen"]}},
    complaints={"categories": {"fees": "cards"}},
)
IN_TIME = "2026-12-05T23:59:59Z"


def routed(department: str, handler: str) -> tuple[Touchpoint, Touchpoint]:
    """Return the assignment, and what tells the handler."""
    due_at = (NOON + 15 * DAY).replace(hour=23, minute=59, second=59).isoformat()
    return (
        touchpoint("complaint.assigned", department=department, handler=handler, due_at=due_at),
        touchpoint("work.scheduled", item="complaint.handle", resource=handler, team=department),
    )


def test_a_category_has_its_department() -> None:
    """The category is looked up, the time limit is that of the rule set."""
    asked = given().under(CARDS).when(complaint(), route_complaint)
    asked.then(*routed("cards", "li"), case=COMPLAINT)


def test_any_other_category_goes_to_the_department_for_the_rest() -> None:
    """No complaint is left over."""
    asked = given().under(CARDS).when(complaint(category="staff"), route_complaint)
    asked.then(*routed("customer-service", "customer-service"), case=COMPLAINT)


def test_handlers_take_turns() -> None:
    """The turn goes round."""
    for turn, handler in enumerate(["li", "wang", "li"]):
        asked = given().under(CARDS).when(complaint(), route_complaint, turn=turn)
        asked.then(*routed("cards", handler), case=COMPLAINT)


def test_what_is_severe_goes_to_seniors_in_a_queue_of_their_own() -> None:
    """Severe complaints take no handler's turn."""
    severe = complaint(severity="critical")
    given().under(CARDS).when(severe, route_complaint).then(*routed("cards", "chen"), case=COMPLAINT)

    queues = {queue_of_complaint(recorded(each, 1), CARDS) for each in (complaint(), severe)}
    assert queues == {"complaints:cards", "complaints:cards!"}


def test_whoever_was_assigned_by_hand_stays() -> None:
    """A late routing overrides nobody."""
    given().under(CARDS).when(complaint(), route_complaint, assigned()).then()


def appealed(at: datetime) -> Event:
    """Return an appeal against the answer."""
    return event("complaint.appealed", {"reason": "too little"}, case=COMPLAINT, at=at)


def examined(handler: str, at: datetime) -> tuple[Touchpoint, Touchpoint]:
    """Return the assignment of an appeal, with its limit of 30 days, and what tells whoever examines it."""
    due_at = (at + 30 * DAY).replace(hour=23, minute=59, second=59).isoformat()
    return (
        touchpoint("complaint.assigned", department="cards", handler=handler, due_at=due_at),
        touchpoint("work.scheduled", item="complaint.examine", resource=handler, team="cards"),
    )


def test_an_appeal_goes_to_somebody_else_until_a_day_of_its_own() -> None:
    """A senior who did not answer, else another handler; the same one only where nobody else is."""
    later = NOON + 10 * DAY
    for seniors, handlers, expected in (
        (["chen"], ["li", "wang"], "chen"),
        (["li"], ["li", "wang"], "wang"),
        ([], ["li", "wang"], "wang"),
        ([], ["li"], "li"),
    ):
        bank = arranged(
            departments={"cards": {"handlers": handlers, "seniors": seniors}},
            complaints={"categories": {"fees": "cards"}},
        )
        asked = given(complaint(), assigned(handler="li"), answered()).under(bank)
        asked.when(appealed(later), route_complaint).then(*examined(expected, later), case=COMPLAINT)


def test_appeals_take_turns_in_a_queue_of_their_own() -> None:
    """Across departments, because an appeal does not say which one it goes to."""
    bank = arranged(
        departments={"cards": {"handlers": ["li", "wang", "wu"]}},
        complaints={"categories": {"fees": "cards"}},
    )
    history = given(complaint(), assigned(handler="li"), answered()).under(bank)
    for turn, handler in enumerate(["wang", "wu", "wang"]):
        history.when(appealed(NOON), route_complaint, turn=turn).then(
            *examined(handler, NOON), case=COMPLAINT
        )
    assert queue_of_complaint(recorded(appealed(NOON), 1), bank) == "appeals"
    assert queue_of_complaint(recorded(answered(), 1), bank) is None


def test_an_appeal_that_was_assigned_by_hand_stays_so() -> None:
    """A late routing overrides nobody here either."""
    history = given(complaint(), assigned(), answered()).under(CARDS)
    history.when(appealed(NOON), route_complaint, assigned(handler="wu")).then()
