"""PostgreSQL knows builds that have just grown: it would else look through all of one for each row."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from projections import statistics
from tests.facts import visit
from tests.projections.keeping import Kept, counting

ON_POSTGRESQL = pytest.mark.parametrize("settings", ["postgres"], indirect=True)
"""SQLite's planner needs no statistics."""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look with each page, and at tables of any size."""
    monkeypatch.setattr(statistics, "_SMALL", 0)
    monkeypatch.setattr(statistics, "_INTERVAL", 0)


@ON_POSTGRESQL
def test_a_new_build_is_known(kept: Kept) -> None:
    """Whether it is the first in its table or another beside it."""
    projection = counting()
    kept.record(*(visit(f"C{number}") for number in range(60)))
    engine = kept.engine(projection, page=10)
    engine.catch_up()
    assert _known(kept, projection.table.name) == {1}

    engine.rebuild(projection.name)
    engine.catch_up()
    assert _known(kept, projection.table.name) == {1, 2}


@ON_POSTGRESQL
def test_a_build_that_is_loaded_is_known_before_it_is_shown(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However short a time ago the tables were looked at: readers would ask of it at once."""
    projection = counting()
    kept.record(*(visit(f"C{number}") for number in range(60)))
    engine = replace(kept, settings=kept.settings.model_copy(update={"load_events": 10})).engine(projection)
    engine.catch_up()
    monkeypatch.setattr(statistics, "_INTERVAL", 3_600)
    engine.rebuild(projection.name)
    while kept.builds(projection)[2].status != "building" or not kept.builds(projection)[2].position:
        assert engine.step()
    kept.record(visit("C1"))
    while kept.live(projection).build == 1:
        assert engine.step()
        known = _known(kept, projection.table.name)

    assert known == {1, 2}


@ON_POSTGRESQL
def test_a_table_that_grows_late_is_known(kept: Kept) -> None:
    """However far its build had come: cases are closed long after the first events."""
    projection = counting()
    engine = kept.engine(projection)
    for customers in (["C0"] * 600, [f"C{number}" for number in range(900)], ["C0"]):
        kept.record(*map(visit, customers))
        engine.catch_up()

    rows = sa.text("SELECT reltuples FROM pg_class WHERE oid = CAST(:table AS regclass)")
    with kept.views.connect() as connection:
        assert connection.execute(rows, {"table": projection.table.name}).scalar() == 900


def test_they_are_taken_seldom(kept: Kept) -> None:
    """When there is something, and each time that there is four times as much."""
    taken: list[str] = []
    sa.event.listen(kept.views, "before_cursor_execute", lambda *told: taken.append(told[2]))
    kept.record(*(visit("C1") for number in range(200)))

    kept.engine(counting(), page=5).catch_up()

    times = sum(statement.startswith("ANALYZE") for statement in taken)
    assert (
        times == 0 if kept.storage.embedded else 3 <= times <= 5
    )  # behind 5, 25 and 105 events, of 40 pages


def test_without_them_all_goes_on(kept: Kept) -> None:
    """A table that cannot be looked at holds up no other projection; that is told by what writes to it."""
    sound = counting()

    @sa.event.listens_for(kept.views, "before_cursor_execute")
    def _(*told: object) -> None:
        if "pg_relation_size" in str(told[2]):
            raise sa.exc.OperationalError("SELECT", {}, OSError("no disk"))

    kept.record(visit("C1"))
    kept.engine(sound).catch_up()

    assert kept.rows(sound) == kept.replayed(sound)


def _known(kept: Kept, table: str) -> set[int]:
    wanted = sa.text(
        "SELECT most_common_vals::text::int[] FROM pg_stats WHERE tablename = :table AND attname = 'build'"
    )
    with kept.views.connect() as connection:
        return set(connection.execute(wanted, {"table": table}).scalar() or ())
