"""Look-ups for many who ask at once: who asks while one look is under way shares the next with all others."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from journey.event_log import EventLog
from projections import reading
from projections.projection import Projection
from projections.reading import Found, Freshness, Wanted

# How much one look may be asked for: so many keys that the next ones wait for them a few milliseconds.
_AT_ONCE = 256


class Views(Protocol):
    """The read models, as the event loop has them."""

    async def look(self, projection: Projection[Any], wanted: Sequence[Wanted]) -> list[Found]:
        """Look texts up, all of one moment, in the order in which they are wanted.

        With nothing wanted one element tells the freshness alone.
        """

    async def close(self) -> None:
        """Close every connection."""


class EmbeddedViews:
    """The read models in a SQLite file: a thread looks, so that nobody waits for the disk."""

    def __init__(self, engine: sa.Engine, log: EventLog) -> None:
        self._engine = engine
        self._log = log

    async def look(self, projection: Projection[Any], wanted: Sequence[Wanted]) -> list[Found]:
        """Look texts up, all of one moment, in the order in which they are wanted."""

        def read() -> list[Found]:
            with self._engine.connect() as connection:
                return reading.look(connection, self._log, projection, wanted)

        return await asyncio.to_thread(read)

    async def close(self) -> None:
        """Leave the engine to whoever made it."""


@dataclass(slots=True)
class _Line:
    """Those who ask one projection."""

    projection: Projection[Any]
    waiting: list[tuple[Wanted | None, asyncio.Future[Found]]] = field(default_factory=list)
    task: asyncio.Task[None] | None = None


class Lookups:
    """Looks rows up; used in one event loop."""

    def __init__(self, views: Views, projections: Iterable[Projection[Any]]) -> None:
        self._views = views
        self._lines = {projection.name: _Line(projection) for projection in projections}

    def find(self, name: str, wanted: Wanted | None) -> asyncio.Future[Found]:
        """Look a text of a projection up, or with None how fresh the projection is.

        What it finds was true after the call; it raises `ProjectionUnavailable` while there are no rows.
        """
        line = self._lines[name]
        future = asyncio.get_running_loop().create_future()
        line.waiting.append((wanted, future))
        if line.task is None:
            line.task = asyncio.create_task(self._serve(line))
        return future

    async def freshness(self, name: str) -> Freshness:
        """Return how fresh a projection is; raise `ProjectionUnavailable` while it has no rows at all."""
        return (await self.find(name, None)).freshness

    async def close(self) -> None:
        """Close every connection."""
        await self._views.close()

    async def _serve(self, line: _Line) -> None:
        try:
            while line.waiting:
                some, line.waiting = line.waiting[:_AT_ONCE], line.waiting[_AT_ONCE:]
                await self._look(line.projection, some)
        finally:
            line.task = None

    async def _look(
        self, projection: Projection[Any], some: Sequence[tuple[Wanted | None, asyncio.Future[Found]]]
    ) -> None:
        try:
            rows = await self._views.look(projection, [wanted for wanted, _ in some if wanted is not None])
        except Exception as error:  # noqa: BLE001  # whatever it is, everybody who waits is told
            for _, future in some:
                if not future.done():
                    future.set_exception(error)
            return
        found = iter(rows)
        for wanted, future in some:
            one = rows[0] if wanted is None else next(found)
            if not future.done():
                future.set_result(one)
