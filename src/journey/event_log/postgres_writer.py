"""The writing side of the event log in PostgreSQL: asyncpg in the event loop, one call per commit.

A second driver beside the library's, because a commit that hops between threads costs as much as the database
itself. It writes the same tables.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import asyncpg
import sqlalchemy as sa

from journey.errors import AppendConflict, LogUnavailable, Unstorable
from journey.event_log.links import Place
from journey.event_log.postgres import PostgresStore
from journey.event_log.postgres_append import APPEND, APPEND_WITH_KEYS, key_values, values
from journey.event_log.rows import Entry, EventKey, Row
from journey.event_log.writing import Newer, Snapshot, take_in
from journey.loop_connection import connect
from journey.sealing.data_keys import KeyName, WrappedKey

_DATA_KEYS = """
SELECT k.stream_id, k.retention, k.version, k.epoch, k.wrapped
FROM unnest($1::text[], $2::text[]) AS wanted (stream_id, retention)
JOIN data_keys k USING (stream_id, retention)
ORDER BY k.version
"""
_NEWER = """
WITH wanted AS MATERIALIZED (
    SELECT w.stream_id, greatest(w.version, s.version) AS version, s.state
    FROM unnest($1::text[], $2::bigint[]) AS w (stream_id, version)
    LEFT JOIN journey_snapshots s ON s.stream_id = w.stream_id COLLATE "C" AND s.version > w.version
)
SELECT stream_id COLLATE "C", version, NULL AS type, wanted.state, 0 AS position, e.link
FROM wanted LEFT JOIN stored_events e ON e.originator_id = stream_id AND e.originator_version = version
WHERE wanted.state IS NOT NULL
UNION ALL
SELECT e.originator_id, e.originator_version, e.topic, e.state, e.notification_id, e.link
FROM wanted JOIN stored_events e
ON e.originator_id = wanted.stream_id AND e.originator_version > wanted.version
ORDER BY 2
"""
# The number that `append_events` locks too; who holds it in a session may append all the same.
_TAKE_TURN = "SELECT pg_advisory_lock(7092448610431266147)"
_END_TURN = "SELECT pg_advisory_unlock(7092448610431266147)"
_KNOWN = """
SELECT k.source, k.id, k.digest,
    e.originator_id, e.originator_version, e.topic, e.state, e.notification_id, e.link
