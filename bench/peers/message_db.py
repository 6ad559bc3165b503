"""message-db's `write_message`, alone with the database: one event a commit over 32 connections, no HTTP."""

import asyncio
import sys
import time
import uuid
from itertools import islice
from pathlib import Path

import asyncpg
import orjson
import uvloop

from bench.events import events
from bench.telling import tell

_PARTS = ("schema", "types", "tables", "functions", "indexes")
_CONNECTIONS = 32
_WRITE = "SELECT write_message($1, $2, $3, $4::jsonb, NULL, NULL)"


async def main(url: str, package: Path, seconds: float) -> None:
    """Install the functions of the package, write until the time is over, print how many events went in."""
    connection = await asyncpg.connect(url)
    await connection.execute("SET check_function_bodies = off")  # some call others that come later
    for part in _PARTS:
        for file in sorted((package / "database" / part).glob("*.sql")):
            await connection.execute(file.read_text())
    await connection.close()
    told = [orjson.loads(event) for event in islice(events("message-db"), 20_000)]
    path = {"search_path": "message_store,public"}
    connections = [await asyncpg.connect(url, server_settings=path) for _ in range(_CONNECTIONS)]
    statements = [await each.prepare(_WRITE) for each in connections]
    count, began = 0, time.perf_counter()

    async def write(first: int) -> None:
        nonlocal count
        statement = statements[first]
        for place in range(first, sys.maxsize, _CONNECTIONS):
            if time.perf_counter() - began >= seconds:
                break
            event = told[place % len(told)]
            data = orjson.dumps(event["data"]).decode()
            await statement.fetchval(str(uuid.uuid4()), f"journey-{event['subject']}", event["type"], data)
            count += 1

    await asyncio.gather(*(write(place) for place in range(_CONNECTIONS)))
    tell({"count": count, "seconds": time.perf_counter() - began})
    for each in connections:
        await each.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])))
