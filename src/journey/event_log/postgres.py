"""The event log in PostgreSQL: one function call per commit, which locks, inserts and notifies."""

import contextlib
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
from journey.event_log import Entry, EventKey, Row
from journey.event_log.postgres_recorder import Datastore, Recorder

_COLUMNS = "originator_id, originator_version, topic, state, notification_id"
# Classes of errors that the server reports only for a transaction that it has rolled back: a broken
# constraint, no lock in time, no memory or disk, bad SQL, a trigger's refusal.
_ROLLED_BACK = ("23", "25", "42", "53", "55", "P0")
# A value that is too large for an index or a row.
_TOO_LARGE = "54"
_PAUSE_SECONDS = 0.02


class PostgresStore:
    """The event log in one PostgreSQL database."""

    def __init__(self, url: sa.URL, lock_timeout: float, patience: float = 5.0) -> None:
        """Connect; `patience` is how long a lost server is waited for, in seconds."""
        # The name is unique to this writer, so that after a lost connection exactly its backend can be ended.
        self._writer_name = f"journey-writer-{uuid4().hex[:12]}"
        self._patience = patience
        self._reading = Datastore(url, "journey-reader", lock_timeout, patience, size=4, checked=False)
        self._recorder = Recorder(
            Datastore(url, self._writer_name, lock_timeout, patience, size=1, checked=True)
        )
        self._listening: psycopg.Connection[Any] | None = None
        self._refuse_unsafe()

    def _refuse_unsafe(self) -> None:
        for setting in ("fsync", "full_page_writes"):
            if self._select(f"SHOW {setting}", ())[0][0] != "on":
                self.close()
                raise UnsafeDatabase(
                    f"PostgreSQL runs with {setting}=off and could lose what it acknowledged"
                )

    def insert(self, entries: Sequence[Entry]) -> list[int]:
        """Write entries, their keys and cases in one transaction and return their positions."""
        try:
            return self._recorder.insert_entries(entries)
        except IntegrityError as error:
            raise AppendConflict from error
        except (DataError, UnicodeError) as error:
            raise Unstorable from error
        except PersistenceError as error:
            state = getattr(error.__cause__, "sqlstate", None) or ""
            if state.startswith(_TOO_LARGE):
                raise Unstorable from error
            if self._recorder.sent_by is None or state.startswith(_ROLLED_BACK):
                raise LogUnavailable(f"the log cannot be written now: {error}") from error
            return self._settle(entries, error)

    def _settle(self, entries: Sequence[Entry], cause: Exception) -> list[int]:
        """Find out what became of a commit whose answer was lost.

        The lost backend may still be committing, so it is ended and waited for first; after that its work is
        either there or will never be.
        """
        deadline = time.monotonic() + self._patience
        while True:
            try:
                if self._is_fenced():
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
        raise LogUnavailable(f"the connection was lost before the commit: {cause}") from cause

    def _is_fenced(self) -> bool:
        """End the backend of the lost connection; tell whether it has ended."""
        return not self._select(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND application_name = %s",
            (self._recorder.sent_by, self._writer_name),
        )

    def streams(self, stream_ids: Collection[str]) -> list[Row]:
        """Return all events of some streams, by stream and version."""
        where = "WHERE originator_id = ANY(%s) ORDER BY originator_id, originator_version"
        return self._rows(where, (list(stream_ids),))

    def stream(self, stream_id: str, after: int, limit: int) -> list[Row]:
        """Return events of one stream with a version greater than `after`."""
        where = "WHERE originator_id = %s AND originator_version > %s ORDER BY originator_version LIMIT %s"
        return self._rows(where, (stream_id, after, limit))

    def page(self, after: int, limit: int) -> list[Row]:
        """Return events with a position greater than `after`, by position."""
        return self._rows("WHERE notification_id > %s ORDER BY notification_id LIMIT %s", (after, limit))

    def by_stream(self, after: tuple[str, int], limit: int) -> list[Row]:
        """Return events that come after a stream's version, by stream and version."""
        where = (
            "WHERE (originator_id, originator_version) > (%s, %s) "
            "ORDER BY originator_id, originator_version LIMIT %s"
        )
        return self._rows(where, (*after, limit))

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

    def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        position: int = self._select("SELECT coalesce(max(notification_id), 0) FROM stored_events", ())[0][0]
        return position

    def wait(self, after: int, timeout: float) -> None:
        """Return when any process has appended, or after `timeout` seconds; one thread at a time."""
        try:
            if self._listening is None:
                self._listening = psycopg.connect(**self._reading.conninfo, autocommit=True)
                self._listening.execute("LISTEN stored_events")
                if self.head() > after:
                    return
            for _ in self._listening.notifies(timeout=timeout, stop_after=1):
                return
        except psycopg.Error:
            # Without the notification a projection is late by one poll, not wrong.
            if self._listening is not None:
                self._listening.close()
            self._listening = None
            time.sleep(timeout)

    def close(self) -> None:
        """Close every connection."""
        if self._listening is not None:
            with contextlib.suppress(psycopg.Error):
                self._listening.close()
        self._reading.close()
        self._recorder.datastore.close()

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

    def _fetch(self, statement: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        with (
            self._reading.get_connection() as connection,
            connection.cursor(row_factory=tuple_row) as cursor,
        ):
            return cursor.execute(statement, params, prepare=True, binary=True).fetchall()
