"""How fresh a projection's rows are, and who is parked in what readers see."""

from datetime import UTC, datetime

import pytest

from journey.errors import ProjectionUnavailable
from projections import checkpoints, reading
from projections.reading import Freshness
from tests.facts import visit
from tests.projections.keeping import Kept, counting
from tests.projections.test_parking import poison, stumble

RECORDED = datetime(2026, 11, 20, 13, 30, 0, 123456, tzinfo=UTC)
FRAGILE = counting(refuse=stumble)


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
        with kept.reading.connect() as connection, pytest.raises(ProjectionUnavailable):
            reading.freshness(connection, "counting")

    def test_is_of_the_live_build_while_another_one_is_built(self, kept: Kept) -> None:
        """The build to come tells nothing."""
        [position] = kept.record(visit("C1"))
        engine = kept.engine(counting())
        engine.catch_up()
        engine.rebuild("counting")
        with kept.reading.connect() as connection:
            fresh = reading.freshness(connection, "counting")
        assert (fresh.build, fresh.position) == (1, position)


def test_a_customer_is_parked_in_what_a_reader_sees_or_not(kept: Kept) -> None:
    """For lists of rows, which are not looked up by a key."""
    [stuck, _] = kept.record(poison("C1"), visit("C2"))
    kept.engine(FRAGILE).catch_up()
    with kept.reading.connect() as connection:
        fresh = reading.freshness(connection, "counting")
        assert reading.parked_at(connection, fresh, "C1") == stuck
        assert reading.parked_at(connection, fresh, "C2") is None
