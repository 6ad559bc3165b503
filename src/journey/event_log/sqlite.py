"""The event log in a SQLite file: one connection writes, others read."""

import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from eventsourcing.persistence import DataError, IntegrityError, PersistenceError

from journey.errors import AppendConflict, LogUnavailable, OutcomeUnknown, Unstorable
from journey.event_log.links import Place
from journey.event_log.rows import Entry, EventKey, Row
from journey.event_log.sqlite_recorder import Datastore, Recorder
from journey.event_log.sqlite_rows import chunks, marks
from journey.event_log.tree_tables import TreeTables
from journey.event_log.writing import Newer, Snapshot, WritingStore, take_in

# SQLite allows many more bound values than this, but long statements gain nothing.
_CHUNK = 500
_NEWER = """
WITH given (stream_id, version) AS (VALUES {wanted}), wanted (stream_id, version, state) AS MATERIALIZED (
    SELECT given.stream_id, coalesce(s.version, given.version), s.state
    FROM given LEFT JOIN journey_snapshots s ON s.stream_id = given.stream_id AND s.version > given.version
)
SELECT stream_id, version, NULL, wanted.state, 0, e.link
FROM wanted LEFT JOIN stored_events e ON e.originator_id = stream_id AND e.originator_version = version
WHERE wanted.state IS NOT NULL
UNION ALL
SELECT e.originator_id, e.originator_version, e.topic, e.state, e.rowid, e.link
FROM wanted CROSS JOIN stored_events e
ON e.originator_id = wanted.stream_id AND e.originator_version > wanted.version
ORDER BY 2
"""
_COLUMNS = "originator_id, originator_version, topic, state, rowid, link"
# What the driver says of bytes that are no text; it takes the whole answer with it.
_NO_TEXT = "Could not decode to UTF-8"


