"""The rules of one jurisdiction on how long complaints may take: data, with the source of each rule."""

import re
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    model_validator,
)

from journey.calendars import Calendar, Hours, Year
from journey.process_definition import Said, Version
from journey.touchpoints.notice import ApprovalLevel
from journey.touchpoints.touchpoint import Code

Unit = Literal["days", "weeks", "business_days", "business_hours"]
"""What a time limit is counted in; days and weeks are those of the calendar."""
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_WEEK: tuple[Weekday, ...] = get_args(Weekday)
_INTERVAL = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
_DAY = r"\d+-\d+-\d+"
_MINUTES = 24 * 60


def _interval(value: object) -> object:
    if isinstance(value, Hours):
        return value
    written = _INTERVAL.fullmatch(value) if isinstance(value, str) else None
    if written is None:
        raise ValueError('working hours are written as "09:00-12:00"')
    parts = [int(part) for part in written.groups()]
    return Hours(parts[0] * 60 + parts[1], parts[2] * 60 + parts[3])


def _one_after_the_other(hours: tuple[Hours, ...]) -> tuple[Hours, ...]:
    edges = [edge for each in hours for edge in each]
    if any(before >= after for before, after in pairwise(edges)) or edges[-1] > _MINUTES:
        raise ValueError("each interval must end after it starts and before the next, by 24:00")
    return hours


def _zone(value: object) -> object:
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f'there is no time zone {value!r}; write it as "Asia/Shanghai"') from error


class _Ruled(BaseModel):
    """One table of a file: it cannot change, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class StatedYear(_Ruled):
    """A year that the institution states itself."""

    year: Annotated[int, Field(ge=1900, le=2200)]
    closed: frozenset[date] = frozenset()
    """Days that would be worked by the week, and are not."""
    open: frozenset[date] = frozenset()
    """Make-up workdays (调休)."""

    @model_validator(mode="after")
    def _of_the_year(self) -> "StatedYear":
        strange = sorted(day for day in self.closed | self.open if day.year != self.year)
        if strange or self.closed & self.open:
            raise ValueError(f"closed and open name each day once, and only days of {self.year}")
        return self


class Working(_Ruled):
    """When the institution works."""

    zone: Annotated[ZoneInfo, BeforeValidator(_zone)]
    working_days: Annotated[frozenset[Weekday], Field(min_length=1)] = frozenset(_WEEK[:5])
    hours: Annotated[
        tuple[Annotated[Hours, BeforeValidator(_interval)], ...],
        Field(min_length=1),
        AfterValidator(_one_after_the_other),
    ] = (Hours(9 * 60, 17 * 60),)
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    """Whose public holidays are kept; without it none are."""
    subdivision: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,3}$")] | None = None
    makeup_days: StrictBool = False
    """Whether the country announces make-up workdays for each year."""
    years: tuple[StatedYear, ...] = ()

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar that this describes."""
        return Calendar(
            zone=self.zone,
            week=frozenset(_WEEK.index(day) for day in self.working_days),
            hours=self.hours,
            country=self.country,
            subdivision=self.subdivision,
            makeup_days=self.makeup_days,
            years={each.year: Year(each.closed, each.open) for each in self.years},
        )


class Clause(_Ruled):
    """One rule, and where it stands."""

    source: Said
    """The rule that says so; or that no rule does, and this is the institution's own."""
    read: date | None = None
    """When it was read in its source; without it nobody has verified it."""


class Limit(Clause):
    """How long something may take."""

    within: Annotated[int, Field(ge=1, le=3660)]
    unit: Unit
    by: Literal["end_of_day", "close_of_business"] = "end_of_day"
    """When its last day ends."""
    warn_days: Annotated[int, Field(ge=0, le=366)]
    """How many calendar days before its end it is warned of."""


class Extension(Clause):
    """A lawful reason for a longer time; the approver and a notice to the customer are always demanded."""

    ground: Code
    """What `complaint.extended` names."""
    name: Said
    within: Annotated[int, Field(ge=1, le=3660)]
    """How long it may take in all, from the start, in the unit of the limit that it extends."""
    levels: Annotated[tuple[ApprovalLevel, ...], Field(min_length=1)]
    """Who may approve it."""


class Milestone(Limit):
    """Something that is due before the answer, or that an early answer earns."""

    code: Code
    name: Said
    met_by: Literal["acknowledged", "answered"]


class Track(_Ruled):
    """The rules for complaints of some categories."""

    code: Code
    name: Said
    categories: frozenset[Code] = frozenset()
    """The categories of complaints that it is for; empty for all others."""
    answer: Limit
    """How long the answer may take."""
    appeal: Limit
    """How long the answer to an appeal may take."""
    extensions: tuple[Extension, ...] = ()
    """On which grounds the time may be extended; no others are."""
    milestones: tuple[Milestone, ...] = ()
    suspension: Clause | None = None
    """That time at an outside appraiser does not count; without it time never stands still."""
    merging: Clause | None = None
    """That the same complaint, made again within the limit, may be merged."""
    new_facts: Clause | None = None
    """That new facts start the limit again."""

    def extension(self, ground: str | None) -> Extension | None:
        """Return the extension on a ground."""
        return next((each for each in self.extensions if each.ground == ground), None)

    @model_validator(mode="after")
    def _sound(self) -> "Track":
        grounds = [each.ground for each in self.extensions]
        if len(set(grounds)) < len(grounds):
            raise ValueError("extensions: more than one has the same ground")
        for each in self.extensions:
            if each.within <= self.answer.within:
                raise ValueError(f"extensions: {each.ground} must allow more than {self.answer.within}")
        return self


def _with_one_for_the_rest(tracks: tuple[Track, ...]) -> tuple[Track, ...]:
    if sum(not track.categories for track in tracks) != 1:
        raise ValueError("exactly one track must be without categories: it is for all other complaints")
    named = [category for track in tracks for category in track.categories]
    if len(set(named)) < len(named) or len({track.code for track in tracks}) < len(tracks):
        raise ValueError("a category or a code belongs to one track only")
    return tracks


class RuleSet(_Ruled):
    """The rules of one jurisdiction in one version; once a complaint carries its stamp, it never changes."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    """Its name in settings and stamps."""
    version: Version
    """The month or day from which it is in force."""
    name: Said
    source: Said
    """The law or handbook."""
    read: date | None = None
    """When the source was read; without it nobody has."""
    unverified: tuple[Said, ...] = ()
    """What was not read in a source, and is to be confirmed by whoever uses it."""
    calendar: Working
    tracks: Annotated[tuple[Track, ...], AfterValidator(_with_one_for_the_rest)]

    @property
    def stamp(self) -> str:
        """Name code and version, as a complaint carries them: `cn@2020-03`."""
        return f"{self.code}@{self.version}"

    @cached_property
    def in_force_from(self) -> date:
        """The day from which it is in force."""
        named = re.fullmatch(_DAY, self.version)
        return date.fromisoformat(self.version if named else f"{self.version}-01")

    def track(self, category: str | None) -> Track:
        """Return the rules for a category of complaints."""
        named = next((track for track in self.tracks if category in track.categories), None)
        return named or next(track for track in self.tracks if not track.categories)
