"""Who waits for appends on PostgreSQL: many threads, one connection."""

import gc
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from journey.event_log import EventLog, open_event_log
from journey.events import Position
from journey.migrating import migrate
from journey.settings import Settings
from journey.storage import storage_of
from tests.databases import database_settings

_THREADS = 8


@pytest.fixture
def settings() -> Iterator[Settings]:
    """Give settings on an empty PostgreSQL database."""
    with database_settings("postgres", Path()) as found:
        migrate(storage_of(found))
        yield found


def _listening(settings: Settings) -> int:
    """Count the connections that listen to the database."""
    assert settings.database is not None
    query = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE query = 'LISTEN stored_events' AND datname = current_database()"
    )
    with psycopg.connect(settings.database) as connection:
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _wait_all_at_once(log: EventLog) -> None:
    together = threading.Barrier(_THREADS)

    def wait() -> None:
        together.wait()
        log.wait_for_append(Position(0), 0.2)

    with ThreadPoolExecutor(_THREADS) as pool:
        for done in [pool.submit(wait) for _ in range(_THREADS)]:
            done.result()


def test_threads_that_wait_at_once_share_a_connection(settings: Settings) -> None:
    """None is left behind for the garbage collector, which complains of it in whatever test it meets."""
    log = open_event_log(storage_of(settings), settings)
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        _wait_all_at_once(log)
        assert _listening(settings) == 1
        log.close()
        gc.collect()

    assert [str(complaint.message) for complaint in complaints] == []


def test_nobody_begins_to_listen_to_a_log_that_is_closed(settings: Settings) -> None:
    """A thread that comes too late finds nothing and leaves nothing."""
    log = open_event_log(storage_of(settings), settings)
    log.close()

    log.wait_for_append(Position(0), 0.01)

    assert _listening(settings) == 0
