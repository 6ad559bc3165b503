"""The time limit of one complaint while facts come in: where it starts, what does not count, how it ends."""

from datetime import datetime
from typing import Literal, NamedTuple

from journey.calendars import Calendar
from journey.deadlines.facts import ClockFact
from journey.deadlines.limits import Pause, end_of, put_off
from journey.deadlines.telling import (
    NOT_BEFORE,
    NOT_BEYOND,
    NOT_GRANTED,
    NOT_PAUSED,
    NOT_TOLD,
    PAUSED_ALREADY,
    TOO_LATE,
    UNKNOWN_GROUND,
    UNPAUSABLE,
    WRONG_LEVEL,
    filled,
    listed,
)
from journey.rule_set import Extension, Limit, RuleSet, Track
from journey.words import Words

Ending = Literal["answered", "closed", "merged", "withdrawn"]


class Fault(NamedTuple):
    """What the rules hold against a fact."""

    field: str
    """The field of the event that is wrong; empty for the event as such."""
    says: Words


class Clock(NamedTuple):
    """One time limit as it stands after some facts."""

    rule_set: RuleSet
    track: Track
    limit: Limit
    """The limit of the answer, or of the answer to an appeal."""
    start: datetime
    """When its days begin to count."""
    pauses: tuple[Pause, ...] = ()
    paused_since: datetime | None = None
    extended: ClockFact | None = None
    """The last extension that counts."""
    missed_at: datetime | None = None
    """The end that passed without an answer; nothing undoes that."""
    stopped_at: datetime | None = None
    ending: Ending | None = None

    @property
    def calendar(self) -> Calendar:
        """The institution's calendar."""
        return self.rule_set.calendar.calendar

    def due(self, now: datetime) -> datetime:
        """Return when it ends; while it stands still, when it would if it went on now."""
        if self.missed_at is not None:
            return self.missed_at
        pauses = self._pauses(self.stopped_at or now)
        end = end_of(self.calendar, self.limit, self.start, pauses)
        if self.extended is None or self.extended.until is None:
            return end
        granted, unit = self.extended, self.limit.unit
        return max(end, put_off(self.calendar, unit, self.extended.until, pauses, granted.at))

    def latest(self, now: datetime, extension: Extension) -> datetime:
        """Return the latest end that an extension may give."""
        return end_of(self.calendar, self.limit, self.start, self._pauses(now), extension.within)

    def noticed(self, now: datetime) -> "Clock":
        """Return the clock as it stands at `now`: an end that has passed unanswered is missed for good."""
        if self.stopped_at is not None or self.paused_since is not None or self.missed_at is not None:
            return self
        due = self.due(now)
        return self._replace(missed_at=due) if is_late(now, due) else self

    def _pauses(self, now: datetime) -> tuple[Pause, ...]:
        if self.paused_since is None:
            return self.pauses
        return (*self.pauses, Pause(self.paused_since, max(now, self.paused_since)))


def is_late(moment: datetime, due: datetime) -> bool:
    """Tell whether a moment is after an end: the whole of its last second is in time."""
    return moment.replace(microsecond=0) > due


def faults(clock: Clock, fact: ClockFact) -> list[Fault]:
    """Return everything that the rules hold against an extension, a suspension or its end."""
    match fact.kind:
        case "extended":
            return _against_extension(clock, fact)
        case "suspended":
            return _against_suspension(clock, fact)
        case "resumed":
            wrong = [] if clock.paused_since else [Fault("", NOT_PAUSED)]
            return wrong + _untold(fact)
        case _:
            return []


def _against_extension(clock: Clock, fact: ClockFact) -> list[Fault]:
    track, wrong = clock.track, _untold(fact)
    extension = track.extension(fact.ground)
    if clock.limit is not track.answer or not track.extensions:
        return [Fault("ground", NOT_GRANTED), *wrong]
    if extension is None:
        grounds = listed(Words(each.ground, each.ground) for each in track.extensions)
        return [Fault("ground", filled(UNKNOWN_GROUND, known=grounds)), *wrong]
    if fact.level not in extension.levels:
        levels = listed(Words(each, each) for each in extension.levels)
        wrong.append(Fault("level", filled(WRONG_LEVEL, known=levels)))
    due, latest = clock.due(fact.at), clock.latest(fact.at, extension)
    if clock.missed_at is not None:
        wrong.append(Fault("new_due_at", filled(TOO_LATE, due=_shown(clock, due))))
    elif fact.until is None or fact.until <= due:
        wrong.append(Fault("new_due_at", filled(NOT_BEFORE, due=_shown(clock, due))))
    if fact.until is not None and is_late(fact.until, latest):
        wrong.append(Fault("new_due_at", filled(NOT_BEYOND, latest=_shown(clock, latest))))
    return wrong


def _against_suspension(clock: Clock, fact: ClockFact) -> list[Fault]:
    wrong = _untold(fact)
    if clock.track.suspension is None:
        wrong.append(Fault("cause", UNPAUSABLE))
    elif clock.paused_since is not None:
        wrong.append(Fault("", PAUSED_ALREADY))
    return wrong


def _untold(fact: ClockFact) -> list[Fault]:
    return [] if fact.told_at else [Fault("notice", NOT_TOLD)]


def _shown(clock: Clock, moment: datetime) -> Words:
    """Write a moment as the institution's clocks show it."""
    text = moment.astimezone(clock.calendar.zone).isoformat(timespec="seconds")
    return Words(text, text)
