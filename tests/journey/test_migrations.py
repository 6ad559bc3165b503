"""Migrations own every table, on both databases, and can be run by any number of processes at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from api import keys
from journey.erasure.ledger import WORK
from journey.event_log import open_event_log
from journey.migrating import migrate
from journey.reacting.table import CUSTOMERS
from journey.reads.table import READ_RECORDS
from journey.searching.table import SEARCH_TERMS
from journey.settings import Settings
from journey.storage import PARTS, Part, Storage, storage_of
from projections.metadata import METADATA
from projections.registry import projections
from tests.databases import database_settings
from tests.facts import submitted
from tests.journey.specs import PROCESSES
from tests.journey.writing import append, first, owners

LOG_TABLES = {
    "stored_events": [
        "rowid",
        "notification_id",
        "originator_id",
        "originator_version",
        "topic",
        "state",
        "link",
    ],
    "event_keys": ["source", "id", "stream_id", "version", "digest"],
    "cases": ["number", "stream_id"],
}

pytestmark = pytest.mark.first_start

TREE_TABLES = {"tree_batches", "tree_parts", "tree_statements", "tree_cosignatures"}
"""What proves the log; nothing leaves them either."""
WRITERS_TABLES = {"journey_snapshots"}
"""What the writer keeps beside the log; nothing in it is told to anybody."""

Columns = dict[str, tuple[str, bool, bool]]
"""By name: the type as the database knows it, whether it may be null, whether it is in the primary key."""


@pytest.fixture
def storage(settings: Settings) -> Storage:
    """Give an empty storage, once on SQLite and once on PostgreSQL."""
    return storage_of(settings)


@pytest.fixture
def engines(storage: Storage) -> Iterator[dict[Part, sa.Engine]]:
    """Give engines on the parts of a migrated storage."""
    migrate(storage)
    found = {part: storage.engine(part, writer=True) for part in PARTS}
    yield found
    for engine in found.values():
        engine.dispose()


def columns(engine: sa.Engine, table: str) -> Columns:
    """Return what a database says of a table's columns."""
    inspector = sa.inspect(engine)
    key = inspector.get_pk_constraint(table)["constrained_columns"]
    return {
        column["name"]: (
            column["type"].compile(engine.dialect),
            column["nullable"] and column["name"] not in key,
            column["name"] in key,
        )
        for column in inspector.get_columns(table)
    }


def declared(engine: sa.Engine, table: sa.Table) -> Columns:
    """Return what the code says of a table's columns."""
    return {
        column.name: (
            column.type.compile(engine.dialect),
            bool(column.nullable) and not column.primary_key,
            column.primary_key,
        )
        for column in table.columns
    }


def test_tables_of_the_code_are_those_of_the_migrations(engines: dict[Part, sa.Engine]) -> None:
    """Every table that the code declares is made by a migration, column for column, and no other is."""
    assert projections(PROCESSES), "the projections' tables are declared when they are imported"
    parts: dict[Part, dict[str, sa.Table]] = {
        "views": {**METADATA.tables, **SEARCH_TERMS.metadata.tables, **CUSTOMERS.metadata.tables},
        "access": {**keys._METADATA.tables, READ_RECORDS.name: READ_RECORDS},  # noqa: SLF001  # has no other name
        "keys": dict(WORK.metadata.tables),
    }
    for part, tables in parts.items():
        engine = engines[part]
        made = set(sa.inspect(engine).get_table_names()) - {f"alembic_version_{each}" for each in PARTS}
        if engine.dialect.name == "sqlite":
            assert made == set(tables)
        assert made >= set(tables)
        for name, table in tables.items():
            assert columns(engine, name) == declared(engine, table), name


def test_tables_of_the_log(engines: dict[Part, sa.Engine]) -> None:
    """The log has its three tables, with the columns that the recorders read and write."""
    for table, names in LOG_TABLES.items():
        found = columns(engines["log"], table)
        assert set(found) <= set(names)
        assert not any(nullable for name, (_, nullable, _) in found.items() if name != "link")
        assert len(found) == len(names) - (table == "stored_events")


def test_every_table_is_owned(engines: dict[Part, sa.Engine]) -> None:
    """No table exists that no migration is known to own."""
    owned = {
        *LOG_TABLES,
        *TREE_TABLES,
        *WRITERS_TABLES,
        *METADATA.tables,
        *keys._METADATA.tables,  # noqa: SLF001  # the one table of keys
        *WORK.metadata.tables,
        READ_RECORDS.name,
        *SEARCH_TERMS.metadata.tables,
        *CUSTOMERS.metadata.tables,
    }
    owned |= {f"alembic_version_{part}" for part in PARTS}
    for engine in engines.values():
        assert set(sa.inspect(engine).get_table_names()) <= owned


def test_again(storage: Storage, settings: Settings) -> None:
    """Migrations that have run are not run again, and what is stored stays."""
    migrate(storage)
    log = open_event_log(storage, settings)
    append(log, [first(submitted("C1"), 1, "APP-1")])
    log.close()
    migrate(storage)
    log = open_event_log(storage, settings)

    assert [event.stream_id for event in log.read_all()] == ["C1"]
    assert owners(log, ["APP-1"]) == {"APP-1": "C1"}
    log.close()


def test_several_at_once(tmp_path: Path) -> None:
    """Processes that start on one database at the same time migrate one after the other, and none fails."""
    with database_settings("postgres", tmp_path) as settings, ThreadPoolExecutor(4) as pool:
        assert list(pool.map(migrate, [storage_of(settings)] * 4)) == [None] * 4
