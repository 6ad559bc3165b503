"""How often each caller may ask: a bucket of requests that fills up again with time."""

import math
import time
from collections.abc import Callable

from api.problems import Problem
from journey.words import Words

# How many seconds' worth of requests a caller may make at once after a rest.
_BURST_SECONDS = 2.0


class Rates:
    """Counts the requests of each caller of this process."""

    def __init__(self, per_second: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}
        """By caller: how many requests were left, and when."""

    def count(self, caller: str) -> None:
        """Count a request; raise `too-many-requests`, with the time to wait, where it is one too many."""
        if self._per_second is None:
            return
        now = self._clock()
        most = max(1.0, self._per_second * _BURST_SECONDS)
        left, since = self._buckets.get(caller, (most, now))
        left = min(most, left + (now - since) * self._per_second)
        if left < 1:
            raise _too_many(self._per_second, math.ceil((1 - left) / self._per_second))
        self._buckets[caller] = (left - 1, now)


def _too_many(per_second: float, wait: int) -> Problem:
    detail = Words(
        f"This key may make {per_second:g} requests a second. Wait {wait} s; send many events in one batch.",
        f"该密钥每秒最多可请求{per_second:g}次，请等待{wait}秒后再试；事件较多时建议合并为批次发送。",
    )
    return Problem(
        "too-many-requests", detail, extra={"limit": per_second}, headers={"Retry-After": str(wait)}
    )
