"""Business time and calendar days: holiday weeks, make-up workdays, several intervals, clocks that change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.calendars import (
    Calendar,
    Hours,
    Year,
    business_time_after,
    business_time_between,
    close_of_business,
    end_of_day,
    is_working_day,
    moved_by_days,
    working_day_after,
    working_days_between,
)
from journey.errors import UnknownYear

SHANGHAI, LONDON, NEW_YORK = map(ZoneInfo, ("Asia/Shanghai", "Europe/London", "America/New_York"))
CHINA = Calendar(
    SHANGHAI, hours=(Hours(540, 720), Hours(810, 1050)), country="CN", makeup_days=True
)  # 9:00 to 12:00, 13:30 to 17:30
ENGLAND = Calendar(LONDON, country="GB", subdivision="ENG")
NIGHTS = Calendar(NEW_YORK, week=frozenset(range(7)), hours=(Hours(0, 1440),))
"""A desk that never closes."""

DAYS = st.dates(date(2010, 1, 1), date(2026, 6, 30))
MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2026, 6, 30), timezones=st.just(UTC))  # noqa: DTZ001  # Hypothesis takes naive bounds and adds the zone


def _in_china(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


class TestWorkingDays:
    @pytest.mark.parametrize(
        ("day", "worked"),
        [
            ("2026-02-13", True),  # the Friday before Chinese New Year
            ("2026-02-14", True),  # a Saturday that is worked in place of a day of the holiday
            ("2026-02-15", False),
            ("2026-02-16", False),  # New Year's Eve
            ("2026-02-23", False),
            ("2026-02-24", True),
            ("2026-02-28", True),  # a Saturday, again
            ("2026-03-01", False),
            ("2026-09-20", True),  # a Sunday before National Day
            ("2026-10-01", False),
            ("2026-10-07", False),
            ("2026-10-08", True),
            ("2026-10-10", True),  # a Saturday
            ("2026-10-11", False),
        ],
    )
    def test_in_china(self, day: str, worked: bool) -> None:  # noqa: FBT001  # a column of the table
        """Holiday weeks are free, and the weekends that pay for them are worked."""
        assert is_working_day(CHINA, date.fromisoformat(day)) == worked

    @pytest.mark.parametrize(
        ("start", "count", "end"),
        [
            ("2026-02-13", 1, "2026-02-14"),
            ("2026-02-13", 2, "2026-02-24"),
            ("2026-02-14", 5, "2026-02-28"),
            ("2026-09-30", 1, "2026-10-08"),
            ("2026-09-30", 3, "2026-10-10"),
            ("2026-09-30", 4, "2026-10-12"),
            ("2026-09-30", 0, "2026-09-30"),
        ],
    )
    def test_across_holiday_weeks(self, start: str, count: int, end: str) -> None:
        """Five working days from New Year's Eve's eve last a fortnight."""
        first, last = date.fromisoformat(start), date.fromisoformat(end)

        assert working_day_after(CHINA, first, count) == last
        assert working_days_between(CHINA, first, last) == count

    def test_in_england(self) -> None:
        """Good Friday and Easter Monday are free, and no Saturday is worked for them."""
        assert working_day_after(ENGLAND, date(2026, 4, 2), 1) == date(2026, 4, 7)

    @pytest.mark.parametrize("year", [2027, 2028])
    def test_of_a_year_without_data_nobody_guesses(self, year: int) -> None:
        """The make-up days of a year are announced in the autumn before it."""
        with pytest.raises(UnknownYear, match=rf"{year}.*CN.*holidays.*calendar\.years") as raised:
            is_working_day(CHINA, date(year, 3, 1))

        assert (raised.value.country, raised.value.year) == ("CN", year)

    def test_a_count_that_reaches_into_such_a_year_is_an_error_too(self) -> None:
        """Whatever part of it lies in a known year."""
        assert working_day_after(CHINA, date(2026, 12, 30), 1) == date(2026, 12, 31)
        with pytest.raises(UnknownYear):
            working_day_after(CHINA, date(2026, 12, 30), 2)

    def test_the_institution_may_state_a_year_itself(self) -> None:
        """What it states takes the place of all that the library knows of the year."""
        stated = Year(frozenset({date(2027, 1, 1)}), frozenset({date(2027, 1, 3)}))
        calendar = Calendar(SHANGHAI, country="CN", makeup_days=True, years={2027: stated})

        assert working_day_after(calendar, date(2026, 12, 31), 1) == date(2027, 1, 3)

    def test_without_a_country_only_the_week_counts(self) -> None:
        """In any year."""
        assert is_working_day(Calendar(SHANGHAI), date(2090, 10, 2))
        assert not is_working_day(Calendar(SHANGHAI), date(2090, 10, 1))

    @settings(deadline=None)  # the first year is read from the library
    @given(DAYS, st.integers(0, 40))
    def test_counting_back_gives_what_was_counted(self, day: date, count: int) -> None:
        """The two functions are each other's inverse, and the day reached is worked."""
        reached = working_day_after(CHINA, day, count)

        assert working_days_between(CHINA, day, reached) == count
        assert count == 0 or is_working_day(CHINA, reached)