FROM unnest($1::text[], $2::text[]) AS wanted (source, id) JOIN event_keys k USING (source, id)
JOIN stored_events e ON e.originator_id = k.stream_id AND e.originator_version = k.version
"""
_LINKS = """
SELECT originator_id, originator_version, link
FROM unnest($1::text[], $2::bigint[]) AS wanted (originator_id, originator_version)
JOIN stored_events USING (originator_id, originator_version)
"""
_OWNERS = "SELECT number, stream_id FROM cases WHERE number = ANY($1::text[])"
_KEEP = """
INSERT INTO journey_snapshots AS kept (stream_id, version, state) VALUES ($1, $2, $3)
ON CONFLICT (stream_id) DO UPDATE SET version = excluded.version, state = excluded.state
WHERE kept.version < excluded.version
"""
_FORGET = "DELETE FROM journey_snapshots WHERE stream_id = $1"

# Classes of errors that the server reports only for a transaction that it has rolled back: a broken
# constraint, no lock in time, no memory or disk, bad SQL, a trigger's refusal.
_ROLLED_BACK = ("23", "25", "42", "53", "55", "P0")
_CONSTRAINT = "23"
# A value that cannot be one, and one that is too large for an index or a row.
_BAD_VALUE = ("22", "54")
_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, UnicodeError)


class PostgresWriter:
    """One connection that appends, opened when it is needed, in the event loop that needs it."""

    works_beside = True

    def __init__(self, url: sa.URL, store: PostgresStore, lock_timeout: float, patience: float) -> None:
        self._url = url
        self._store = store
        self._patience = patience
        self._session = {
            "application_name": store.writer_name,
            "lock_timeout": str(int(lock_timeout * 1000)),
            "synchronous_commit": "on",
            "idle_in_transaction_session_timeout": "10s",
            # Every look is for a few rows by their keys; a plan that was made while tables were small stays.
            "enable_seqscan": "off",
            "enable_hashjoin": "off",
            "enable_mergejoin": "off",
            "jit": "off",
        }
        self._connection: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._append: Any = None
        self._append_with_keys: Any = None
        self._answers_now = False
        """Whether the database has answered in this turn of the loop."""

    async def insert(
        self, entries: Sequence[Entry], links: Sequence[bytes], keys: Sequence[WrappedKey]
    ) -> Sequence[int]:
        """Write all in one transaction and return the positions of the entries.

        Where the connection is lost and it turns out that nothing was written, they are written again, once.
        """
        positions = await self._insert(entries, links, keys) or await self._insert(entries, links, keys)
        if positions is None:
            raise LogUnavailable("the connection to the log was lost twice before the commit")
        return positions

    async def _insert(
        self, entries: Sequence[Entry], links: Sequence[bytes], keys: Sequence[WrappedKey]
    ) -> Sequence[int] | None:
        """Write entries; return None where the connection was lost and certainly nothing was written."""
        connection = await self._connected()
        columns = values(entries, links)
        try:
            positions: Sequence[int] = await (
                self._append_with_keys.fetchval(*key_values(keys), *columns)
                if keys
                else self._append.fetchval(*columns)
            )
        except _FAILURES as error:
            state = _state(error)
            if state.startswith(_CONSTRAINT):
                raise AppendConflict from error
            if state.startswith(_BAD_VALUE):
                raise Unstorable from error
            if state.startswith(_ROLLED_BACK):
                raise LogUnavailable(f"the log cannot be written now: {error}") from error
            process_id = connection.get_server_pid()
            self._drop()
            return await asyncio.to_thread(self._store.settle, entries, process_id, error)
        self._has_answered()
        return positions

    async def newer(self, streams: Mapping[str, int]) -> Newer:
        """Return what streams hold after a version each, shortened by snapshots, by version."""
        newer = Newer([], [], {})
        take_in(newer, await self._fetch(_NEWER, list(streams), list(streams.values())))
        return newer

    async def links(self, places: Collection[Place]) -> dict[Place, bytes | None]:
        """Return the links of events, by stream and version."""
        rows = await self._fetch(_LINKS, [stream for stream, _ in places], [version for _, version in places])
        return {(row[0], row[1]): row[2] for row in rows}

    async def known(self, keys: Collection[EventKey]) -> list[tuple[EventKey, bytes, Row]]:
        """Return what is stored under event keys, with the digests of their contents."""
        rows = await self._fetch(_KNOWN, [source for source, _ in keys], [id_ for _, id_ in keys])
        return [((row[0], row[1]), row[2], Row(*row[3:])) for row in map(tuple, rows)]

    async def data_keys(self, names: Collection[KeyName]) -> list[WrappedKey]:
        """Return every version of the keys of customers that exist."""
        wanted = [name.stream_id for name in names], [name.retention for name in names]
        rows = await self._fetch(_DATA_KEYS, *wanted)
        return [WrappedKey(KeyName(row[0], row[1]), row[2], row[3], row[4]) for row in rows]

    async def owners(self, numbers: Collection[str]) -> dict[str, str]:
        """Return the streams that case numbers belong to."""
        return {row[0]: row[1] for row in await self._fetch(_OWNERS, list(numbers))}

    async def take_turn(self) -> None:
        """Keep other writers from appending; a connection that is lost gives the turn up."""
        await self._fetch(_TAKE_TURN)

    async def end_turn(self) -> None:
        """Let other writers append again."""
        try:
            await self._fetch(_END_TURN)
        except LogUnavailable:
            self._drop()

    async def keep(self, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of the stream's last one."""
        await self._fetch(_KEEP, snapshot.stream_id, snapshot.version, snapshot.state)

    async def forget(self, stream_id: str) -> None:
        """Remove the snapshot of a stream."""
        await self._fetch(_FORGET, stream_id)

    def close(self) -> None:
        """Close the connection; from any thread."""
        if self._connection is not None and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._drop)

    async def _fetch(self, statement: str, *values: Any) -> list[Any]:
        """Run a statement that may be run again: a connection that was lost is replaced once."""
        for again in (True, False):
            connection = await self._connected()
            try:
                rows: list[Any] = await connection.fetch(statement, *values)
            except _FAILURES as error:
                if _state(error).startswith(_BAD_VALUE):
                    raise Unstorable from error
                if not connection.is_closed() or not again:
                    raise LogUnavailable(str(error)) from error
            else:
                self._has_answered()
                return rows
        raise AssertionError("the second attempt returns or raises")

    async def _connected(self) -> Any:
        """Return the connection, a new one where the last was lost."""
        # A loss in idleness shows after two turns of the loop: one reads the end, the other one tells it.
        # Behind an answer no turn is given away: the database would wait for all that happens in it.
        if not self._answers_now:
            for _ in range(2):
                await asyncio.sleep(0)
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        connection = None
        try:
            connection = await connect(self._url, self._patience, **self._session)
            self._append = await connection.prepare(APPEND)
            self._append_with_keys = await connection.prepare(APPEND_WITH_KEYS)
        except (*_FAILURES, TimeoutError) as error:
            if connection is not None:
                connection.terminate()
            raise LogUnavailable(f"the log cannot be reached: {error}") from error
        self._connection, self._loop = connection, asyncio.get_running_loop()
        return connection

    def _has_answered(self) -> None:
        self._answers_now = True
        asyncio.get_running_loop().call_soon(self._has_turned)

    def _has_turned(self) -> None:
        self._answers_now = False

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None


def _state(error: BaseException) -> str:
    """Return the class of an error as SQL numbers it; a value that cannot be sent is one of bad values."""
    if isinstance(error, UnicodeError | asyncpg.DataError):
        return _BAD_VALUE[0]
    return getattr(error, "sqlstate", None) or ""
