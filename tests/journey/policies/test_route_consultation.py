"""Questions go to an article, or to an agent."""

from datetime import timedelta

from journey.policies.route_consultation import assign_reader, route_consultation
from tests.facts import NOON, event
from tests.journey.policies.happenings import CONSULTATION, requested, segment
from tests.journey.policies.specs import arranged, given, touchpoint

BANK = arranged(
    teams={"private-banking": {"members": ["zhou", "wu"]}, "front-desk": {"members": ["a", "b"]}},
    consultations={"segments": {"private": "private-banking"}, "articles": {"rates": "KB-1"}},
)
OFFERED = event("consultation.article_offered", {"article": "KB-1"}, case=CONSULTATION)


def test_a_segment_has_agents_of_its_own() -> None:
    """They take turns; nobody sends these customers away to read."""
    asked = given(segment("private")).under(BANK).when(requested(), route_consultation, turn=1)
    asked.then(touchpoint("consultation.assigned", agent="wu", team="private-banking"), case=CONSULTATION)


def test_everybody_else_reads_first() -> None:
    """The article on the topic is offered."""
    asked = given().under(BANK).when(requested(), route_consultation)
    asked.then(touchpoint("consultation.article_offered", article="KB-1"), case=CONSULTATION)


def test_without_an_article_it_is_whose_turn_it_is() -> None:
    """The knowledge base knows nothing of it."""
    asked = given().when(requested(), route_consultation)
    asked.then(touchpoint("consultation.assigned", agent="front-desk", team="front-desk"), case=CONSULTATION)


def test_who_still_waits_after_some_minutes_gets_an_agent() -> None:
    """Not before, and nobody who has one."""
    reading = given(requested(), OFFERED).under(BANK)
    reading.at(NOON + timedelta(minutes=4), assign_reader).then()
    late = NOON + timedelta(minutes=5)
    agent = touchpoint("consultation.assigned", agent="a", team="front-desk")
    reading.at(late, assign_reader).then(agent, case=CONSULTATION)

    by_hand = event("consultation.assigned", {"agent": "b", "team": "front-desk"}, case=CONSULTATION)
    given(requested(), OFFERED, by_hand).under(BANK).at(late, assign_reader).then()


def test_whoever_was_named_by_hand_stays() -> None:
    """A late routing overrides nobody."""
    by_hand = event("consultation.assigned", {"agent": "b", "team": "front-desk"}, case=CONSULTATION)
    given().under(BANK).when(requested(), route_consultation, by_hand).then()