class TestBusinessTime:
    @pytest.mark.parametrize(
        ("start", "hours", "end"),
        [
            (_in_china(3, 2, 9), 3, _in_china(3, 2, 12)),
            (_in_china(3, 2, 11), 2, _in_china(3, 2, 14, 30)),  # the break at noon does not count
            (_in_china(3, 2, 12, 30), 4, _in_china(3, 2, 17, 30)),
            (_in_china(3, 2, 17), 1, _in_china(3, 3, 9, 30)),
            (_in_china(3, 6, 17), 1, _in_china(3, 9, 9, 30)),  # over a weekend
            (_in_china(2, 13, 17), 8, _in_china(2, 24, 9, 30)),  # over a make-up Saturday and New Year
            (_in_china(2, 16, 10), 1, _in_china(2, 24, 10)),  # from within the holidays
        ],
    )
    def test_of_several_intervals(self, start: datetime, hours: int, end: datetime) -> None:
        """Breaks, nights, weekends and holidays do not count; make-up days do."""
        worked = timedelta(hours=hours)

        assert business_time_after(CHINA, start, worked) == end
        assert business_time_between(CHINA, start, end) == worked

    @settings(deadline=None)  # the first year is read from the library
    @given(MOMENTS, st.integers(0, 400))
    def test_counting_back_gives_what_was_counted(self, start: datetime, quarters: int) -> None:
        """From any moment, worked or not."""
        worked = timedelta(minutes=15 * quarters)

        assert business_time_between(CHINA, start, business_time_after(CHINA, start, worked)) == worked

    @settings(deadline=None)  # the first year is read from the library
    @given(
        MOMENTS, st.timedeltas(timedelta(), timedelta(days=9)), st.timedeltas(timedelta(), timedelta(days=9))
    )
    def test_parts_add_up(self, start: datetime, first: timedelta, second: timedelta) -> None:
        """However a time is divided."""
        between, end = start + first, start + first + second
        parts = business_time_between(CHINA, start, between) + business_time_between(CHINA, between, end)

        assert parts == business_time_between(CHINA, start, end)

    def test_backwards_no_time_passes(self) -> None:
        """A clock that was set back makes nobody work."""
        assert business_time_between(CHINA, _in_china(3, 3, 9), _in_china(3, 2, 9)) == timedelta()


class TestChangesOfClocks:
    def test_days_on_which_clocks_change_have_23_and_25_hours(self) -> None:
        """New York 2026: forward on 8 March, back on 1 November."""
        for day, hours in ((date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 11, 2), 24)):
            start = datetime(day.year, day.month, day.day, tzinfo=NEW_YORK)
            end = end_of_day(NIGHTS, day) + timedelta(seconds=1)

            assert end - start.astimezone(UTC) == timedelta(hours=hours)
            assert business_time_between(NIGHTS, start, end) == timedelta(hours=hours)

    def test_a_day_later_is_the_same_time_of_day(self) -> None:
        """Calendar days are dates where the institution is, not so many times 24 hours."""
        noon = datetime(2026, 3, 7, 12, tzinfo=NEW_YORK)

        assert moved_by_days(NIGHTS, noon, 1) == datetime(2026, 3, 8, 12, tzinfo=NEW_YORK)
        assert moved_by_days(NIGHTS, noon, 1) - noon == timedelta(hours=23)
        assert moved_by_days(NIGHTS, moved_by_days(NIGHTS, noon, 300), -300) == noon

    def test_a_day_is_the_institutions(self) -> None:
        """What is late on Monday in London is Tuesday in Shanghai."""
        moment = datetime(2026, 3, 2, 20, tzinfo=UTC)

        assert (ENGLAND.date_of(moment).day, CHINA.date_of(moment).day) == (2, 3)
        assert close_of_business(CHINA, date(2026, 3, 2)) == _in_china(3, 2, 17, 30)
        assert end_of_day(CHINA, date(2026, 3, 2)) == _in_china(3, 2, 23, 59) + timedelta(seconds=59)
