"""How long the law wants personal data kept, as data: one file for each jurisdiction, checked at start."""

import importlib.resources
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from journey.definition_files import read_files
from journey.erasure.record import Asked, Record
from journey.errors import JourneyError
from journey.process_definition import Said
from journey.touchpoints.touchpoint import CLASSES, Code, Retention

Since = Literal["request", "last_case", "relation"]
"""What a time runs from: the request; the end of the last case; the last contact of any kind, cases over."""
Because = Literal["legal_hold", "case_open", "retention"]
"""What an erasure waits for."""
_FEBRUARY, _LEAP_DAY = 2, 29


class BadSchedule(JourneyError):
    """A file does not hold a lawful schedule of retention."""


class _Defined(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Keep(_Defined):
    """How long one class of data is kept."""

    retention: Retention
    since: Since
    years: Annotated[int, Field(ge=0, le=100)] = 0
    days: Annotated[int, Field(ge=0, le=36_600)] = 0
    source: Said
    """The rule that says so."""
    read: date | None = None
    """When the rule was read in its source; without it, nobody has verified it."""


class Schedule(_Defined):
    """The rules of one jurisdiction."""

    jurisdiction: Code
    name: Said
    keep: tuple[Keep, ...]

    @model_validator(mode="after")
    def _whole(self) -> "Schedule":
        named = sorted(each.retention for each in self.keep)
        if named != sorted(CLASSES):
            raise ValueError(f"keep: there must be one rule each for {', '.join(CLASSES)}")
        return self

    def rule(self, retention: Retention) -> Keep:
        """Return the rule of one class."""
        return next(each for each in self.keep if each.retention == retention)


def load_schedules(directory: Path | None = None) -> Mapping[str, Schedule]:
    """Read the shipped schedules, and the institution's own from `directory`, which replace them by name.

    A file is named `<jurisdiction>.toml`, in small letters. Raises `BadSchedule`, naming file and field.
    """
    shipped = importlib.resources.files("journey.erasure") / "schedules"
    schedules: dict[str, Schedule] = {}
    for folder in (shipped, *([directory] if directory else ())):
        for file, schedule in read_files(folder, Schedule, BadSchedule):
            if file.name != f"{schedule.jurisdiction.lower()}.toml":
                named = schedule.jurisdiction
                raise BadSchedule(f"{file}: jurisdiction: the file of {named} must be named after it")
            schedules[schedule.jurisdiction] = schedule
    return schedules


def due_at(
    schedule: Schedule, retention: Retention, record: Record, asked: Asked
) -> tuple[Because, datetime | None]:
    """Return what an erasure of a class waits for, and until when; None where nobody can tell."""
    rule = schedule.rule(retention)
    if record.held is not None:
        return "legal_hold", None
    if rule.since == "request":
        return "retention", later(asked.at, rule)
    if record.case_is_open():
        return "case_open", None
    ended = record.last_case_at if rule.since == "last_case" else record.last_at
    return "retention", later(ended or asked.at, rule)


def later(start: datetime, rule: Keep) -> datetime:
    """Return the moment at which a time that began at `start` is over."""
    year = start.year + rule.years
    if (start.month, start.day) == (_FEBRUARY, _LEAP_DAY) and not _is_leap(year):
        moved = start.replace(year=year, month=3, day=1)
    else:
        moved = start.replace(year=year)
    return moved + timedelta(days=rule.days)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
