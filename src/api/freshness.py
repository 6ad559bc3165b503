"""Honest freshness: every answer from a projection tells how far it has got, and a reader may wait for more."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import anyio.to_thread
import sqlalchemy as sa
from fastapi import Header, Query, Request

from api.problems import Problem
from journey.events import Position
from projections import reading
from projections.reading import Freshness

# How often somebody who waits looks again, in seconds.
_LOOK = 0.02

MinPosition = Annotated[
    int | None, Query(alias="min_position", ge=0, description="wait until the answer shows this position")
]
MinPositionHeader = Annotated[int | None, Header(alias="Journey-Min-Position", ge=0)]

_T = TypeVar("_T")


class Watch:
    """Looks after the projections for all who wait: one look serves everybody."""

    def __init__(self, views: sa.Engine) -> None:
        self._views = views
        self._looks: dict[str, asyncio.Task[Freshness]] = {}

    async def look(self, name: str) -> Freshness:
        """Return how fresh a projection is, sharing the look with everyone who asks meanwhile."""
        task = self._looks.get(name)
        if task is None or task.done():
            task = asyncio.ensure_future(anyio.to_thread.run_sync(self._read, name))
            self._looks[name] = task
        return await asyncio.shield(task)

    def _read(self, name: str) -> Freshness:
        with self._views.connect() as connection:
            return reading.freshness(connection, name)

    async def reached(self, name: str, position: int, timeout: float) -> bool:
        """Wait until a projection shows `position`; tell whether it did within `timeout` seconds."""
        deadline = asyncio.get_running_loop().time() + timeout
        while (await self.look(name)).position < position:
            if asyncio.get_running_loop().time() >= deadline:
                return False
            await asyncio.sleep(_LOOK)
        return True

    async def changed(self, name: str, position: Position, timeout: float) -> bool:
        """Wait until a projection has moved past `position`."""
        return await self.reached(name, position + 1, timeout)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asks of freshness."""

    position: int
    seconds: float
    """How long the reader is ready to wait."""
    strict: bool
    """Whether an answer that is behind is worse than none."""


def wanted(request: Request, parameter: int | None, header: int | None, longest: float) -> Wanted:
    """Read `min_position` and `Prefer: wait=5, handling=strict` (RFC 7240)."""
    asked = re.finditer(r'(wait|handling)="?(\w+)', request.headers.get("prefer", ""))
    preferences = {match[1]: match[2] for match in asked}
    wait = preferences.get("wait", "0")
    return Wanted(
        position=parameter or header or 0,
        seconds=min(float(wait) if wait.isdecimal() else 0.0, longest),
        strict=preferences.get("handling") == "strict",
    )


async def awaited(watch: Watch, name: str, want: Wanted) -> bool:
    """Wait as the reader asks; tell whether the answer will be behind.

    Raises `projection-behind` where it would be and the reader does not want that.
    """
    if not want.position or await watch.reached(name, want.position, want.seconds):
        return False
    if want.strict:
        fresh = await watch.look(name)
        raise Problem("projection-behind", extra={"position": fresh.position, "wanted": want.position})
    return True


def freshness_headers(
    request: Request, fresh: Freshness, parked_at: Position | None = None
) -> dict[str, str]:
    """Return the headers that tell how fresh an answer is."""
    from api.service import service_of  # noqa: PLC0415  # the service holds the watch of this module

    headers = {
        "Journey-Position": str(fresh.position),
        "Journey-Lag": f"{lag(service_of(request), fresh):.3f}",
    }
    if parked_at is not None:
        headers["Journey-Parked"] = str(parked_at)
    return headers


def lag(service: Any, fresh: Freshness) -> float:
    """Return how long the oldest event that a projection does not show has been in the log, in seconds."""
    waiting = service.log.read_all(fresh.position, 1)
    if not waiting:
        return 0.0
    seconds: float = (service.clock() - waiting[0].recorded_at).total_seconds()
    return max(seconds, 0.001)


async def in_thread(function: Callable[[], _T]) -> _T:
    """Run a read of the database where it holds nobody up."""
    return await anyio.to_thread.run_sync(function)


def with_stale(body: Mapping[str, Any], *, stale: bool) -> Mapping[str, Any]:
    """Mark an answer that is behind what the reader asked for."""
    return {**body, "stale": True} if stale else body
