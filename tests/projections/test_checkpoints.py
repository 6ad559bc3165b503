"""The conditional checkpoint, and the numbers and states of builds."""

import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from journey.errors import CheckpointMoved, ProjectionUnavailable
from journey.events import Position
from projections import checkpoints
from projections.checkpoints import Build
from tests.projections.keeping import NOW, Kept

START = Position(0)


def begin(kept: Kept, version: int = 1) -> Build:
    """Begin a build of the projection `p` and return it."""
    with kept.views.begin() as connection:
        checkpoints.lock(connection, "p")
        number = checkpoints.begin_build(connection, "p", version, START, NOW)
        return next(build for build in checkpoints.builds(connection, "p") if build.build == number)


def statuses(kept: Kept) -> dict[int, str]:
    """Return the states of the builds of `p`."""
    with kept.reading.connect() as connection:
        return {build.build: build.status for build in checkpoints.builds(connection, "p")}


class TestAdvancing:
    def test_moves_the_checkpoint_and_forgets_an_error(self, kept: Kept) -> None:
        """What was wrong with the last batch is over with the next."""
        build = begin(kept)
        with kept.views.begin() as connection:
            checkpoints.note_error(connection, build, "OperationalError")
        with kept.views.begin() as connection:
            checkpoints.advance(connection, build, Position(7), "2026-11-22T08:00:00+00:00")

        with kept.reading.connect() as connection:
            moved = checkpoints.live_build(connection, "p")
        assert moved == replace(build, position=Position(7), recorded_at="2026-11-22T08:00:00+00:00")

    def test_refuses_a_build_that_is_not_as_it_was_read(self, kept: Kept) -> None:
        """Moved on, switched, dropped, or another one that got its number."""
        build = begin(kept)
        for other in (
            replace(build, position=Position(6)),
            replace(build, status="retired"),
            replace(build, version=2),
            replace(build, created_at="2020-01-01T00:00:00+00:00"),
            replace(build, build=2),
        ):
            with pytest.raises(CheckpointMoved), kept.views.begin() as connection:
                checkpoints.advance(connection, other, Position(9), None)
            with pytest.raises(CheckpointMoved), kept.views.begin() as connection:
                checkpoints.claim(connection, other)

    def test_of_two_transactions_at_once_one_is_turned_away_without_waiting(self, kept: Kept) -> None:
        """On PostgreSQL; an embedded database has one writer anyway."""
        if kept.storage.embedded:
            pytest.skip("one writer")
        build = begin(kept)
        with kept.views.begin() as first:
            checkpoints.advance(first, build, Position(5), None)
            with kept.views.begin() as second:
                second.execute(sa.text("SET LOCAL lock_timeout = '1ms'"))
                with pytest.raises(CheckpointMoved):
                    checkpoints.advance(second, build, Position(5), None)
        with kept.views.begin() as late, pytest.raises(CheckpointMoved):
            checkpoints.advance(late, build, Position(5), None)

    def test_whoever_repairs_waits_for_the_batch_at_hand_and_sees_where_it_ended(self, kept: Kept) -> None:
        """A repair up to an older position would take away what the batch has just written."""
        if kept.storage.embedded:
            pytest.skip("one writer")
        build = begin(kept)
        with kept.views.begin() as first:
            checkpoints.advance(first, build, Position(5), None)
            with kept.views.connect() as second:
                second.execute(sa.text("SET lock_timeout = '50ms'"))
                with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
                    checkpoints.hold(second, build)
                second.invalidate()
        with kept.views.begin() as connection:
            held = checkpoints.hold(connection, build)

        assert held is not None
        assert held.position == 5

    def test_a_build_that_was_given_up_is_not_held(self, kept: Kept) -> None:
        """Nothing is repaired in rows that are on their way out."""
        build = begin(kept)
        with kept.views.begin() as connection:
            checkpoints.drop(connection, build)
            assert checkpoints.hold(connection, build) is None


class TestBuilds:
    def test_the_first_is_live_at_once_and_the_next_is_building(self, kept: Kept) -> None:
        """Readers of a new projection see it grow; later builds grow unseen."""
        begin(kept)
        begin(kept)
        assert statuses(kept) == {1: "live", 2: "building"}

    def test_there_is_none_before_the_first(self, kept: Kept) -> None:
        """A projection that was locked only, too."""
        with kept.views.begin() as connection:
            checkpoints.lock(connection, "p")
            with pytest.raises(ProjectionUnavailable):
                checkpoints.live_build(connection, "p")

    def test_a_switch_retires_the_live_one_and_drops_older_ones(self, kept: Kept) -> None:
        """One build is kept for a roll-back."""
        begin(kept)
        for _ in range(2):
            build = begin(kept)
            with kept.views.begin() as connection:
                checkpoints.switch(connection, build)
        assert statuses(kept) == {1: "dropped", 2: "retired", 3: "live"}

    def test_a_switch_drops_builds_of_older_logic_that_never_got_there(self, kept: Kept) -> None:
        """One of newer logic may be on its way in another process, and stays."""
        begin(kept)
        begin(kept, version=1)
        begin(kept, version=3)
        build = begin(kept, version=2)
        with kept.views.begin() as connection:
            checkpoints.switch(connection, build)
        assert statuses(kept) == {1: "retired", 2: "dropped", 3: "building", 4: "live"}

    def test_locking_keeps_other_orders_out_until_the_end(self, kept: Kept) -> None:
        """Two that begin builds get two numbers."""
        numbers: list[int] = []
        start = threading.Barrier(4)

        def order() -> None:
            start.wait()
            numbers.append(begin(kept).build)

        threads = [threading.Thread(target=order) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(numbers) == [1, 2, 3, 4]
