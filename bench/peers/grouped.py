"""The least that a durable append over HTTP costs here: bytes as they come, committed in groups, and no more.

No framework, no look at what the bytes say, no rules, one table, one statement per group. What our service
needs beyond this is what it does for its promises; what this needs beyond nothing nobody can leave out.
"""

import asyncio
import os
from typing import Any

import asyncpg

_TABLE = "CREATE TABLE IF NOT EXISTS bodies (position bigserial PRIMARY KEY, body bytea NOT NULL)"
_INSERT = "INSERT INTO bodies (body) SELECT unnest($1::bytea[]) RETURNING position"
_FEW = 8
"""Bodies that are committed together whatever is under way."""


class _Writer:
    """Commits what waits, half of what is under way at a time, as our service does."""

    def __init__(self) -> None:
        self.connection: Any = None
        self._waiting: list[tuple[bytes, asyncio.Future[int]]] = []
        self._task: asyncio.Task[None] | None = None

    async def write(self, body: bytes) -> int:
        """Return the position of a body once it is durable."""
        position: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((body, position))
        if self._task is None:
            self._task = asyncio.ensure_future(self._write_all())
        return await position

    async def _write_all(self) -> None:
        answered = 0
        await asyncio.sleep(0)
        while self._waiting:
            answered = max(_FEW, (len(self._waiting) + answered) // 2)
            group, self._waiting = self._waiting[:answered], self._waiting[answered:]
            answered = len(group)
            rows = await self.connection.fetch(_INSERT, [body for body, _ in group])
            for (_, position), row in zip(group, rows, strict=True):
                position.set_result(row[0])
        self._task = None


_writer = _Writer()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Take a request, commit its body and answer with its position."""
    if scope["type"] == "lifespan":
        await receive()
        _writer.connection = await asyncpg.connect(os.environ["BENCH_DATABASE"])
        await _writer.connection.execute(_TABLE)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await _writer.connection.close()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    told = b'{"position":%d}' % (await _writer.write(body) if body else 0)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(told))]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": told})
