"""A customer of many years costs what a new one does: nothing grows with the cases that were."""

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from journey.deciding import Given, Slot, decide_group, slots_of
from journey.events import Event
from journey.journey import Journey, decide, evolve, initial
from journey.submissions import Submission
from tests.facts import NOON, submitted, visit
from tests.journey.moves import approved, started, withdrawn
from tests.journey.specs import PROCESSES

MANY = 10_000
_LITTLE = 20_000
"""Bytes; the names of so many cases alone are more than ten times that."""


@pytest.fixture(scope="module")
def old() -> Journey:
    """Return the journey of a customer with many cases, none of which is open but the last."""
    journey, told = initial(), (submitted(case="A"), withdrawn("A"))
    for number in range(MANY):
        for each in told:
            journey = evolve(journey, each._replace(case=f"A-{number}"))
    return evolve(journey, submitted(case="B"))


@contextmanager
def little_memory() -> Iterator[None]:
    """Check that what is done takes little memory, at its peak."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < _LITTLE


@pytest.mark.parametrize(
    "make", [visit, submitted, lambda: started("B"), lambda: submitted(case="C")], ids=lambda _: ""
)
def test_a_move_copies_no_cases(old: Journey, make: Callable[[], Event]) -> None:
    """Neither deciding nor what follows from it goes through the cases."""
    told = make()
    decide(old, told, "strict", PROCESSES)  # what is remembered of the processes is not counted

    with little_memory():
        decided = decide(old, told, "strict", PROCESSES)
        moved = evolve(old, decided)

    assert moved.version == old.version + 1
    assert moved.cases.get("A-77") is old.cases["A-77"]


def test_a_trial_copies_nothing_of_what_was_decided_before() -> None:
    """A batch that is taken whole or not at all may come behind thousands of events in one group."""
    first = Submission(events=[visit(f"C{number}") for number in range(3_000)])
    draft = decide_group([first], slots_of([first], {}), _given())

    with little_memory():
        trial = draft.trial()
        draft.add(trial)

    assert trial.journeys["C2"] is draft.journeys["C2"]


def test_batches_of_one_group_build_on_one_another() -> None:
    """An aborted batch leaves nothing behind, a whole one all, and what comes later sees just that."""
    unlawful = approved("A", "C1")
    batches = [
        Submission(events=[submitted("C1", case="A"), unlawful, visit("C1")], atomic=True),
        Submission(events=[submitted("C1", case="A"), withdrawn("A", "C1")], atomic=True),
        Submission(events=[unlawful]),
        Submission(events=[submitted("C2", case="A")], atomic=True),
        Submission(events=[visit("C1")], validate_only=True),
        Submission(events=[visit("C1")]),
    ]
    slots = slots_of(batches, {})
    draft = decide_group(batches, slots, _given())

    assert [[_fate(slot) for slot in of_batch] for of_batch in slots] == [
        ["BatchAborted", "IllegalTransition", "BatchAborted"],
        [1, 2],
        ["IllegalTransition"],
        ["CaseOfAnotherCustomer"],
        [3],
        [3],
    ]
    assert [(slot.event.stream_id, slot.version, slot.new_case) for slot in draft.written] == [
        ("C1", 1, "A"),
        ("C1", 2, None),
        ("C1", 3, None),
    ]
    assert draft.owners == {"A": "C1"}
    assert draft.journeys.keys() == {"C1"}


def _given() -> Given:
    return Given(journeys={}, owners={}, processes=PROCESSES, recorded_at=NOON)


def _fate(slot: Slot) -> str | int:
    return slot.version if slot.error is None else type(slot.error).__name__


def test_cases_that_came_to_the_same_share_their_record() -> None:
    """Of a thousand cases with one end the writer keeps one record, and a thousand numbers."""
    journey = initial()
    for number in range(3):
        for event in (submitted(case=f"A{number}"), withdrawn(f"A{number}")):
            journey = evolve(journey, event._replace(process="personal-loan@2026-11"))

    first, *others = journey.cases.values()
    assert all(other is first for other in others)
