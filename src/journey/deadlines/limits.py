"""When a time limit ends: so many days, working days or hours after its start, and what does not count."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from journey.calendars import (
    Calendar,
    business_time_after,
    business_time_between,
    close_of_business,
    end_of_day,
    moved_by_days,
    working_day_after,
    working_days_between,
)
from journey.rule_set import Limit, Unit

_DAYS_OF = {"days": 1, "weeks": 7}


class Pause(NamedTuple):
    """A time that does not count."""

    since: datetime
    until: datetime


def end_of(
    calendar: Calendar, limit: Limit, start: datetime, pauses: Sequence[Pause], within: int | None = None
) -> datetime:
    """Return the last moment of a limit; `within` takes the place of the limit's own number of units.

    The day on which it starts does not count. What is paused is counted in the limit's unit, by date.
    """
    count, unit = within or limit.within, limit.unit
    if unit == "business_hours":
        return business_time_after(calendar, start, timedelta(hours=count) + _worked(calendar, pauses, start))
    paused = _days(calendar, unit, pauses, start)
    first = calendar.date_of(start)
    if unit == "business_days":
        last = working_day_after(calendar, first, count + paused)
    else:
        last = first + timedelta(days=count * _DAYS_OF[unit] + paused)
    return end_of_day(calendar, last) if limit.by == "end_of_day" else close_of_business(calendar, last)


def put_off(
    calendar: Calendar, unit: Unit, moment: datetime, pauses: Sequence[Pause], since: datetime
) -> datetime:
    """Return a stated end, put off by what was paused after `since`."""
    if unit == "business_hours":
        worked = _worked(calendar, pauses, since)
        return business_time_after(calendar, moment, worked) if worked else moment
    paused = _days(calendar, unit, pauses, since)
    if unit == "business_days":
        day = calendar.date_of(moment)
        paused = (working_day_after(calendar, day, paused) - day).days
    return moved_by_days(calendar, moment, paused)


def _days(calendar: Calendar, unit: Unit, pauses: Sequence[Pause], since: datetime) -> int:
    days = 0
    for pause in pauses:
        if pause.until > since:
            first, last = calendar.date_of(max(pause.since, since)), calendar.date_of(pause.until)
            working = unit == "business_days"
            days += working_days_between(calendar, first, last) if working else (last - first).days
    return days


def _worked(calendar: Calendar, pauses: Sequence[Pause], since: datetime) -> timedelta:
    passed = (business_time_between(calendar, max(each.since, since), each.until) for each in pauses)
    return sum(passed, timedelta())
