"""The library's PostgreSQL recorder, made to write an append as one call that is never repeated unasked."""

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.rows import dict_row, tuple_row

from journey.event_log import Entry

_APPEND = (
    "SELECT * FROM append_events(%b::text[], %b::bigint[], %b::text[], %b::bytea[],"
    " %b::text[], %b::text[], %b::bytea[], %b::text[], %b::text[])"
)
# A peer that has gone without a word is noticed within seconds: seconds, seconds, times, milliseconds.
_LIVENESS = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# How long a pool tries to connect by itself, in seconds; after that the next request tries anew, and at once.
_RECONNECT_SECONDS = 2.0


class Datastore(PostgresDatastore):
    """The library's datastore, with durable commits, bounded waits and every parameter that the URL names."""

    def __init__(
        self, url: sa.URL, name: str, lock_timeout: float, patience: float, *, size: int, checked: bool
    ) -> None:
        """Prepare to connect; `checked` connections are known to live before each use."""
        self._name = name
        self._lock_timeout_ms = int(lock_timeout * 1000)
        self.conninfo = connection_parameters(url)
        super().__init__(
            dbname=self.conninfo["dbname"],
            host=self.conninfo["host"],
            port=self.conninfo["port"],
            user=self.conninfo["user"],
            password=self.conninfo["password"],
            connect_timeout=patience,
            pool_size=size,
            pre_ping=checked,
            originator_id_type="text",
        )
        # The library hands on no more than those five.
        self.pool.kwargs = {"row_factory": dict_row, **self.conninfo}
        self.pool.reconnect_timeout = _RECONNECT_SECONDS

    def after_connect_func(self) -> Callable[[psycopg.Connection[Any]], None]:
        """Return what sets up each new connection."""
        name, lock_timeout_ms = self._name, self._lock_timeout_ms

        def after_connect(connection: psycopg.Connection[Any]) -> None:
            connection.autocommit = True
            for setting, value in (
                ("application_name", name),
                ("lock_timeout", str(lock_timeout_ms)),
                ("synchronous_commit", "on"),
                ("idle_in_transaction_session_timeout", "10s"),
            ):
                connection.execute("SELECT set_config(%s, %s, false)", (setting, value))

        return after_connect


class Recorder(PostgresApplicationRecorder):
    """The library's recorder; an insert is one call of `append_events`, never retried behind our back.

    The library tries a failed insert again, and so reports a commit whose answer was lost as a conflict with
    itself. Here a lost answer is settled by asking.
    """

    sent_by: int | None = None
    """Process id of the backend that got the last insert; None while none was reached."""

    def insert_entries(self, entries: Sequence[Entry]) -> list[int]:
        """Write entries, their keys and cases in one transaction and return their positions."""
        opened = [entry for entry in entries if entry.new_case is not None]
        columns = (
            [entry.stream_id for entry in entries],
            [entry.version for entry in entries],
            [entry.type for entry in entries],
            [entry.state for entry in entries],
            [entry.key[0] for entry in entries],
            [entry.key[1] for entry in entries],
            [entry.digest for entry in entries],
            [entry.new_case for entry in opened],
            [entry.stream_id for entry in opened],
        )
        self.sent_by = None
        with (
            self.datastore.get_connection() as connection,
            connection.cursor(row_factory=tuple_row) as cursor,
        ):
            self.sent_by = connection.info.backend_pid
            cursor.execute(_APPEND, columns, prepare=True, binary=True)
            positions = {(stream, version): position for stream, version, position in cursor}
        return [positions[entry.stream_id, entry.version] for entry in entries]


def connection_parameters(url: sa.URL) -> dict[str, Any]:
    """Return what a database URL says, as libpq names it; its query may hold any further parameter."""
    query = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    return {
        **_LIVENESS,
        "host": url.host or "",
        "port": url.port or 5432,
        **query,
        "dbname": url.database or "postgres",
        "user": url.username or "postgres",
        "password": url.password or "",
    }
