"""The read models in PostgreSQL, as the event loop has them: asyncpg, one connection for each projection."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import sqlalchemy as sa

from journey.errors import ViewsUnavailable
from journey.event_log import unseen
from journey.loop_connection import connect
from projections import reading
from projections.projection import Projection
from projections.reading import Found, Wanted

_WANTED = "unnest($2::text[], $3::text[], $4::bigint[]) WITH ORDINALITY AS w (key, wanted, known, place)"
_UNSEEN = unseen.AFTER.format(position="b.position")
# Every look goes by primary keys. The server, which keeps its plan, is not to judge by how small a table was
# when it was asked first.
_SESSION = {
    "application_name": "journey-views",
    **dict.fromkeys(("enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"), "off"),
    "jit": "off",
}
_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
_CLOSE_SECONDS = 1.0


class PostgresViews:
    """Looks rows up; a lost connection is replaced by the next look, and what it was asked is asked again."""

    def __init__(self, url: sa.URL, patience: float = 5.0) -> None:
        """Connect when it is needed; `patience` is how long that may take, in seconds."""
        self._url = url
        self._patience = patience
        self._connections: dict[str, Any] = {}

    async def look(self, projection: Projection[Any], wanted: Sequence[Wanted]) -> list[Found]:
        """Look texts up, all of one moment, in the order in which they are wanted."""
        columns = (
            [each.key for each in wanted],
            [each.column for each in wanted],
            [each.known for each in wanted],
        )
        query = reading.statement(projection, "$1", _WANTED if wanted else None, _UNSEEN)
        rows = await self._fetch(projection.name, query, *(columns if wanted else ()))
        first = rows[0][4] if rows else None
        return reading.found(projection, rows, unseen.recorded_at(first) if first else None)

    async def close(self) -> None:
        """Close every connection."""
        connections, self._connections = self._connections.values(), {}
        for connection in connections:
            await connection.close(timeout=_CLOSE_SECONDS)

    async def _fetch(self, name: str, query: str, *values: Any) -> list[Any]:
        for again in (True, False):
            try:
                connection = await self._connected(name)
                rows: list[Any] = await connection.fetch(query, name, *values)
            except _FAILURES as error:
                known = self._connections.get(name)
                if not again or (known is not None and not known.is_closed()):
                    raise ViewsUnavailable from error
            else:
                return rows
        raise AssertionError("the second attempt returns or raises")

    async def _connected(self, name: str) -> Any:
        connection = self._connections.get(name)
        if connection is None or connection.is_closed():
            connection = await connect(self._url, self._patience, **_SESSION)
            self._connections[name] = connection
        return connection
