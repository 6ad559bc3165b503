"""PostgreSQL knows builds that have just grown: it would else look through all of one for each row."""

import pytest
import sqlalchemy as sa

from projections import statistics
from tests.facts import visit
from tests.projections.keeping import Kept, counting


def test_a_new_build_is_known(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the first page behind which it is no longer small, and each time that it has grown much."""
    if kept.storage.embedded:
        pytest.skip("SQLite's planner needs no statistics")
    monkeypatch.setattr(statistics, "_FEW", 10)
    projection = counting()
    kept.record(*(visit(f"C{number}") for number in range(60)))
    engine = kept.engine(projection, page=10)
    engine.catch_up()
    assert _known(kept, projection.table.name) == {1}

    engine.rebuild(projection.name)
    engine.catch_up()
    assert _known(kept, projection.table.name) == {1, 2}


def test_it_is_not_asked_for_more_often(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time that the build has grown to four times of what it was: few times, however long the log."""
    taken: list[str] = []
    sa.event.listen(kept.views, "before_cursor_execute", lambda *told: taken.append(told[2]))
    monkeypatch.setattr(statistics, "_FEW", 10)
    kept.record(*(visit(f"C{number}") for number in range(200)))

    kept.engine(counting(), page=5).catch_up()

    times = sum(statement.startswith("ANALYZE") for statement in taken)
    assert times == (0 if kept.storage.embedded else 3)  # behind 10, 40 and 160 events


def _known(kept: Kept, table: str) -> set[int]:
    wanted = sa.text(
        "SELECT most_common_vals::text::int[] FROM pg_stats WHERE tablename = :table AND attname = 'build'"
    )
    with kept.views.connect() as connection:
        return set(connection.execute(wanted, {"table": table}).scalar() or ())
