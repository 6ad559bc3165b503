"""Rebuilds: beside the rows that readers see, under load, by new logic; switched, rolled back, removed."""

import threading
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st

from journey.errors import CheckpointMoved, NoBuildToReturnTo
from journey.processes import load_definitions
from projections import batch, checkpoints, keeper, rows, succession
from projections.projection import Projection
from projections.reading import Found
from projections.registry import projections
from tests.facts import submitted, visit
from tests.projections.keeping import NOW, Kept, counting, facts
from tests.projections.looking import look, noted
from tests.projections.specs import fold
from tests.projections.test_batch import journeys
from tests.projections.test_engine import at_once, caught_up, started, until


def statuses(kept: Kept, projection: Projection[Any]) -> dict[int, str]:
    """Return the states of a projection's builds."""
    return {number: build.status for number, build in kept.builds(projection).items()}


def stored(kept: Kept, projection: Projection[Any]) -> dict[int, int]:
    """Return how many rows there are of each build."""
    table = projection.table
    query = sa.select(table.c.build, sa.func.count()).group_by(table.c.build)
    with kept.reading.connect() as connection:
        return {build: count for build, count in connection.execute(query)}  # noqa: C416  # rows, not pairs, to mypy


def test_readers_never_miss_a_row_nor_see_it_go_back_while_rebuilds_and_appends_go_on(kept: Kept) -> None:
    """Two engines keep it, somebody reads all the time, and the build that readers see changes twice."""
    projection = counting(to_row=noted)
    kept.record(visit("C1"), visit("C2"))
    engines = [kept.process(projection, page=7) for _ in range(2)]
    engines[0].catch_up()
    seen: list[Found] = []
    enough = threading.Event()

    def read() -> None:
        while not enough.is_set():
            seen.append(look(kept, projection))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        with started(*engines):
            for _ in range(2):
                build = engines[0].rebuild("counting")
                for _ in range(25):
                    kept.record(visit("C1"), visit("C2"), visit("C3"))
                until(lambda: kept.live(projection).build == build, kept)  # noqa: B023  # within this round
            until(lambda: caught_up(kept, projection), kept)
    finally:
        enough.set()
        reader.join(30)

    counts = [int(found.text) for found in seen if found.text is not None]
    assert len(counts) == len(seen)
    assert counts == sorted(counts)
    positions = [found.freshness.position for found in seen]
    assert positions == sorted(positions)
    assert look(kept, projection).freshness.build == 3
    assert kept.rows(projection) == kept.replayed(projection)


def test_a_rebuild_gives_row_for_row_the_same(kept: Kept) -> None:
    """For any history and any size of pages, of every projection."""
    known = projections(load_definitions())
    example = 0

    @hypothesis.settings(max_examples=5, deadline=None, database=None)
    @hypothesis.given(journeys(), st.integers(1, 7))
    def same(history: list[tuple[str, Any]], page: int) -> None:
        nonlocal example
        example += 1
        kept.record(*facts([(f"{customer}-{example}", told) for customer, told in history]))
        kept.engine(*known).catch_up()
        engine = kept.engine(*known, page=page)
        numbers = {projection: engine.rebuild(projection.name) for projection in known}
        before = {projection: kept.live(projection).build for projection in known}
        engine.catch_up()
        for projection in known:
            assert kept.live(projection).build == numbers[projection]
            assert kept.rows(projection) == kept.rows(projection, before[projection])

    same()


