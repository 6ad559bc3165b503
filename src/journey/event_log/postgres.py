"""The event log in PostgreSQL, for readers; and what became of a commit whose answer was lost."""

import time
from collections.abc import Collection, Sequence
from typing import Any
from uuid import uuid4

import psycopg
import sqlalchemy as sa
from eventsourcing.persistence import DataError, IntegrityError, OperationalError, PersistenceError
from psycopg.rows import tuple_row
from psycopg_pool import PoolTimeout

from journey.errors import AppendConflict, LogUnavailable, OutcomeUnknown, UnsafeDatabase, Unstorable
from journey.event_log.links import Place
from journey.event_log.listening import Listener
from journey.event_log.postgres_datastore import Datastore
from journey.event_log.rows import Entry, EventKey, Row
from journey.event_log.tree_tables import TreeTables
from journey.event_log.writing import WritingStore

_COLUMNS = "originator_id, originator_version, topic, state, notification_id, link"
_PAUSE_SECONDS = 0.02


class PostgresStore:
    """The event log in one PostgreSQL database."""

    def __init__(self, url: sa.URL, lock_timeout: float, patience: float = 5.0) -> None:
        """Connect; `patience` is how long a lost server is waited for, in seconds."""
        # The name is unique to this writer, so that after a lost connection exactly its backend can be ended.
        self.writer_name = f"journey-writer-{uuid4().hex[:12]}"
        self._url, self._lock_timeout, self._patience = url, lock_timeout, patience
        self._reading = Datastore(url, "journey-reader", lock_timeout, patience, size=4)
        self._listener = Listener(self._reading.conninfo)
        self._refuse_unsafe()

    def _refuse_unsafe(self) -> None:
        for setting in ("fsync", "full_page_writes"):
            if self._select(f"SHOW {setting}", ())[0][0] != "on":
                self.close()
                raise UnsafeDatabase(
                    f"PostgreSQL runs with {setting}=off and could lose what it acknowledged"
                )

    def writing(self) -> WritingStore:
        """Return the side that writes."""
        from journey.event_log.postgres_writer import PostgresWriter  # noqa: PLC0415  # it needs this module

        return PostgresWriter(self._url, self, self._lock_timeout, self._patience)

    def settle(self, entries: Sequence[Entry], process_id: int, cause: Exception) -> list[int] | None:
        """Find out what became of a commit whose answer was lost.

        The lost backend may still be committing, so it is ended and waited for first; after that its work is
        either there or will never be. Returns the positions, or None where it is certain that nothing was
        written; raises `OutcomeUnknown` where that cannot be told.
        """
        deadline = time.monotonic() + self._patience
        while True:
            try:
                if self._is_fenced(process_id):
                    stored = {key: row.position for key, _, row in self.known([each.key for each in entries])}
                    break
            except LogUnavailable as error:
                if time.monotonic() > deadline:
                    raise OutcomeUnknown from error
            if time.monotonic() > deadline:
                raise OutcomeUnknown from cause
            time.sleep(_PAUSE_SECONDS)
        if all(entry.key in stored for entry in entries):
            return [stored[entry.key] for entry in entries]
        return None

    def _is_fenced(self, process_id: int) -> bool:
        """End the backend of the lost connection; tell whether it has ended."""
        return not self._select(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND application_name = %s",
            (process_id, self.writer_name),
        )

    def stream(self, stream_id: str, after: int, limit: int) -> list[Row]:
        """Return events of one stream with a version greater than `after`."""
        where = "WHERE originator_id = %s AND originator_version > %s ORDER BY originator_version LIMIT %s"
        return self._rows(where, (stream_id, after, limit))

    def page(self, after: int, limit: int) -> list[Row]:
        """Return events with a position greater than `after`, by position."""
        return self._rows("WHERE notification_id > %s ORDER BY notification_id LIMIT %s", (after, limit))

    def by_stream(self, after: tuple[str, int], limit: int, until: str | None = None) -> list[Row]:
        """Return events that come after a stream's version, by stream and version; of none after `until`."""
        where, bounds = "WHERE (originator_id, originator_version) > (%s, %s)", list[Any](after)
        if until is not None:
            where += " AND originator_id <= %s"
            bounds.append(until)
        return self._rows(f"{where} ORDER BY originator_id, originator_version LIMIT %s", (*bounds, limit))

    def stream_at(self, after: str, skipped: int) -> str | None:
        """Return the stream of the event that comes so many events after all of a stream's."""
        found = self._select(
            "SELECT originator_id FROM stored_events WHERE originator_id > %s "
            "ORDER BY originator_id, originator_version LIMIT 1 OFFSET %s",
            (after, skipped),
        )
        return found[0][0] if found else None

    def known(self, keys: Collection[EventKey]) -> list[tuple[EventKey, bytes, Row]]:
        """Return what is stored under event keys, with the digests of their contents."""
        rows = self._select(
            f"SELECT k.source, k.id, k.digest, {_COLUMNS} "  # noqa: S608  # our own names
            "FROM unnest(%s::text[], %s::text[]) AS wanted (source, id) JOIN event_keys k USING (source, id) "
            "JOIN stored_events ON originator_id = k.stream_id AND originator_version = k.version",
            ([source for source, _ in keys], [id_ for _, id_ in keys]),
        )
        return [((row[0], row[1]), row[2], Row(*row[3:])) for row in rows]

    def owners(self, numbers: Collection[str]) -> dict[str, str]:
        """Return the streams that case numbers belong to."""
        return dict(
            self._select("SELECT number, stream_id FROM cases WHERE number = ANY(%s)", (list(numbers),))
        )

    def links(self, places: Collection[Place]) -> dict[Place, bytes | None]:
        """Return the links of events, by stream and version."""
        rows = self._select(
            "SELECT originator_id, originator_version, link FROM stored_events "
            "JOIN unnest(%s::text[], %s::bigint[]) AS wanted (originator_id, originator_version) "
            "USING (originator_id, originator_version)",
            ([stream for stream, _ in places], [version for _, version in places]),
        )
        return {(row[0], row[1]): row[2] for row in rows}

    def tree(self) -> TreeTables:
        """Return the tables of the tree over the log."""
        return TreeTables(
            lambda query, values: self._select(_marked(query), values), self._change, self.page, self.links
        )

    def touched(self, types: Collection[str], after: int, until: int) -> list[tuple[str, int]]:
        """Return the streams with events of some types at positions after one, up to another, with these."""
        return self._select(
            "SELECT originator_id, max(notification_id) FROM stored_events WHERE notification_id > %s "
            "AND notification_id <= %s AND topic = ANY(%s) GROUP BY originator_id",
            (after, until, list(types)),
        )

    def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        position: int = self._select("SELECT coalesce(max(notification_id), 0) FROM stored_events", ())[0][0]
        return position

    def wait(self, after: int, timeout: float) -> None:
        """Return when any process has appended, or after `timeout` seconds."""
        self._listener.wait(timeout, lambda: self.head() > after)

    def close(self) -> None:
        """Close every connection."""
        self._listener.close()
        self._reading.close()

    def _rows(self, where: str, params: Sequence[Any]) -> list[Row]:
        return [Row(*row) for row in self._select(f"SELECT {_COLUMNS} FROM stored_events {where}", params)]  # noqa: S608  # our own clauses

    def _select(self, statement: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            try:
                return self._fetch(statement, params)
            except OperationalError as error:
                if isinstance(error.__cause__, PoolTimeout):
                    raise
                # Connections are lost together, when the server restarts: none of the others is to fail too.
                self._reading.pool.check()
                return self._fetch(statement, params)
        except (DataError, UnicodeError) as error:
            raise Unstorable from error
        except PersistenceError as error:
            raise LogUnavailable(str(error)) from error

    def _change(self, statements: Sequence[tuple[str, Sequence[Sequence[Any]]]]) -> None:
        try:
            with self._reading.get_connection() as connection, connection.transaction():
                for statement, rows in statements:
                    connection.cursor().executemany(_marked(statement).encode(), rows)
        except (IntegrityError, psycopg.IntegrityError) as error:
            raise AppendConflict from error
        except (PersistenceError, psycopg.Error) as error:
            raise LogUnavailable(f"the log cannot be written: {error}") from error

    def _fetch(self, statement: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        with (
            self._reading.get_connection() as connection,
            connection.cursor(row_factory=tuple_row) as cursor,
        ):
            return cursor.execute(statement, params, prepare=True, binary=True).fetchall()


def _marked(statement: str) -> str:
    return statement.replace("?", "%s")
