"""Repeats of a complaint join the first one, or are told higher up."""

from journey.policies.link_repeats import link_repeats
from tests.facts import NOON, event
from tests.journey.policies.happenings import COMPLAINT, answered, assigned, complaint
from tests.journey.policies.specs import DAY, SHIPPED, given, touchpoint

AGAIN = complaint("CMP-2", NOON + DAY)
REPEAT = touchpoint("complaint.escalated", to="head of customer service", cause="repeat")


def test_a_repeat_within_the_limit_joins_the_first() -> None:
    """Once that is assigned, too."""
    into = touchpoint("complaint.merged", into=COMPLAINT)
    given(complaint()).when(AGAIN, link_repeats).then(into, case="CMP-2")
    given(complaint(), assigned()).when(AGAIN, link_repeats).then(into, case="CMP-2")


def test_a_repeat_of_what_was_answered_is_told_higher_up() -> None:
    """The answer was none."""
    given(complaint(), assigned(), answered()).when(AGAIN, link_repeats).then(REPEAT, case="CMP-2")


def test_so_is_a_repeat_of_what_is_late() -> None:
    """The rules let only those join that come in time."""
    late = complaint("CMP-2", NOON + 40 * DAY)
    given(complaint(), assigned()).when(late, link_repeats).then(REPEAT, case="CMP-2")


def test_other_matters_are_other_complaints() -> None:
    """Another category, another case, too long ago, or taken back."""
    given(complaint(category="staff")).when(AGAIN, link_repeats).then()
    given(complaint(about="APP-1")).when(AGAIN, link_repeats).then()
    given(complaint(at=NOON - 180 * DAY)).when(AGAIN, link_repeats).then()
    withdrawn = event("complaint.withdrawn", {"reason": "x"}, case=COMPLAINT)
    given(complaint(), withdrawn).when(AGAIN, link_repeats).then()


def test_the_first_does_not_join_the_second() -> None:
    """When both are met at once, only the later is a repeat."""
    given().under(SHIPPED).when(complaint(), link_repeats, AGAIN).then()
