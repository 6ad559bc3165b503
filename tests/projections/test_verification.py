"""Verification: finds every row that is not what the log says, and nothing where all is well."""

from typing import Any

import pytest
import sqlalchemy as sa

from journey.errors import ProjectionUnavailable
from journey.processes import load_definitions
from projections import checkpoints
from projections.projection import Projection
from projections.registry import projections
from projections.verification import Checked, Difference, verify
from tests.facts import submitted, visit
from tests.projections.keeping import Kept, counting
from tests.projections.test_engine import caught_up, started, until

REAL = projections(load_definitions())


def verified(kept: Kept, projection: Projection[Any]) -> tuple[list[Difference], Checked]:
    """Verify a projection from one moment of its rows, as the command does."""
    checked = Checked()
    reading = kept.reading
    if not kept.storage.embedded:
        reading = reading.execution_options(isolation_level="REPEATABLE READ")
    with reading.connect() as connection:
        return list(verify(kept.log, connection, projection, checked)), checked


@pytest.fixture
def shown(kept: Kept) -> Projection[Any]:
    """Give a projection that shows three customers."""
    projection = counting()
    kept.record(visit("C1"), visit("C2"), visit("C1"), visit("C3"))
    kept.engine(projection).catch_up()
    return projection


class TestFinding:
    def test_nothing_where_all_is_well(self, kept: Kept) -> None:
        """Of the service's own projections too; it tells how much it compared."""
        kept.record(submitted("C1", case="APP-1"), visit("C2"), visit("C1"), submitted("C3", case="APP-3"))
        kept.engine(*REAL).catch_up()
        for projection, rows in zip(REAL, (3, 2, 4, 0, 0), strict=True):
            assert verified(kept, projection) == ([], Checked(streams=3, events=4, rows=rows, parked=0))

    def test_a_tampered_row(self, kept: Kept, shown: Projection[Any]) -> None:
        """Whatever column it is, with what it ought to be and what it is."""
        row = shown.table.update().where(shown.table.c.stream_id == "C2")
        right = kept.rows(shown)["C2"]
        for column, wrong in {"events": 99, "total": 99, "position": 99, "note": "x"}.items():
            change(kept, row.values({column: wrong}))
            differences, _ = verified(kept, shown)
            assert differences == [Difference("counting", "C2", "C2", right, {**right, column: wrong})]
            change(kept, row.values({column: right[column]}))

    def test_a_missing_row(self, kept: Kept, shown: Projection[Any]) -> None:
        """The first, one between others, the last."""
        for customer, right in kept.rows(shown).items():
            change(kept, shown.table.delete().where(shown.table.c.stream_id == customer))
            differences, _ = verified(kept, shown)
            assert differences == [Difference("counting", str(customer), customer, right, None)]
            change(kept, shown.table.insert().values(build=1, **right))

    def test_a_row_of_nobody(self, kept: Kept, shown: Projection[Any]) -> None:
        """Before all others, among them, behind them."""
        for customer in ("A", "C1x", "Z", "客户"):
            row = {"stream_id": customer, "position": 1, "events": 1, "total": 1, "note": None}
            change(kept, shown.table.insert().values(build=1, **row))
            differences, _ = verified(kept, shown)
            assert differences == [Difference("counting", customer, customer, None, row)]
            change(kept, shown.table.delete().where(shown.table.c.stream_id == customer))

    def test_a_row_too_many_of_somebody(self, kept: Kept) -> None:
        """A customer with several rows: only the wrong one is named."""
        timeline = REAL[2]
        kept.record(visit("C1"), visit("C1"))
        kept.engine(timeline).catch_up()
        extra = {**kept.rows(timeline)[1], "position": 77}
        change(kept, timeline.table.insert().values(build=1, **extra))

        differences, _ = verified(kept, timeline)
        assert differences == [Difference("timeline", "C1", 77, None, extra)]

    def test_every_difference_not_only_the_first(self, kept: Kept, shown: Projection[Any]) -> None:
        """An operator wants to know how many."""
        change(kept, shown.table.update().values(events=99))
        differences, _ = verified(kept, shown)
        assert [difference.key for difference in differences] == ["C1", "C2", "C3"]

    def test_a_customer_who_ought_to_be_parked(self, kept: Kept) -> None:
        """Who is not marked as parked, and whose rows stop before the end all the same, is a difference."""
        fragile = counting(refuse=lambda event: 1 / (event.channel != "phone"))
        [_, position, _] = kept.record(visit("C1"), visit("C1", channel="phone"), visit("C2"))
        kept.engine(fragile).catch_up()
        with kept.views.begin() as connection:
            checkpoints.unpark(connection, kept.live(fragile), "C1")

        differences, _ = verified(kept, fragile)
        told = {"parked": f"ZeroDivisionError at position {position}"}
        assert differences[0] == Difference("counting", "C1", position, told, None)


class TestLeavingOut:
    def test_events_after_the_checkpoint(self, kept: Kept, shown: Projection[Any]) -> None:
        """The rows need not show what no engine has handled yet."""
        kept.record(visit("C1"), visit("C4"))
        differences, checked = verified(kept, shown)
        assert differences == []
        assert checked.events == 4

    def test_what_comes_after_a_parked_customers_poison_event_but_not_what_was_before(
        self, kept: Kept
    ) -> None:
        """The rows of who is parked are to be a fold up to there."""
        fragile = counting(refuse=lambda event: 1 / (event.channel != "phone"))
        kept.record(visit("C1"), visit("C1", channel="phone"), visit("C1"), visit("C2"))
        kept.engine(fragile).catch_up()
        differences, checked = verified(kept, fragile)
        assert differences == []
        assert checked.parked == 1

        table = fragile.table
        change(kept, table.update().where(table.c.stream_id == "C1").values(events=7))
        assert [difference.key for difference in verified(kept, fragile)[0]] == ["C1"]

    def test_rows_of_other_builds(self, kept: Kept, shown: Projection[Any]) -> None:
        """Only what readers see is compared."""
        engine = kept.engine(shown, page=1)
        engine.rebuild("counting")
        engine.step()
        assert verified(kept, shown)[0] == []


def test_customers_are_matched_whatever_their_ids_are_written_in(kept: Kept) -> None:
    """The database and Python must put them in the same order: by bytes."""
    projection = counting()
    customers = ["a", "B", "ä", "Z", "客户", "0", "-", "~", "é", "z", "\U0001f600", "\uffee", "a b", "ab"]
    kept.record(*[visit(customer) for customer in customers])
    kept.engine(projection).catch_up()
    differences, checked = verified(kept, projection)
    assert differences == []
    assert checked.rows == len(customers)


def test_it_passes_at_any_moment_while_appends_go_on(kept: Kept) -> None:
    """An engine writes and rebuilds all the time; each look is at one moment."""
    projection = counting()
    kept.record(visit("C1"))
    engine = kept.process(projection, page=5)
    engine.catch_up()
    with started(engine):
        for number in range(15):
            kept.record(*[visit(f"C{number % 4}") for _ in range(8)])
            if number % 5 == 1:
                engine.rebuild("counting")
            assert verified(kept, projection)[0] == []
        until(lambda: caught_up(kept, projection), kept)
    assert verified(kept, projection)[0] == []


def test_there_is_nothing_to_verify_before_the_first_build(kept: Kept) -> None:
    """It says so, rather than that all is well."""
    with pytest.raises(ProjectionUnavailable):
        verified(kept, counting())


def change(kept: Kept, statement: sa.Executable) -> None:
    """Change rows behind the engine's back."""
    with kept.views.begin() as connection:
        assert connection.execute(statement).rowcount != 0
