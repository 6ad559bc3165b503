"""All projections: what the engine and the migrations may rely on, whatever the read model."""

from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st

from journey.migrating import migrate
from journey.storage import Storage
from projections.metadata import METADATA
from projections.projection import Projection
from projections.registry import projections
from tests.projections.specs import PROCESSES, Told, fold, histories, recorded

PROJECTIONS = projections(PROCESSES)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: str(projection.name))
@hypothesis.settings(deadline=None)
@hypothesis.given(history=histories(), cuts=st.sets(st.integers(1, 12)))
def test_any_history_gives_the_same_rows_in_any_batches(
    projection: Projection[Any], history: list[Told], cuts: set[int]
) -> None:
    """What the batches were leaves no trace, and no lawful content breaks a read model."""
    events = recorded(*history)

    assert fold(projection, events) == fold(projection, events, cuts)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: str(projection.name))
@hypothesis.settings(deadline=None)
@hypothesis.given(first=histories(), second=histories())
def test_rows_are_made_of_one_customers_events(
    projection: Projection[Any], first: list[Told], second: list[Told]
) -> None:
    """What happened to others leaves no trace: customers may be parked alone, and loaded in any order."""
    others = [replace(told, customer="c-2", case=told.case and f"{told.case}-2") for told in second]
    events = recorded(*[told for pair in zip_longest(first, others) for told in pair if told is not None])
    alone = [
        fold(projection, [event for event in events if event.stream_id == who]) for who in ("c-2", "c-1")
    ]

    assert fold(projection, events) == {**alone[0], **alone[1]}
    assert {row["stream_id"] for row in alone[0].values()} <= {"c-2"}
    assert alone[0].keys().isdisjoint(alone[1])


def test_names_are_used_once() -> None:
    """Checkpoints are kept by name."""
    names = [projection.name for projection in PROJECTIONS]

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: str(projection.name))
def test_tables_have_what_the_engine_needs(projection: Projection[Any]) -> None:
    """The build and the key make a row; the stream and the position are there."""
    assert {"build", projection.key} == set(projection.table.primary_key.columns.keys())
    assert {"stream_id", "position"} <= set(projection.table.c.keys())


def test_the_migrations_build_the_tables_that_the_projections_write(tmp_path: Path) -> None:
    """Names of columns, keys, what may be null, and indexes agree."""
    storage = Storage(tmp_path, None)
    migrate(storage)
    engine = storage.engine("views", writer=False)
    inspector = sa.inspect(engine)

    for name, table in METADATA.tables.items():
        columns = {column["name"]: column["nullable"] for column in inspector.get_columns(name)}
        indexes = {index["name"]: index["column_names"] for index in inspector.get_indexes(name)}
        assert {column.name: column.nullable for column in table.c} == columns
        assert table.primary_key.columns.keys() == inspector.get_pk_constraint(name)["constrained_columns"]
        assert {index.name: index.columns.keys() for index in table.indexes} == indexes
    engine.dispose()


def test_keys_are_ordered_by_their_bytes_on_postgresql() -> None:
    """Readers merge rows with events by customer: both must be in one order."""
    for table in METADATA.tables.values():
        if "stream_id" in table.c:
            kind = table.c.stream_id.type.dialect_impl(sa.create_engine("postgresql+psycopg://").dialect)
            assert getattr(kind, "collation", None) == "C"
