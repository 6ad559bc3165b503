"""Pages of a timeline: in the order of what happened, stable while events come in, as of any moment."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from journey.events import Event
from journey.processes import load_definitions
from projections import reading, timeline_pages
from projections.moments import utc_text
from projections.registry import projections
from projections.timeline_pages import Filters, Place
from tests.facts import event, submitted, visit
from tests.projections.keeping import Kept

TIMELINE = projections(load_definitions())[2]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ALL = Filters()


def hour(number: float) -> datetime:
    """Return a moment, in hours after noon."""
    return NOON + timedelta(hours=number)


def page(
    kept: Kept, filters: Filters = ALL, after: Place | None = None, limit: int = 500, customer: str = "C1"
) -> list[Place]:
    """Return the places of one page's items."""
    with kept.reading.connect() as connection:
        fresh = reading.freshness(connection, "timeline")
        items = timeline_pages.page(connection, fresh, customer, filters, after, limit)
    return [(item["occurred_at"], item["position"]) for item in items]


def positions(kept: Kept, filters: Filters = ALL, customer: str = "C1") -> list[int]:
    """Return the positions of all items that filters let through."""
    return [position for _, position in page(kept, filters, customer=customer)]


def tell(kept: Kept, *told: Event, recorded_at: datetime = NOON) -> list[int]:
    """Record events and show them."""
    recorded: list[int] = list(kept.record(*told, recorded_at=recorded_at))
    kept.engine(TIMELINE).catch_up()
    return recorded


class TestOrder:
    def test_is_of_what_happened_and_then_of_the_log(self, kept: Kept) -> None:
        """A late event finds its place; of two at one instant the one that was recorded first comes first."""
        at = [3, 1, 2, 1, 3]
        first, second, third, fourth, fifth = tell(kept, *[visit(at=hour(number)) for number in at])
        assert positions(kept) == [second, fourth, third, first, fifth]

        [late] = tell(kept, visit(at=hour(1.5)), recorded_at=hour(30))
        assert positions(kept) == [second, fourth, late, third, first, fifth]

    def test_does_not_depend_on_the_time_zone_in_which_a_channel_writes(self, kept: Kept) -> None:
        """Half past eight in Beijing is before one o'clock in Greenwich."""
        beijing = timezone(timedelta(hours=8))
        later, earlier = tell(kept, visit(at=hour(1)), visit(at=hour(0.5).astimezone(beijing)))
        assert positions(kept) == [earlier, later]

    def test_shows_one_customer_only(self, kept: Kept) -> None:
        """Whatever the ids have in common."""
        mine, _, _ = tell(kept, visit("C1"), visit("C11"), visit("c1"))
        assert positions(kept) == [mine]
        assert positions(kept, customer="nobody") == []


def test_pages_miss_and_repeat_nothing_while_events_come_in(kept: Kept) -> None:
    """Whatever is inserted between two pages: each item that was there is shown once, in order.

    What comes in behind the place of the reader is shown too, what comes in before it is not.
    """
    example = 0
    moments = st.integers(0, 5)

    @hypothesis.settings(max_examples=15, deadline=None, database=None)
    @hypothesis.given(
        st.lists(moments, min_size=1, max_size=10),
        st.lists(st.lists(moments, max_size=3), max_size=8),
        st.integers(1, 4),
    )
    def stable(there: list[int], arriving: list[list[int]], limit: int) -> None:
        nonlocal example
        example += 1
        customer = f"customer-{example}"
        tell(kept, *[visit(customer, at=hour(number)) for number in there])
        first = page(kept, customer=customer)
        shown: list[Place] = []
        place: Place | None = None
        while items := page(kept, after=place, limit=limit, customer=customer):
            assert len(items) <= limit
            assert place is None or items[0] > place
            shown += items
            place = items[-1]
            tell(kept, *[visit(customer, at=hour(number)) for number in (arriving.pop() if arriving else [])])

        assert shown == sorted(set(shown))
        assert set(first) <= set(shown)
        assert set(shown) <= set(page(kept, customer=customer))

    stable()


def test_a_page_goes_on_after_a_rebuild_where_the_one_before_ended(kept: Kept) -> None:
    """A place says nothing of the build."""
    tell(kept, *[visit(at=hour(number)) for number in (2, 1, 3)])
    [first] = page(kept, limit=1)
    engine = kept.engine(TIMELINE)
    engine.rebuild("timeline")
    engine.catch_up()
    assert page(kept, after=first) == page(kept)[1:]


def test_places_reach_as_far_as_positions_do(kept: Kept) -> None:
    """A log may hold more events than 32 bits can count."""
    tell(kept, visit())
    [(moment, _)] = page(kept)
    assert page(kept, after=(moment, 2**40)) == []
    assert page(kept, after=(moment, 0)) == page(kept)
    assert page(kept, after=("", 2**62)) == page(kept)


