"""The library's SQLite recorder, on connections that are durable, with our tables in its transaction."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
)

from journey.event_log.rows import Entry
from journey.event_log.sqlite_rows import STATEMENTS, insert_rows
from journey.storage import set_up_sqlite


class _Pool(SQLiteConnectionPool):
    """Connections that are durable where they write, and cannot write where they only read."""

    writer = False
    busy_timeout_ms = 5_000

    def _create_connection(self) -> SQLiteConnection:
        connection = sqlite3.connect(
            self.db_name,
            timeout=self.busy_timeout_ms / 1000,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS,
        )
        connection.row_factory = sqlite3.Row
        set_up_sqlite(connection, wal=True, writer=self.writer)
        return SQLiteConnection(connection, self.max_age)


class _WriterPool(_Pool):
    writer = True


class Datastore(SQLiteDatastore):
    """The library's datastore on our connections."""

    def __init__(self, file: Path, lock_timeout: float, *, writer: bool) -> None:
        super().__init__(str(file), originator_id_type="text")
        if writer:
            self.pool = _WriterPool(db_name=str(file), pool_size=1, max_overflow=0)
            self.pool.busy_timeout_ms = int(lock_timeout * 1000)
        else:
            self.pool = _Pool(db_name=str(file), pool_size=4, max_overflow=16)


class Recorder(SQLiteApplicationRecorder):
    """The library's recorder, with event keys and case numbers in the transaction of the events."""

    committing = False
    """Whether the last insert got as far as its commit."""

    @contextmanager
    def inserting(self, entries: Sequence[Entry], links: Sequence[bytes]) -> Iterator[Sequence[int]]:
        """Write entries with their links, keys and cases in one transaction; yield their positions.

        It is committed when the block ends, in whatever thread that is.
        """
        self.committing = False
        with self.datastore.transaction(commit=True) as cursor:
            yield _insert(cursor, entries, links)
            self.committing = True

    def fence(self) -> None:
        """Write over what a failed commit may have left in the write-ahead log, for a restart to find."""
        with self.datastore.get_connection(commit=True) as connection:
            connection.rollback()
            with connection.transaction(commit=True) as cursor:
                cursor.execute("PRAGMA user_version")
                (number,) = cursor.fetchone()
                cursor.execute(f"PRAGMA user_version={(number + 1) % 2}")


def _insert(cursor: SQLiteCursor, entries: Sequence[Entry], links: Sequence[bytes]) -> Sequence[int]:
    """Insert entries behind the last position: no other connection writes, and nothing is ever removed."""
    cursor.execute("SELECT coalesce(max(rowid), 0) FROM stored_events")
    first = cursor.fetchone()[0] + 1
    positions = range(first, first + len(entries))
    insert_rows(
        cursor,
        "event_keys (source, id, stream_id, version, digest)",
        [(*entry.key, entry.stream_id, entry.version, entry.digest) for entry in entries],
    )
    insert_rows(
        cursor,
        "cases (number, stream_id)",
        [(entry.new_case, entry.stream_id) for entry in entries if entry.new_case is not None],
    )
    insert_rows(
        cursor,
        "stored_events (rowid, originator_id, originator_version, topic, state, link)",
        [
            (position, *entry[:4], link)
            for position, entry, link in zip(positions, entries, links, strict=True)
        ],
    )
    return positions
