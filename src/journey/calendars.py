"""Business time and calendar days in the institution's zone: pure, and no guess about a year without data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from journey.errors import UnknownYear

if TYPE_CHECKING:
    from holidays import HolidayBase

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MINUTES = 24 * 60
# Nobody's time limit is longer; a calendar without working days would be searched for ever.
_LONGEST = 36_600


FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""The time that calendars reach over; nobody knows holidays of any other."""


def within_reach(moment: datetime) -> datetime:
    """Return a moment in UTC, or the nearest that calendars reach: a mistyped year must not overflow."""
    return min(max(moment, FIRST), LAST).astimezone(UTC)


class Year(NamedTuple):
    """The days of one year that differ from its weeks."""

    closed: frozenset[date]
    """Holidays: nobody works, whatever day of the week it is."""
    open: frozenset[date]
    """Make-up workdays (调休): people work although the week says otherwise."""


class Hours(NamedTuple):
    """One interval of a working day, in minutes since midnight; 1440 is the midnight that ends the day."""

    start: int
    end: int


@dataclass(frozen=True)
class Calendar:
    """When an institution works."""

    zone: ZoneInfo
    """The institution's; days begin and end in it."""
    week: frozenset[int] = frozenset(range(5))
    """The working days of a week, 0 for Monday."""
    hours: tuple[Hours, ...] = (Hours(9 * 60, 17 * 60),)
    """The intervals of a working day, in order."""
    country: str | None = None
    """Whose public holidays are kept, by ISO 3166-1, as `holidays` has them; None keeps none."""
    subdivision: str | None = None
    """The part of the country that has holidays of its own."""
    makeup_days: bool = False
    """Whether the country moves workdays year by year: a year without any is one that nobody knows yet."""
    years: Mapping[int, Year] = field(default_factory=dict)
    """Years as the institution states them itself, in place of the library's."""

    def date_of(self, moment: datetime) -> date:
        """Return the day of a moment where the institution is."""
        return moment.astimezone(self.zone).date()


def has_data(calendar: Calendar) -> bool:
    """Tell whether the library knows the calendar's country and the part of it, in whatever years."""
    try:
        return calendar.country is None or _of_country(calendar.country, calendar.subdivision) is not None
    except NotImplementedError:
        return False


def is_working_day(calendar: Calendar, day: date) -> bool:
    """Tell whether people work on a day; raise `UnknownYear` where nobody can know."""
    year = _year(calendar, day.year)
    return day in year.open or (day.weekday() in calendar.week and day not in year.closed)


def end_of_day(calendar: Calendar, day: date) -> datetime:
    """Return the last whole second of a day."""
    return _at(calendar, day, _MINUTES) - _SECOND


def close_of_business(calendar: Calendar, day: date) -> datetime:
    """Return the moment at which the last interval of a working day ends."""
    return _at(calendar, day, calendar.hours[-1].end)


def working_day_after(calendar: Calendar, day: date, count: int) -> date:
    """Return the day that is so many working days after `day`, which itself does not count."""
    for _ in range(_LONGEST):
        if count <= 0:
            return day
        day += _DAY
        count -= is_working_day(calendar, day)
    raise ValueError(f"no working day within {_LONGEST} days of {day}")


def working_days_between(calendar: Calendar, since: date, until: date) -> int:
    """Count the working days after `since`, up to and with `until`."""
    return sum(is_working_day(calendar, since + _DAY * each) for each in range(1, (until - since).days + 1))


def business_time_after(calendar: Calendar, start: datetime, worked: timedelta) -> datetime:
    """Return the moment at which so much business time has passed since `start`."""
    for opens, closes in _intervals(calendar, calendar.date_of(start)):
        since = max(opens, start)
        if closes > since:
            if worked <= closes - since:
                return since + worked
            worked -= closes - since
    raise ValueError(f"not so much business time within {_LONGEST} days of {start}")


def business_time_between(calendar: Calendar, since: datetime, until: datetime) -> timedelta:
    """Return how much business time passes between two moments."""
    passed = timedelta()
    if until <= since:
        return passed
    for opens, closes in _intervals(calendar, calendar.date_of(since)):
        if opens >= until:
            break
        passed += max(timedelta(), min(closes, until) - max(opens, since))
    return passed


def moved_by_days(calendar: Calendar, moment: datetime, days: int) -> datetime:
    """Return the same time of day so many calendar days later, or earlier: a day is a date, not 24 hours."""
    local = moment.astimezone(calendar.zone)
    return _utc(datetime.combine(local.date() + _DAY * days, local.time(), calendar.zone))


def _intervals(calendar: Calendar, day: date) -> Iterator[tuple[datetime, datetime]]:
    for each in range(_LONGEST):
        today = day + _DAY * each
        if is_working_day(calendar, today):
            for hours in calendar.hours:
                yield _at(calendar, today, hours.start), _at(calendar, today, hours.end)


def _at(calendar: Calendar, day: date, minutes: int) -> datetime:
    """Return a time of day as an instant, whatever the clocks did that day."""
    days, rest = divmod(minutes, _MINUTES)
    return _utc(datetime.combine(day + _DAY * days, time(*divmod(rest, 60)), calendar.zone))


def _utc(moment: datetime) -> datetime:
    # Between moments of one zone Python reckons by what clocks show; only in UTC does an hour last one.
    return moment.astimezone(UTC)


def _year(calendar: Calendar, year: int) -> Year:
    if year in calendar.years:
        return calendar.years[year]
    if calendar.country is None:
        return Year(frozenset(), frozenset())
    known = _from_library(calendar.country, calendar.subdivision, year)
    if known is None or (calendar.makeup_days and not known.open):
        raise UnknownYear(calendar.country, year)
    return known


@cache
def _from_library(country: str, subdivision: str | None, year: int) -> Year | None:
    """Return what the library knows of a year; None where it says itself that it does not."""
    known = _of_country(country, subdivision, year)
    if not known.start_year <= year <= known.end_year:
        return None
    return Year(
        frozenset(day for day in known if day.year == year),
        frozenset(day for day in known.weekend_workdays if day.year == year),
    )


def _of_country(country: str, subdivision: str | None, *years: int) -> "HolidayBase":
    import holidays  # noqa: PLC0415  # it loads slowly, and most rule sets count no working days

    return holidays.country_holidays(country, subdiv=subdivision, years=years, expand=False)
