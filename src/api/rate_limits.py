"""How often each caller may ask: a bucket of requests that fills up again with time."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from api.caller import Caller
from api.problems import Problem
from journey.settings import Settings
from journey.words import Words

Header = tuple[bytes, bytes]

# How many callers are counted before those are forgotten who have their whole bucket again.
_MOST_CALLERS = 100_000
# So many seconds' worth of failed attempts one address has at once.
_FAILURE_SECONDS = 10.0
_ROUNDING = 1e-9

_CALLERS = Words(
    "This caller may make {limit:g} requests a second. Wait {wait} s; send many events in one batch.",
    "该调用方每秒最多可请求{limit:g}次，请等待{wait}秒后再试；事件较多时建议合并为批次发送。",
)
_FAILURES = Words(
    "Too many requests from this address had no valid key or token. Wait {wait} s, and check what is sent.",
    "来自该地址的请求多次未通过身份验证，请等待{wait}秒后再试，并检查所用的密钥或令牌。",
)


class RateLimit:
    """Counts requests by name; for each it keeps only when its bucket would be full again."""

    def __init__(
        self,
        name: str,
        per_second: float,
        burst: float,
        words: Words = _CALLERS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._per_second, self._words, self._clock = name.encode(), per_second, words, clock
        self._each = 1 / per_second
        self._whole = max(burst, 1.0) * self._each + _ROUNDING
        self._full_at: dict[str, float] = {}
        window = math.ceil(self._whole - _ROUNDING)
        self._policy = (b"ratelimit-policy", b'"%s";q=%d;w=%d' % (self._name, max(burst, 1), window))

    def count(self, caller: str) -> tuple[Header, Header]:
        """Count a request and return the headers that tell what is left.

        Raises `too-many-requests`, with the time to wait, where it is one too many.
        """
        now = self._clock()
        filled = max(self._full_at.get(caller, now), now) + self._each
        if filled - now > self._whole:
            raise self._too_many(filled - now)
        if len(self._full_at) >= _MOST_CALLERS:
            self._forget(now)
        self._full_at[caller] = filled
        return self._policy, self._told(filled - now)

    def check(self, caller: str) -> None:
        """Raise `too-many-requests` where the next request would be one too many; count nothing."""
        filled, now = self._full_at.get(caller), self._clock()
        if filled is not None and filled + self._each - now > self._whole:
            raise self._too_many(filled + self._each - now)

    def _told(self, empty: float) -> Header:
        left = (self._whole - empty) * self._per_second
        return b"ratelimit", b'"%s";r=%d;t=%d' % (self._name, max(left, 0), math.ceil(empty - _ROUNDING))

    def _too_many(self, empty: float) -> Problem:
        wait = max(1, math.ceil(empty - self._whole))
        detail = Words(*(text.format(limit=self._per_second, wait=wait) for text in self._words))
        headers = {"Retry-After": str(wait)}
        for name, value in (self._policy, self._told(empty - self._each)):
            headers[name.decode()] = value.decode()
        return Problem("too-many-requests", detail, extra={"limit": self._per_second}, headers=headers)

    def _forget(self, now: float) -> None:
        self._full_at = {name: full for name, full in self._full_at.items() if full > now}
        if len(self._full_at) >= _MOST_CALLERS:
            self._full_at.clear()


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The limits of one process; None where there is none."""

    systems: RateLimit | None
    customers: RateLimit | None
    failures: RateLimit | None
    """Of failed attempts by address."""

    def of(self, caller: Caller) -> RateLimit | None:
        """Return the limit that counts a caller."""
        return self.systems if caller.subject is None else self.customers


def rate_limits(settings: Settings) -> RateLimits:
    """Return the limits that the settings name."""
    failures = settings.failures_per_second
    return RateLimits(
        systems=_limit("caller", settings.requests_per_second, settings.request_burst),
        customers=_limit("customer", settings.customer_requests_per_second, settings.customer_request_burst),
        failures=_limit("failures", failures, failures * _FAILURE_SECONDS, _FAILURES),
    )


def _limit(name: str, per_second: float, burst: float, words: Words = _CALLERS) -> RateLimit | None:
    return RateLimit(name, per_second, burst, words) if per_second else None
