"""Reads of rows with how fresh they are: of one moment, and honest about who is parked."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from journey.errors import ProjectionUnavailable
from journey.events import RecordedEvent
from journey.processes import load_definitions
from projections import checkpoints, reading
from projections.reading import Freshness
from projections.registry import projections
from tests.facts import event, submitted, visit
from tests.projections.keeping import Kept, counting
from tests.projections.test_parking import poison, stumble

RECORDED = datetime(2026, 11, 20, 13, 30, 0, 123456, tzinfo=UTC)
FRAGILE = counting(refuse=stumble)


@contextmanager
def statements(engine: sa.Engine) -> Iterator[list[str]]:
    """Collect the statements that an engine sends, but for the beginnings of transactions."""
    sent: list[str] = []

    def remember(*args: object) -> None:
        statement = str(args[2])
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    sa.event.listen(engine, "before_cursor_execute", remember)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", remember)


class TestFreshness:
    def test_tells_the_build_its_logic_and_the_last_event_that_it_shows(self, kept: Kept) -> None:
        """The moment is when that event was recorded."""
        kept.record(visit("C1"))
        [position] = kept.record(visit("C1"), recorded_at=RECORDED)
        kept.engine(counting(version=3)).catch_up()
        with kept.reading.connect() as connection:
            assert reading.freshness(connection, "counting") == Freshness(
                projection="counting", build=1, version=3, position=position, recorded_at=RECORDED
            )

    def test_has_no_moment_before_the_first_event(self, kept: Kept) -> None:
        """Position 0 is the beginning of the log."""
        kept.engine(counting())
        with kept.reading.connect() as connection:
            fresh = reading.freshness(connection, "counting")
        assert (fresh.position, fresh.recorded_at) == (0, None)

    def test_is_refused_while_there_are_no_rows_at_all(self, kept: Kept) -> None:
        """Also when somebody is about to begin the first build."""
        with kept.views.begin() as connection:
            checkpoints.lock(connection, "counting")
        with kept.reading.connect() as connection:
            with pytest.raises(ProjectionUnavailable):
                reading.freshness(connection, "counting")
            with pytest.raises(ProjectionUnavailable):
                reading.find(connection, counting(), "C1")

    def test_is_of_the_live_build_while_another_one_is_built(self, kept: Kept) -> None:
        """The build to come tells nothing."""
        [position] = kept.record(visit("C1"))
        engine = kept.engine(counting())
        engine.catch_up()
        engine.rebuild("counting")
        with kept.reading.connect() as connection:
            fresh = reading.freshness(connection, "counting")
        assert (fresh.build, fresh.position) == (1, position)


class TestFinding:
    def test_gives_row_freshness_and_parking_in_one_statement(self, kept: Kept) -> None:
        """One statement is one moment, on every database."""
        kept.record(visit("C1"))
        kept.engine(counting()).catch_up()
        with statements(kept.reading) as sent, kept.reading.connect() as connection:
            found = reading.find(connection, counting(), "C1")
        assert len(sent) == 1
        assert found.row == {"build": 1, **kept.rows(counting())["C1"]}
        assert found.freshness.position == 1
        assert found.parked_at is None

    def test_tells_an_absence_with_the_position_up_to_which_it_holds(self, kept: Kept) -> None:
        """Who was waiting for a row can wait on."""
        [position] = kept.record(visit("C1"))
        kept.engine(counting()).catch_up()
        with kept.reading.connect() as connection:
            found = reading.find(connection, counting(), "C2")
        assert (found.row, found.parked_at, found.freshness.position) == (None, None, position)

    def test_shows_a_parked_customers_row_with_the_event_where_it_stops(self, kept: Kept) -> None:
        """The freshness is the projection's; the row's is the customer's."""
        [_, stuck, last] = kept.record(visit("C1"), poison("C1"), visit("C2"))
        kept.engine(FRAGILE).catch_up()
        with kept.reading.connect() as connection:
            found = reading.find(connection, FRAGILE, "C1")
            assert reading.find(connection, FRAGILE, "C2").parked_at is None
        assert found.row is not None
        assert found.row["events"] == 1
        assert (found.parked_at, found.freshness.position) == (stuck, last)

    def test_tells_of_a_customer_who_was_parked_before_having_a_row(self, kept: Kept) -> None:
        """Absent and parked is not the same as unknown."""
        [stuck] = kept.record(poison("C1"))
        kept.engine(FRAGILE).catch_up()
        with kept.reading.connect() as connection:
            found = reading.find(connection, FRAGILE, "C1")
        assert (found.row, found.parked_at) == (None, stuck)

    def test_does_not_confuse_parked_customers_of_other_builds_and_projections(self, kept: Kept) -> None:
        """Each build of each projection has its own."""
        kept.record(visit("C1"), poison("C1"))
        kept.engine(FRAGILE, counting("other")).catch_up()
        kept.engine(counting(version=2), counting("other")).catch_up()
        with kept.reading.connect() as connection:
            assert reading.find(connection, counting("other"), "C1").parked_at is None
            found = reading.find(connection, counting(), "C1")
        assert found.freshness.version == 2
        assert found.parked_at is None

    def test_knows_the_customer_of_a_row_that_has_a_key_of_its_own(self, kept: Kept) -> None:
        """An application is found by its number; parked is its customer."""
        review = projections(load_definitions())[1]

        def key_of(told: RecordedEvent) -> str | None:
            stumble(told)
            key = review.key_of(told)
            return None if key is None else str(key)

        fragile = type(review)(**{**vars(review), "key_of": key_of})
        kept.record(submitted("C1", case="APP-1"), submitted("C2", case="APP-2"))
        [stuck] = kept.record(
            event("application.withdrawn", {"reason": "no"}, customer="C1", case="APP-1", channel="phone")
        )
        kept.engine(fragile).catch_up()
        with kept.reading.connect() as connection:
            assert reading.find(connection, fragile, "APP-1").parked_at == stuck
            assert reading.find(connection, fragile, "APP-2").parked_at is None


def test_a_customer_is_parked_in_what_a_reader_sees_or_not(kept: Kept) -> None:
    """For lists of rows, which are not looked up by a key."""
    [stuck, _] = kept.record(poison("C1"), visit("C2"))
    kept.engine(FRAGILE).catch_up()
    with kept.reading.connect() as connection:
        fresh = reading.freshness(connection, "counting")
        assert reading.parked_at(connection, fresh, "C1") == stuck
        assert reading.parked_at(connection, fresh, "C2") is None
