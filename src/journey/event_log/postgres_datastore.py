"""The library's way to PostgreSQL, with bounded waits and every parameter that a URL names."""

from collections.abc import Callable
from typing import Any

import psycopg
import sqlalchemy as sa
from eventsourcing.postgres import PostgresDatastore
from psycopg.rows import dict_row

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

    def __init__(self, url: sa.URL, name: str, lock_timeout: float, patience: float, *, size: int) -> None:
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