class TestSwitching:
    def test_readers_see_the_old_build_until_the_new_one_has_caught_up(self, kept: Kept) -> None:
        """Not before it is at the end of the log, and not while the old one is ahead of it."""
        projection = counting(to_row=noted)
        kept.record(visit("C1"), visit("C2"), visit("C1"))
        engine = kept.engine(projection, page=1)
        engine.catch_up()
        assert engine.rebuild("counting") == 2
        for _ in range(3):
            assert look(kept, projection).freshness.build == 1
            assert look(kept, projection).text == kept.replayed(projection)["C1"]["note"]
            engine.step()
        engine.step()

        assert look(kept, projection).freshness.build == 2
        assert statuses(kept, projection) == {1: "retired", 2: "live"}
        assert kept.rows(projection, 1) == kept.rows(projection, 2)

    def test_a_build_behind_the_live_one_does_not_take_over(self, kept: Kept) -> None:
        """However it came to be asked."""
        projection = counting()
        kept.record(visit("C1"))
        engine = kept.engine(projection)
        engine.catch_up()
        engine.rebuild("counting")
        with kept.views.begin() as connection:
            assert not succession.take_over(connection, kept.builds(projection)[2])
        assert look(kept, projection).freshness.build == 1

    def test_a_build_that_was_given_up_meanwhile_does_not_take_over(self, kept: Kept) -> None:
        """An engine may believe that it still is building: its rows are on their way out."""
        projection = counting()
        kept.record(visit("C1"))
        engine = kept.engine(projection)
        engine.catch_up()
        engine.rebuild("counting")
        [_, stale] = kept.builds(projection).values()
        with kept.views.begin() as connection:
            stale, _ = batch.apply(projection, connection, stale, kept.log.read_all(), NOW)
        engine.rebuild("counting")

        with kept.views.begin() as connection:
            assert not succession.take_over(connection, stale)
        with pytest.raises(CheckpointMoved), kept.views.begin() as connection:
            batch.apply(projection, connection, stale, kept.log.read_all(), NOW)
        assert statuses(kept, projection) == {1: "live", 2: "dropped", 3: "building"}

    def test_a_rebuild_under_way_gives_way_to_the_next(self, kept: Kept) -> None:
        """Its rows are removed, and the next one ends as if it had been alone."""
        projection = counting()
        kept.record(visit("C1"), visit("C2"), visit("C3"))
        engine = kept.engine(projection, page=1)
        engine.catch_up()
        engine.rebuild("counting")
        engine.step()
        assert stored(kept, projection) == {1: 3, 2: 1}
        assert engine.rebuild("counting") == 3
        engine.catch_up()

        assert statuses(kept, projection) == {1: "retired", 3: "live"}
        assert stored(kept, projection) == {1: 3, 3: 3}

    def test_several_who_order_a_rebuild_at_once_get_one_in_the_end(self, kept: Kept) -> None:
        """None fails, and the last order counts."""
        projection = counting()
        kept.record(visit("C1"))
        engines = [kept.engine(projection) for _ in range(4)]
        engines[0].catch_up()
        at_once(*[lambda engine=engine: engine.rebuild("counting") for engine in engines])
        assert list(statuses(kept, projection).values()).count("building") == 1
        engines[0].catch_up()

        assert statuses(kept, projection) == {1: "retired", 5: "live"}
        assert kept.rows(projection) == kept.replayed(projection)


class TestNewLogic:
    def test_takes_over_when_it_has_caught_up_and_changes_what_tags_are_made_of(self, kept: Kept) -> None:
        """Until then the old rows are shown as they are, though nobody keeps them any more."""
        old, new = counting(version=1, to_row=noted), counting(version=2, to_row=noted)
        kept.record(visit("C1"), visit("C2"))
        kept.engine(old).catch_up()
        kept.record(visit("C1"), visit("C2"))
        engine = kept.engine(new, page=1)
        for _ in range(4):
            found = look(kept, new)
            assert (found.freshness.version, found.freshness.position) == (1, 2)
            assert found.text == "1"
            engine.step()
        engine.catch_up()

        found = look(kept, new)
        assert (found.freshness.version, found.freshness.position) == (2, 4)
        assert kept.rows(new) == kept.replayed(new)
        assert kept.rows(new, 1) == kept.replayed(old, kept.builds(old)[1].position)

    def test_going_back_to_the_old_logic_lets_its_build_catch_up_again(self, kept: Kept) -> None:
        """A deployment that is rolled back needs no rebuild."""
        old, new = counting(version=1), counting(version=2)
        kept.record(visit("C1"))
        kept.engine(old).catch_up()
        kept.engine(new).catch_up()
        kept.record(visit("C1"))
        kept.engine(new).catch_up()
        kept.engine(old).catch_up()

        assert statuses(kept, old) == {1: "live", 2: "retired"}
        assert kept.rows(old) == kept.replayed(old)

    def test_what_readers_see_never_goes_back_while_old_and_new_processes_run(self, kept: Kept) -> None:
        """For any order of their steps: a rolling deployment."""
        version = 0

        @hypothesis.settings(max_examples=12, deadline=None, database=None)
        @hypothesis.given(st.lists(st.sampled_from(["old", "new", "both", "append"]), max_size=14))
        def never_back(moves: list[str]) -> None:
            nonlocal version
            version += 1
            before, after = counting(version=version), counting(version=version + 1)
            kept.engine(before).catch_up()
            engines = {"old": kept.engine(before, page=2), "new": kept.engine(after, page=3)}
            position = kept.live(before).position
            for move in moves:
                if move == "append":
                    kept.record(visit("C1"), visit("C2"))
                elif move == "both":
                    at_once(*(engine.step for engine in engines.values()))
                else:
                    engines[move].step()
                live = kept.live(before)
                assert position <= live.position
                position = live.position
                logic = before if live.version == version else after
                assert kept.rows(logic) == kept.replayed(logic, position)
            engines["new"].catch_up()
            assert kept.live(after).version == version + 1
            assert kept.rows(after) == kept.replayed(after)

        never_back()