FILTERED: list[tuple[Filters, list[int]]] = [
    (Filters(), [1, 2, 3, 4]),
    (Filters(stage="application"), [2, 4]),
    (Filters(stage="review"), [3]),
    (Filters(type="review.started"), [3]),
    (Filters(channel="web"), [1, 4]),
    (Filters(case="APP-1"), [2, 3]),
    (Filters(case="APP-1", stage="application"), [2]),
    (Filters(channel="web", case="APP-1"), []),
    (Filters(since=utc_text(hour(1))), [2, 3, 4]),
    (Filters(until=utc_text(hour(1))), [1]),
    (Filters(since=utc_text(hour(1)), until=utc_text(hour(3))), [2, 3]),
    (Filters(as_of=utc_text(hour(1))), [1, 2]),
]


class TestFilters:
    @pytest.fixture(autouse=True)
    def _history(self, kept: Kept) -> None:
        told = [
            visit(at=hour(0), channel="web"),
            submitted(at=hour(1), channel="counter", case="APP-1"),
            event(
                "review.started", {"reviewer": "R1", "team": "T"}, at=hour(2), channel="system", case="APP-1"
            ),
            submitted(at=hour(3), channel="web", case="APP-2"),
        ]
        assert tell(kept, *told) == [1, 2, 3, 4]

    def test_let_through_what_they_name(self, kept: Kept) -> None:
        """All of them together, the beginning of a period in it, its end not."""
        for filters, expected in FILTERED:
            assert positions(kept, filters) == expected, filters

    def test_hold_on_every_page(self, kept: Kept) -> None:
        """A cursor does not lift them."""
        filters = Filters(stage="application")
        [first] = page(kept, filters, limit=1)
        assert [position for _, position in page(kept, filters, after=first)] == [4]


class TestMoments:
    def test_as_of_is_what_had_happened_and_as_known_at_what_had_been_recorded(self, kept: Kept) -> None:
        """A late event had happened, and nobody knew."""
        [known] = tell(kept, visit(at=hour(1)), recorded_at=hour(1))
        [late] = tell(kept, visit(at=hour(0)), recorded_at=hour(5))
        [ahead] = tell(kept, visit(at=hour(9)), recorded_at=hour(6))

        assert positions(kept, Filters(as_of=utc_text(hour(2)))) == [late, known]
        assert positions(kept, Filters(as_known_at=utc_text(hour(2)))) == [known]
        assert positions(kept, Filters(as_of=utc_text(hour(6)), as_known_at=utc_text(hour(6)))) == [
            late,
            known,
        ]
        assert positions(kept, Filters(as_known_at=utc_text(hour(6)))) == [late, known, ahead]

    @pytest.mark.parametrize("of", ["as_of", "as_known_at"])
    def test_are_told_to_the_microsecond_and_belong_to_what_was(self, kept: Kept, of: str) -> None:
        """At the moment itself it had happened; a microsecond before it had not."""
        moment = datetime(2026, 11, 20, 12, 0, 0, 500_001, tzinfo=UTC)
        [position] = tell(kept, visit(at=moment), recorded_at=moment)
        before = moment - timedelta(microseconds=1)
        for when, told in ((moment, [position]), (before, [])):
            wanted: dict[str, Any] = {of: utc_text(when)}
            assert positions(kept, replace(ALL, **wanted)) == told

    def test_what_was_known_at_a_moment_never_changes(self, kept: Kept) -> None:
        """For any history: what is told later changes no answer about what was known earlier."""
        example = 0

        @hypothesis.settings(max_examples=10, deadline=None, database=None)
        @hypothesis.given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.integers(0, 5))
        def same(happened: list[int], asked: int) -> None:
            nonlocal example
            example += 1
            customer = f"customer-{example}"
            answers = []
            for recorded, at in enumerate(happened):
                tell(kept, visit(customer, at=hour(at)), recorded_at=hour(recorded))
                if recorded >= asked:
                    filters = Filters(as_known_at=utc_text(hour(asked)))
                    answers.append(positions(kept, filters, customer=customer))
            assert all(answer == answers[0] for answer in answers)
            assert all(len(answer) == asked + 1 for answer in answers)

        same()


class TestNews:
    def test_come_in_the_order_of_the_log_after_a_position(self, kept: Kept) -> None:
        """A late event is news too."""
        _, second, third = tell(kept, visit(at=hour(2)), visit(at=hour(3)), visit(at=hour(1)))
        tell(kept, visit("C2"))
        assert news(kept, 1, 9) == [second, third]
        assert news(kept, 1, 1) == [second]
        assert news(kept, third, 9) == []


def news(kept: Kept, after: int, limit: int) -> list[Any]:
    """Return the positions of a customer's news."""
    with kept.reading.connect() as connection:
        fresh = reading.freshness(connection, "timeline")
        return [
            item["position"] for item in timeline_pages.news(connection, fresh, "C1", "staff", after, limit)
        ]


SHAPES: dict[str, Callable[[Event], Event]] = {
    "far in the past": lambda told: told._replace(time="0001-01-01T00:00:00Z"),
    "far in the future": lambda told: told._replace(time="9999-12-31T23:59:59-12:00"),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_moments_at_the_ends_of_the_calendar_have_their_place(
    kept: Kept, shape: Callable[[Event], Event]
) -> None:
    """An import may bring them; they must neither fail nor stand in the middle."""
    tell(kept, visit(at=hour(0)), shape(visit()), visit(at=hour(1)))
    assert positions(kept) in ([2, 1, 3], [1, 3, 2])
    assert page(kept, after=page(kept)[0]) == page(kept)[1:]
