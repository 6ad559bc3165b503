"""Cases move as the reference of the lifecycles says, no more and no less."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.lifecycle import (
    CASE_KINDS,
    LIFECYCLES,
    STATES,
    is_closed,
    is_lawful,
    lawful_types,
    next_state,
)
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import CaseKind

REFERENCE = {
    "consultation": """
        consultation.requested     | - → waiting
        consultation.assigned      | waiting → waiting
        consultation.article_offered | waiting → same
        consultation.answered      | waiting → talking
        consultation.transferred   | talking → waiting
        consultation.resolved      | talking → resolved
        consultation.self_served   | -, waiting → resolved
        consultation.abandoned     | waiting → abandoned
    """,
    "application": """
        application.started        | - → draft
        application.material_added | draft, supplementing → same
        application.submitted      | -, draft → submitted
        application.withdrawn      | draft, submitted, in_review, supplementing → withdrawn
        review.started             | submitted → in_review
        review.step_completed      | in_review → in_review
        review.materials_requested | in_review → supplementing
        application.supplemented   | supplementing → in_review
        review.approved            | in_review → approved
        review.rejected            | in_review → rejected
        application.resubmitted    | rejected → submitted
        delivery.started           | approved → delivering
        delivery.step_completed    | delivering → delivering
        delivery.delayed           | delivering → delivering
        delivery.completed         | delivering → delivered
        delivery.failed            | delivering → failed
        offer.made                 | in_review, supplementing, approved → same
        offer.sent                 | in_review, supplementing, approved → same
        offer.returned             | in_review, supplementing, approved → same
        offer.accepted             | in_review, supplementing, approved → same
        offer.declined             | in_review, supplementing, approved → same
        offer.cancelled            | in_review, supplementing, approved → same
    """,
    "complaint": """
        complaint.registered         | - → registered
        complaint.acknowledged       | registered, assigned, investigating → same
        complaint.assigned           | registered, assigned, investigating, appealed → assigned
        complaint.step_recorded      | assigned, investigating → investigating
        complaint.extended           | assigned, investigating → same
        complaint.suspended          | assigned, investigating → same
        complaint.resumed            | assigned, investigating → same
        complaint.facts_added        | registered, assigned, investigating, appealed → same
        complaint.merged             | registered, assigned, investigating → merged
        complaint.answered           | assigned, investigating → answered
        complaint.appealed           | answered, closed → appealed
        complaint.recontacted        | answered → answered
        complaint.confirmed          | answered → closed
        complaint.closed_unconfirmed | answered → closed
        complaint.withdrawn          | registered, assigned, investigating, answered, appealed → withdrawn
        complaint.escalated          | registered, assigned, investigating, answered, appealed → same
    """,
    "ticket": """
        ticket.opened    | - → open
        ticket.routed    | open, routed → routed
        ticket.answered  | open, routed → answered
        ticket.converted | open, routed → converted
        ticket.confirmed | answered → closed
        ticket.reopened  | answered, closed, converted → open
    """,
    "survey": """
        feedback.invited          | - → invited
        feedback.submitted        | -, invited → submitted
        feedback.expired          | invited → expired
        feedback.follow_up_opened | -, submitted → following_up
        feedback.follow_up_closed | following_up → closed
    """,
    "improvement": """
        improvement.announced | - → announced
        improvement.started   | announced → in_progress
        improvement.completed | in_progress → completed
        improvement.verified  | completed → verified
    """,
}
REOPENING = {
    "application.resubmitted",
    "complaint.appealed",
    "ticket.reopened",
    "feedback.follow_up_opened",
}

Row = tuple[str, str | None, str, str | None]


def _reference() -> set[Row]:
    rows: set[Row] = set()
    for kind, table in REFERENCE.items():
        for line in table.strip().splitlines():
            type_, _, move = line.partition("|")
            sources, _, target = move.partition("→")
            for source in (name.strip() for name in sources.split(",")):
                after = None if target.strip() == "same" else target.strip()
                rows.add((kind, None if source == "-" else source, type_.strip(), after))
    return rows


def _collected() -> set[Row]:
    return {
        (kind, before, type_, after)
        for kind, lifecycle in LIFECYCLES.items()
        for before, moves in lifecycle.items()
        for type_, after in moves.items()
    }


def test_the_lifecycles_are_the_reference_both_ways() -> None:
    """No row of the reference is missing, none is added."""
    assert _reference() == _collected()


def test_no_class_declares_a_move_twice() -> None:
    """One state before and one type have one state after."""
    for touchpoint in TOUCHPOINTS.values():
        sources = [move.source for move in touchpoint.moves]

        assert len(set(sources)) == len(sources)


def test_every_type_has_one_right_side() -> None:
    """A deviating event is recorded with a state that does not depend on the state before."""
    for touchpoint in TOUCHPOINTS.values():
        assert len({move.target for move in touchpoint.moves}) == (1 if touchpoint.moves else 0), touchpoint


@pytest.mark.parametrize("kind", CASE_KINDS)
def test_every_state_is_reachable(kind: CaseKind) -> None:
    """From no case at all, lawful moves lead to each state."""
    reached: set[str | None] = set()
    frontier: list[str | None] = [None]
    while frontier:
        state = frontier.pop()
        if state not in reached:
            reached.add(state)
            frontier += [next_state(kind, state, type_) for type_ in lawful_types(kind, state)]

    assert {None, *STATES[kind]} == reached


def test_lawful_types_are_sorted_and_depend_on_the_state() -> None:
    """A reviewer's list of what may come next is complete."""
    assert lawful_types("application", "in_review") == [
        "application.withdrawn",
        "offer.accepted",
        "offer.cancelled",
        "offer.declined",
        "offer.made",
        "offer.returned",
        "offer.sent",
        "review.approved",
        "review.materials_requested",
        "review.rejected",
        "review.step_completed",
    ]
    assert lawful_types("ticket", None) == ["ticket.opened"]
    assert lawful_types("complaint", "withdrawn") == []
    assert lawful_types("complaint", "no such state") == []


