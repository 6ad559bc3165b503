"""How long the service waits for its clients, and for how many: those who keep it waiting are cut off."""

import asyncio
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, Protocol

import structlog

_log = structlog.get_logger(__name__)

Awaited = Literal["head", "body", "reading", "next"]
"""What a client is waited for to do: send a head, send a body, read its answer, ask the next question."""

SLOWEST = 100
"""Bytes a second that a body must come in, and an answer be read, at least."""
IDLE = 65.0
"""Seconds that a connection may rest between two requests; longer than proxies rest by themselves."""
_AT_ONCE = 1_000
"""How many requests are worked on at once; more are answered with 503."""
_BREATH = 20
"""After how many connections that were looked at others get their turn: cutting all off takes long."""


@dataclass(slots=True)
class Mark:
    """Since when a connection has waited for the same thing."""

    awaited: Awaited
    message: object
    """The request that it is about: of a busy connection each look sees another one."""
    since: float
    moved: int
    """How many bytes had gone over the connection by then, in both directions."""


class Waiting(Protocol):
    """What is looked at of a connection."""

    mark: Mark | None

    @property
    def address(self) -> str | None:
        """The address of the client."""

    @property
    def message(self) -> object:
        """The request that came last, or is coming."""

    @property
    def moved(self) -> int:
        """How many bytes have gone over it, in both directions."""

    def awaits(self) -> Awaited | None:
        """Tell what the client is to do; None where the service itself is to do something."""

    def cut(self, awaited: Awaited) -> None:
        """End the connection: the client has not done what it was to do."""


class Patience:
    """Looks at all connections of a process once a second, so that no request pays for timers of its own."""

    def __init__(self, seconds: float, connections: int, connections_per_address: int) -> None:
        self._seconds = seconds
        self._most = connections
        self._most_per_address = connections_per_address
        self._by_address = Counter[str | None]()
        self._held_up = 0
        self._told = Counter[str]()

    def admits(self, connection: Waiting, open_now: int) -> bool:
        """Count a new connection, the last of `open_now`; tell whether it may stay."""
        if self._most_per_address:
            self._by_address[connection.address] += 1
            if self._by_address[connection.address] > self._most_per_address:
                self._told["refused"] += 1
                return False
        if open_now > self._most:
            self._told["refused"] += 1
            return False
        return True

    def forget(self, connection: Waiting) -> None:
        """Count a connection no more that `admits` counted."""
        if self._most_per_address:
            self._by_address[connection.address] -= 1
            if not self._by_address[connection.address]:
                del self._by_address[connection.address]

    def busy(self, requests: int) -> bool:
        """Tell whether the process works on enough requests; those held up by their clients do not count."""
        return requests - self._held_up >= _AT_ONCE

    async def look(self, connections: Collection[Waiting], now: float) -> None:
        """Cut off everyone who has been waited for too long, and tell the operator how many."""
        held_up = 0
        for place, connection in enumerate(list(connections), start=1):
            if place % _BREATH == 0:
                await asyncio.sleep(0)
            if connection not in connections:
                continue
            awaited = connection.awaits()
            if awaited is not None and self._too_long(connection, awaited, now):
                connection.cut(awaited)
                if awaited != "next":
                    self._told[awaited] += 1
            elif awaited is None:
                connection.mark = None
            elif awaited in ("body", "reading"):
                held_up += 1
        self._held_up = held_up
        if self._told:
            _log.warning("clients_cut_off", **self._told)
            self._told.clear()

    def _too_long(self, connection: Waiting, awaited: Awaited, now: float) -> bool:
        mark, message = connection.mark, connection.message
        if mark is None or mark.awaited != awaited or mark.message is not message:
            connection.mark = Mark(awaited, message, now, connection.moved)
            return False
        if now - mark.since < (IDLE if awaited == "next" else self._seconds):
            return False
        if awaited in ("body", "reading") and connection.moved - mark.moved >= SLOWEST * self._seconds:
            connection.mark = Mark(awaited, message, now, connection.moved)
            return False
        return True
