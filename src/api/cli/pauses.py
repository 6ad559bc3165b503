"""How long a client waits before it asks again."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

FIRST_PAUSE = 0.5
"""Seconds before the second attempt; each further pause is twice as long."""
LONGEST_PAUSE = 30.0
"""Seconds that a pause lasts at most, also where the service asks for a longer one."""


def backoff(attempt: int) -> float:
    """Return the seconds before what failed at `attempt`, counted from 1, is tried again."""
    return min(FIRST_PAUSE * 2.0 ** (attempt - 1), LONGEST_PAUSE)


def asked_pause(response: httpx.Response, attempt: int) -> float:
    """Return the seconds that `Retry-After` asks for, which is a number or a date."""
    asked = response.headers.get("Retry-After", "")
    try:
        seconds = float(asked) if asked.isdecimal() else _until(asked)
    except ValueError:
        return backoff(attempt)
    return min(max(seconds, 0.0), LONGEST_PAUSE)


def _until(date: str) -> float:
    moment = parsedate_to_datetime(date)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - datetime.now(
        UTC
    ).timestamp()