class TestRollingBack:
    def test_the_build_before_catches_up_and_takes_over(self, kept: Kept) -> None:
        """And once more: forth again."""
        projection = counting()
        kept.record(visit("C1"))
        engine = kept.engine(projection)
        engine.catch_up()
        engine.rebuild("counting")
        engine.catch_up()
        kept.record(visit("C1"), visit("C2"))
        assert engine.roll_back("counting") == 1
        assert look(kept, projection).freshness.build == 2
        engine.catch_up()
        assert statuses(kept, projection) == {1: "live", 2: "retired"}
        assert kept.rows(projection) == kept.replayed(projection)
        engine.roll_back("counting")
        engine.catch_up()
        assert look(kept, projection).freshness.build == 2

    def test_gives_up_a_rebuild_under_way(self, kept: Kept) -> None:
        """Else the rebuild would end later and undo what was ordered."""
        projection = counting()
        kept.record(visit("C1"), visit("C2"))
        engine = kept.engine(projection, page=1)
        engine.catch_up()
        engine.rebuild("counting")
        engine.catch_up()
        engine.rebuild("counting")
        engine.roll_back("counting")
        engine.catch_up()
        assert statuses(kept, projection) == {1: "live", 2: "retired"}

    def test_rows_of_other_logic_are_nothing_to_return_to(self, kept: Kept) -> None:
        """Nobody could carry them on; the old version of the service can."""
        kept.engine(counting(version=1)).catch_up()
        engine = kept.engine(counting(version=2))
        engine.catch_up()
        with pytest.raises(NoBuildToReturnTo):
            engine.roll_back("counting")


class TestRemoving:
    def test_rows_go_bit_by_bit_and_their_bookkeeping_last(
        self, kept: Kept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No transaction is long, whatever the size of a build."""
        monkeypatch.setattr(keeper, "_DROPPED_ROWS", 2)
        projection = counting(refuse=lambda event: 1 / (event.channel != "phone"))
        kept.record(*[visit(f"C{number}") for number in range(5)], visit("poison", channel="phone"))
        engine = kept.engine(projection)
        engine.catch_up()
        engine.rebuild("counting")
        engine.catch_up()
        engine.rebuild("counting")
        engine.step()
        dropped = kept.builds(projection)[1]
        left = []
        while 1 in kept.builds(projection):
            left.append(stored(kept, projection).get(1, 0))
            engine.step()

        assert dropped.status == "dropped"
        assert left == [5, 3, 1, 0]
        assert kept.parked(projection, dropped) == {}
        assert set(kept.parked(projection)) == {"poison"}
        assert stored(kept, projection) == {2: 5, 3: 5}

    def test_two_engines_leave_no_rows_behind(self, kept: Kept) -> None:
        """Who waited for another's deletions would find nothing, and forget the rows that are left."""
        if kept.storage.embedded:
            pytest.skip("one writer")
        projection = counting()
        kept.record(*[visit(f"C{number}") for number in range(9)])
        engine = kept.engine(projection)
        engine.catch_up()
        with kept.views.begin() as connection:
            checkpoints.drop(connection, kept.live(projection))
        [dropped] = kept.builds(projection).values()
        never_waiting(kept)
        with kept.views.begin() as connection:
            checkpoints.claim(connection, dropped)
            assert rows.delete_some(projection, connection, dropped, 3) == 3
            assert not engine.step()
        assert stored(kept, projection) == {1: 6}
        engine.catch_up()
        assert stored(kept, projection) == {}
        assert kept.builds(projection) == {}


def never_waiting(kept: Kept) -> None:
    """Let transactions fail that would wait for another one's locks."""

    @sa.event.listens_for(kept.views, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")


def test_real_projections_are_rebuilt_by_the_page(kept: Kept) -> None:
    """The rows of the service's own projections, after a rebuild in pages of two, are a plain fold."""
    known = projections(load_definitions())
    kept.record(submitted("C1", case="APP-1"), visit("C1"), visit("C2"), submitted("C2", case="APP-2"))
    engine = kept.engine(*known, page=2)
    engine.catch_up()
    for projection in known:
        engine.rebuild(projection.name)
    engine.catch_up()
    for projection in known:
        assert kept.rows(projection) == fold(projection, kept.log.read_all())
        assert kept.live(projection).build == 2
