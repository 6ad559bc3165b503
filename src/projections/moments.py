"""Instants as text in UTC, all of one width: the order of the texts is the order of time."""

from datetime import UTC, datetime
from functools import lru_cache

from journey.words import Words


def utc_text(moment: datetime) -> str:
    """Write an aware instant as `2026-11-22T03:04:05.000000Z`.

    An instant that UTC puts outside the calendar becomes the calendar's first or last one.
    """
    try:
        utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except OverflowError:
        utc = (datetime.min if moment.year == 1 else datetime.max).replace(tzinfo=UTC)  # noqa: DTZ901  # UTC it is
    return utc.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


# Each projection asks for the time of each event of a page, one after the other.
@lru_cache(maxsize=10_000)
def told_in_utc(told: str) -> str:
    """Write an instant told in any time zone, as RFC 3339 has it, like `utc_text`."""
    return utc_text(datetime.fromisoformat(told.upper()))


def in_utc(told: str | None) -> str | None:
    """Write an instant told in any time zone like `utc_text`; None stays None."""
    return None if told is None else told_in_utc(told)


def day(moment: datetime) -> Words:
    """Name the day of a moment in the time zone in which it was promised."""
    return Words(moment.date().isoformat(), f"{moment.year}年{moment.month}月{moment.day}日")