class SQLiteStore:
    """The event log in one SQLite file."""

    def __init__(self, file: Path, lock_timeout: float, *, writer: bool) -> None:
        self._file, self._lock_timeout = file, lock_timeout
        self._reading = Datastore(file, lock_timeout, writer=False)
        self._recorder = Recorder(Datastore(file, lock_timeout, writer=True)) if writer else None
        if self._recorder is not None:
            # Whatever is unsafe about the file shows now, and not at the first append.
            with self._recorder.datastore.get_connection(commit=True):
                pass
        self.turn = threading.Lock()
        """Held by whoever writes, until it is on the disk."""
        self._appended = threading.Condition()
        self._last = 0

    def writing(self) -> WritingStore:
        """Return the side that writes."""
        from journey.event_log.sqlite_keys import KeyFile  # noqa: PLC0415  # as below
        from journey.event_log.sqlite_writer import SQLiteWriter  # noqa: PLC0415  # it needs this module

        return SQLiteWriter(self, KeyFile(self._file.with_name("keys.db"), self._lock_timeout))

    @contextmanager
    def inserting(self, entries: Sequence[Entry], links: Sequence[bytes]) -> Iterator[Sequence[int]]:
        """Write entries with their links, keys and cases in one transaction; yield their positions.

        The transaction waits for the disk when the block ends, and for nothing before; it may end in another
        thread than it began in. Raises what `LogWriter.append` does.
        """
        if self._recorder is None:
            raise LogUnavailable("this process only reads the log")
        try:
            with self._recorder.inserting(entries, links) as positions:
                yield positions
        except (IntegrityError, sqlite3.IntegrityError) as error:
            raise AppendConflict from error
        except (DataError, UnicodeError) as error:
            raise Unstorable from error
        except (PersistenceError, sqlite3.Error) as error:
            if not self._recorder.committing:
                raise LogUnavailable(f"the log cannot be written: {error}") from error
            self._settle(self._recorder, entries, error)
        with self._appended:
            self._last = max(self._last, positions[-1])
            self._appended.notify_all()

    def _settle(self, recorder: Recorder, entries: Sequence[Entry], cause: Exception) -> None:
        """Find out what became of a commit that failed: its rows may be stored all the same."""
        try:
            recorder.fence()
            stored = {key for key, _, _ in self.known([entry.key for entry in entries])}
        except (LogUnavailable, PersistenceError, sqlite3.Error) as error:
            raise OutcomeUnknown from error
        if not stored.issuperset(entry.key for entry in entries):
            raise LogUnavailable(f"the log cannot be written: {cause}") from cause

    def stream(self, stream_id: str, after: int, limit: int) -> list[Row]:
        """Return events of one stream with a version greater than `after`."""
        where = "WHERE originator_id = ? AND originator_version > ? ORDER BY originator_version LIMIT ?"
        return self._rows(where, (stream_id, after, limit))

    def page(self, after: int, limit: int) -> list[Row]:
        """Return events with a position greater than `after`, by position."""
        return self._rows("WHERE rowid > ? ORDER BY rowid LIMIT ?", (after, limit))

    def by_stream(self, after: tuple[str, int], limit: int, until: str | None = None) -> list[Row]:
        """Return events that come after a stream's version, by stream and version; of none after `until`."""
        where, bounds = "WHERE (originator_id, originator_version) > (?, ?)", list[Any](after)
        if until is not None:
            where += " AND originator_id <= ?"
            bounds.append(until)
        return self._rows(f"{where} ORDER BY originator_id, originator_version LIMIT ?", (*bounds, limit))

    def stream_at(self, after: str, skipped: int) -> str | None:
        """Return the stream of the event that comes so many events after all of a stream's."""
        found = self._select(
            "SELECT originator_id FROM stored_events WHERE originator_id > ? "
            "ORDER BY originator_id, originator_version LIMIT 1 OFFSET ?",
            (after, skipped),
        )
        return found[0][0] if found else None

    def known(self, keys: Collection[EventKey]) -> list[tuple[EventKey, bytes, Row]]:
        """Return what is stored under event keys, with the digests of their contents."""
        found = []
        for chunk in chunks(keys, _CHUNK):
            values = marks(len(chunk), 2)
            rows = self._select(
                f"WITH wanted (source, id) AS (VALUES {values}) "  # noqa: S608  # marks only
                f"SELECT k.source, k.id, k.digest, {_COLUMNS.replace('rowid', 'e.rowid')} "
                "FROM wanted JOIN event_keys k USING (source, id) "
                "JOIN stored_events e ON originator_id = k.stream_id AND originator_version = k.version",
                [part for key in chunk for part in key],
            )
            found += [((row[0], row[1]), row[2], Row(*row[3:])) for row in rows]
        return found

    def owners(self, numbers: Collection[str]) -> dict[str, str]:
        """Return the streams that case numbers belong to."""
        owners: dict[str, str] = {}
        for chunk in chunks(numbers, _CHUNK):
            wanted = marks(1, len(chunk))
            owners.update(
                self._select(f"SELECT number, stream_id FROM cases WHERE number IN {wanted}", chunk)  # noqa: S608  # marks only
            )
        return owners

    def newer(self, streams: Mapping[str, int]) -> Newer:
        """Return what streams hold after a version each, shortened by snapshots, by version."""
        newer = Newer([], [], {})
        for chunk in chunks(streams.items(), _CHUNK):
            wanted = marks(len(chunk), 2)
            found = self._select(_NEWER.format(wanted=wanted), [part for each in chunk for part in each])
            take_in(newer, found)
        return newer

    def links(self, places: Collection[Place]) -> dict[Place, bytes | None]:
        """Return the links of events, by stream and version."""
        found: dict[Place, bytes | None] = {}
        for chunk in chunks(places, _CHUNK):
            values = marks(len(chunk), 2)
            rows = self._select(
                f"WITH wanted (stream_id, version) AS (VALUES {values}) "  # noqa: S608  # marks only
                "SELECT stream_id, version, link FROM wanted CROSS JOIN stored_events "
                "ON originator_id = stream_id AND originator_version = version",
                [part for place in chunk for part in place],
            )
            found.update(((row[0], row[1]), row[2]) for row in rows)
        return found

    def keep(self, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of the stream's last one."""
        values = (snapshot.stream_id, snapshot.version, snapshot.state)
        self._change(
            [
                (
                    "INSERT OR REPLACE INTO journey_snapshots (stream_id, version, state) VALUES (?,?,?)",
                    [values],
                )
            ]
        )

    def forget(self, stream_id: str) -> None:
        """Remove the snapshot of a stream."""
        self._change([("DELETE FROM journey_snapshots WHERE stream_id = ?", [(stream_id,)])])

    def tree(self) -> TreeTables:
        """Return the tables of the tree over the log."""
        return TreeTables(self._select, self._change, self.page, self.links)

    def touched(self, types: Collection[str], after: int, until: int) -> list[tuple[str, int]]:
        """Return the streams with events of some types at positions after one, up to another, with these."""
        return self._select(
            "SELECT originator_id, max(rowid) FROM stored_events WHERE rowid > ? AND rowid <= ? "  # noqa: S608  # marks only
            f"AND topic IN {marks(1, len(types))} GROUP BY originator_id",
            (after, until, *types),
        )

    def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        position: int = self._select("SELECT coalesce(max(rowid), 0) FROM stored_events", ())[0][0]
        return position

    def wait(self, after: int, timeout: float) -> None:
        """Return when this process has appended past a position, or after `timeout` seconds."""
        with self._appended:
            self._appended.wait_for(lambda: self._last > after, timeout)

    def close(self) -> None:
        """Close every connection, the writer's last: it alone may checkpoint."""
        self._reading.close()
        if self._recorder is not None:
            self._recorder.datastore.close()

    def _rows(self, where: str, params: Collection[Any]) -> list[Row]:
        return [Row(*row) for row in self._select(f"SELECT {_COLUMNS} FROM stored_events {where}", params)]  # noqa: S608  # our own clauses

    def _change(self, statements: Sequence[tuple[str, Sequence[Sequence[Any]]]]) -> None:
        if self._recorder is None:
            raise LogUnavailable("this process only reads the log")
        try:
            with self.turn, self._recorder.datastore.transaction(commit=True) as cursor:
                for statement, rows in statements:
                    cursor.executemany(statement, rows)
        except (IntegrityError, sqlite3.IntegrityError) as error:
            raise AppendConflict from error
        except (PersistenceError, sqlite3.Error) as error:
            raise LogUnavailable(f"the log cannot be written: {error}") from error

    def _select(self, statement: str, params: Collection[Any]) -> list[tuple[Any, ...]]:
        try:
            try:
                return self._fetch(statement, params, str)
            except (PersistenceError, sqlite3.OperationalError) as error:
                if _NO_TEXT not in str(error):
                    raise
                # A damaged text is that of one row: the others are read all the same.
                return self._fetch(statement, params, partial(str, encoding="utf-8", errors="replace"))
        except (DataError, UnicodeError) as error:
            raise Unstorable from error
        except (PersistenceError, sqlite3.Error) as error:
            raise LogUnavailable(str(error)) from error

    def _fetch(
        self, statement: str, params: Collection[Any], text: Callable[[bytes], str]
    ) -> list[tuple[Any, ...]]:
        # One statement reads one state of the file; it needs no transaction around it.
        with self._reading.get_connection(commit=False) as connection, connection.cursor() as cursor:
            cursor.connection.text_factory = text
            return [tuple(row) for row in cursor.execute(statement, tuple(params))]
