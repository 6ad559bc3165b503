"""Honest freshness: every answer from a projection tells how far it is, and a reader may wait for more."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Query, Request

from api.parameters import LARGEST_POSITION
from api.problems import Problem
from api.service import Service, service_of
from journey.events import Position
from projections import reading
from projections.reading import Found, Freshness

_PREFERENCE = re.compile(r'(?:^|[,;])\s*(wait|handling)\s*=\s*"?(\w+)', re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asks of freshness."""

    position: int
    seconds: float
    """How long the reader is ready to wait."""
    strict: bool
    """Whether an answer that is behind is worse than none."""


_NOTHING_WANTED = Wanted(position=0, seconds=0.0, strict=False)


async def _wanted(
    request: Request,
    min_position: Annotated[
        int | None,
        Query(ge=0, le=LARGEST_POSITION, description="wait until the answer shows this position"),
    ] = None,
    min_position_header: Annotated[
        int | None,
        Header(
            alias="Journey-Min-Position",
            ge=0,
            le=LARGEST_POSITION,
            description="the same as `min_position`, as a header",
        ),
    ] = None,
) -> Wanted:
    """Read `min_position` and `Prefer: wait=5, handling=strict` (RFC 7240)."""
    position = max(min_position or 0, min_position_header or 0)
    if not position:
        return _NOTHING_WANTED
    found = _PREFERENCE.findall(",".join(request.headers.getlist("prefer")))
    preferences = {name.lower(): value for name, value in reversed(found)}  # of two, the first counts
    wait = preferences.get("wait", "0")
    return Wanted(
        position=position,
        seconds=min(float(wait) if wait.isdecimal() else 0.0, service_of(request).settings.max_wait),
        strict=preferences.get("handling") == "strict",
    )


Want = Annotated[Wanted, Depends(_wanted)]
"""What the reader asks of freshness."""


async def awaited(service: Service, name: str, want: Wanted) -> bool:
    """Wait as the reader asks; tell whether the answer will be behind.

    Raises `projection-behind` where it would be and the reader does not want that.
    """
    if not want.position or await service.watch.reached(name, want.position, want.seconds):
        return False
    if want.strict:
        fresh = await service.watch.look(name)
        raise Problem(
            "projection-behind",
            extra={"position": fresh.position, "wanted": want.position},
            headers={"Journey-Position": str(fresh.position)},
        )
    return True


def freshness_headers(
    service: Service, fresh: Freshness, parked_at: Position | None = None
) -> dict[str, str]:
    """Return the headers that tell how fresh an answer is; this reads the log."""
    headers = {"Journey-Position": str(fresh.position), "Journey-Lag": f"{lag(service, fresh):.3f}"}
    if parked_at is not None:
        headers["Journey-Parked"] = str(parked_at)
    return headers


def told_freshness(service: Service, found: Found) -> list[tuple[bytes, bytes]]:
    """Return the same headers for one row, as they are sent."""
    lagging = b"%.3f" % reading.lag(found.unseen_since, service.clock)
    headers = [(b"journey-position", b"%d" % found.freshness.position), (b"journey-lag", lagging)]
    if found.parked_at is not None:
        headers.append((b"journey-parked", b"%d" % found.parked_at))
    return headers


def lag(service: Service, fresh: Freshness) -> float:
    """Return how long the oldest event that a projection does not show has been in the log, in seconds."""
    waiting = service.log.read_all(fresh.position, 1)
    since = waiting[0].recorded_at if waiting and not waiting[0].damaged else None
    return reading.lag(since, service.clock)
