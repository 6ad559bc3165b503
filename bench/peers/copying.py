"""COPY into the tables that our service writes: what the database takes when nobody decides anything."""

import asyncio
import hashlib
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import asyncpg
import orjson

from bench.events import events
from bench.telling import tell

TOGETHER = 1_000
_COLUMNS = {
    "event_keys": ("source", "id", "stream_id", "version", "digest"),
    "cases": ("number", "stream_id"),
    "stored_events": ("originator_id", "originator_version", "topic", "state"),
}
_HEADS = "SELECT originator_id AS stream, max(originator_version) AS version FROM stored_events GROUP BY 1"
Rows = dict[str, list[tuple[Any, ...]]]


def rows(name: str, versions: Counter[str]) -> Iterator[Rows]:
    """Yield the rows of 1,000 events at a time, for each table; `versions` are the streams' so far."""
    cases: set[str] = set()
    made = events(name)
    while True:
        found: Rows = {table: [] for table in _COLUMNS}
        for body in islice(made, TOGETHER):
            told = orjson.loads(body)
            stream, number = told["subject"], told.get("case")
            versions[stream] += 1
            key = (told["source"], told["id"], stream, versions[stream], hashlib.sha256(body).digest())
            found["event_keys"].append(key)
            if number is not None and number not in cases:
                cases.add(number)
                found["cases"].append((number, stream))
            found["stored_events"].append((stream, versions[stream], told["type"], body))
        yield found


async def main(url: str, name: str, seconds: float) -> None:
    """Copy until the time is over, each 1,000 events in a transaction; print how many went in."""
    connection = await asyncpg.connect(url)
    heads = await connection.fetch(_HEADS)
    made = rows(name, Counter({row["stream"]: row["version"] for row in heads}))
    count, busy = 0, 0.0
    while busy < seconds:
        ready = next(made)  # making rows ready is no work of the database's
        before = time.perf_counter()
        async with connection.transaction():
            for table, columns in _COLUMNS.items():
                await connection.copy_records_to_table(table, records=ready[table], columns=columns)
        busy += time.perf_counter() - before
        count += TOGETHER
    await connection.close()
    tell({"count": count, "seconds": busy})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
