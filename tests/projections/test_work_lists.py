"""Queries of work lists: none reads the rows of cases that it is not asked for."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from journey.migrating import migrate
from journey.storage import Storage
from projections.registry import projections
from projections.work_lists import Filters, Order, page, source
from tests.projections.specs import PROCESSES

NOW = "2026-11-20T12:00:00.000000Z"
SOURCES = [source(each, 1) for each in projections(PROCESSES) if "turn" in each.table.c]


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """Give empty read models in SQLite."""
    storage = Storage(tmp_path_factory.mktemp("views"), None)
    migrate(storage)
    engine = storage.engine("views", writer=False)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    ("filters", "order", "indexes"),
    [
        (Filters(kind="consultation", state="waiting"), "since", {"case_progress_in_state"}),
        (Filters(kind="complaint", handler="li"), "due", {"case_progress_of_handler"}),
        (Filters(kind="complaint", team="cards"), "due", {"case_progress_of_team"}),
        (Filters(kind="complaint", customer="c-1"), "due", {"case_progress_of_customer"}),
        (Filters(kind="complaint", due="overdue"), "due", {"case_progress_due"}),
        (Filters(kind="ticket", only_open=True), "since", {"case_progress_due"}),
        (Filters(due="urgent"), "due", {"case_progress_due", "review_progress_due", "improvements_due"}),
        # Improvements have no handlers, and are few: their build is looked through.
        (
            Filters(handler="li"),
            "due",
            {"case_progress_of_handler", "review_progress_of_handler", "sqlite_autoindex_improvements_1"},
        ),
    ],
)
def test_every_list_goes_by_an_index(
    views: sa.Engine, filters: Filters, order: Order, indexes: set[str]
) -> None:
    """The plan of the very statement that is asked searches, and scans no table."""
    asked: list[tuple[str, Any]] = []
    sources = [each for each in SOURCES if filters.kind is None or each.kind is None]
    with views.connect() as connection:
        sa.event.listen(connection, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        assert page(connection, sources, filters, order, None, 101, NOW) == []
        statement, values = asked[-1]
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]

    assert not [step for step in plan if "SCAN case_progress" in step or "SCAN review_progress" in step]
    assert {step.split("INDEX ")[1].split()[0] for step in plan if "INDEX" in step} == indexes
