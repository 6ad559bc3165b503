"""Who is not satisfied is followed up."""

from typing import Any

import pytest

from journey.policies.follow_up import follow_up, queue_of_follow_up
from tests.facts import event
from tests.journey.policies.happenings import COMPLAINT, SURVEY, TICKET, answered, assigned, complaint, ticket
from tests.journey.policies.specs import SHIPPED, arranged, given, recorded, touchpoint


def scored(**scores: int) -> Any:
    """Return an answer to a survey."""
    return event("feedback.submitted", scores, case=SURVEY)


@pytest.mark.parametrize(
    ("scores", "because"),
    [({"csat": 2}, "csat 2"), ({"nps": 6}, "nps 6"), ({"ces": 6, "csat": 1}, "csat 1, ces 6")],
)
def test_a_low_score_is_followed_up(scores: dict[str, int], because: str) -> None:
    """It says why."""
    wanted = touchpoint("feedback.follow_up_opened", handler="customer-service", because=because)
    given().when(scored(**scores), follow_up).then(wanted, case=SURVEY)


@pytest.mark.parametrize("scores", [{"csat": 3}, {"nps": 7}, {"ces": 5}])
def test_a_fair_score_is_not(scores: dict[str, int]) -> None:
    """And takes nobody's turn."""
    given().when(scored(**scores), follow_up).then()
    assert queue_of_follow_up(recorded(scored(**scores), 1), SHIPPED) is None


def test_so_is_a_complaint_closed_unsatisfied() -> None:
    """The follow-up names the complaint, and has a number of its own."""
    confirmed = event("complaint.confirmed", {"satisfied": False}, case=COMPLAINT)
    asked = given(complaint(), assigned(), answered()).under(arranged(feedback={"handlers": ["a", "b"]}))
    asked.when(confirmed, follow_up, turn=1).then(
        touchpoint(
            "feedback.follow_up_opened",
            handler="b",
            because="complaint closed, not satisfied",
            about=COMPLAINT,
        )
    )


def test_so_is_a_ticket_that_solved_nothing() -> None:
    """A solved one is not."""
    solution = event("ticket.answered", {"answer": "x", "by": "y", "first_contact": True}, case=TICKET)
    for solved, times in ((False, 1), (True, 0)):
        confirmed = event("ticket.confirmed", {"solved": solved}, case=TICKET)
        wanted = touchpoint(
            "feedback.follow_up_opened",
            handler="customer-service",
            because="ticket closed, not solved",
            about=TICKET,
        )
        given(ticket("common"), solution).when(confirmed, follow_up).then(*[wanted] * times)


def test_what_is_followed_up_already_stays_so() -> None:
    """Somebody was faster."""
    by_hand = event("feedback.follow_up_opened", {"handler": "x", "because": "y"}, case=SURVEY)
    given().when(scored(csat=1), follow_up, by_hand).then()