def test_an_unlawful_event_moves_the_case_to_its_right_side() -> None:
    """What is recorded although no row allows it still moves the case."""
    assert not is_lawful("application", "draft", "review.approved")
    assert next_state("application", "draft", "review.approved") == "approved"
    assert next_state("application", None, "delivery.completed") == "delivered"


def test_a_type_that_keeps_the_state_keeps_it_also_when_unlawful() -> None:
    """`same` has no state of its own to move to."""
    assert not is_lawful("application", "delivered", "offer.made")
    assert next_state("application", "delivered", "offer.made") == "delivered"
    assert next_state("complaint", None, "complaint.extended") is None


def test_a_type_of_another_kind_moves_nothing() -> None:
    """A complaint's event says nothing about a ticket, nor does work behind a stage."""
    assert not is_lawful("ticket", "open", "complaint.confirmed")
    assert next_state("ticket", "open", "complaint.confirmed") == "open"
    assert next_state("ticket", "open", "work.started") == "open"


@given(st.sampled_from(sorted(_collected(), key=str)))
def test_a_lawful_event_moves_as_its_row_says(row: Row) -> None:
    """`is_lawful`, `lawful_types` and `next_state` read the same table."""
    kind, before, type_, after = row

    assert is_lawful(kind, before, type_)  # type: ignore[arg-type]  # the reference holds plain text
    assert type_ in lawful_types(kind, before)  # type: ignore[arg-type]  # the reference holds plain text
    assert next_state(kind, before, type_) == (after or before)  # type: ignore[arg-type]  # as above


def test_only_reopening_events_leave_a_closed_case() -> None:
    """Closed means that nothing else is to come."""
    leaving = {
        type_
        for kind in CASE_KINDS
        for state in STATES[kind]
        if is_closed(kind, state)
        for type_ in lawful_types(kind, state)
    }

    assert leaving == REOPENING


def test_a_state_without_any_further_move_is_closed() -> None:
    """A case never stays open for ever."""
    for kind in CASE_KINDS:
        for state in STATES[kind]:
            if not lawful_types(kind, state):
                assert is_closed(kind, state), (kind, state)


def test_the_closed_states_are_these() -> None:
    """An approved application and an answered complaint are still open, a rejected one is not."""
    assert {
        "consultation": {"resolved", "abandoned"},
        "application": {"withdrawn", "delivered", "failed", "rejected"},
        "complaint": {"closed", "merged", "withdrawn"},
        "ticket": {"closed", "converted"},
        "survey": {"submitted", "expired", "closed"},
        "improvement": {"verified"},
    } == {kind: {state for state in STATES[kind] if is_closed(kind, state)} for kind in CASE_KINDS}
    assert not any(is_closed(kind, None) for kind in CASE_KINDS)
