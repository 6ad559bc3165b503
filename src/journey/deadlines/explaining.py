"""A complaint's deadline, explained step by step and recomputed for any moment, from its facts alone."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

from journey.calendars import moved_by_days, within_reach
from journey.deadlines import telling
from journey.deadlines.changes import CHANGES
from journey.deadlines.clock import Clock, is_late
from journey.deadlines.facts import ClockFact
from journey.deadlines.limits import end_of
from journey.deadlines.records import Deadline, Reached, Status, Step
from journey.deadlines.telling import filled, length
from journey.rule_set import Clause
from journey.rule_sets import RuleSets
from journey.words import Words


def explain(
    facts: Iterable[ClockFact], rules: RuleSets, *, as_of: datetime, known_at: datetime | None = None
) -> Deadline | None:
    """Return the deadline as it stood at `as_of`, from what was recorded by `known_at`; None before it began.

    Raises `RulesUnknown` where no rule set is known for it, `UnknownYear` where its days cannot be counted.
    """
    as_of = within_reach(as_of)
    clock, steps, counted = followed(facts, rules, as_of=as_of, known_at=known_at)
    if clock is None:
        return None
    _stand(clock, as_of, steps)
    clock = _passed(clock, as_of, steps)
    due, status = clock.due(as_of), _status(clock)
    running = status == "running"
    return Deadline(
        status=status,
        due_at=due,
        warn_at=moved_by_days(clock.calendar, due, -clock.limit.warn_days) if running else None,
        stopped_at=clock.stopped_at,
        rules=clock.rule_set.stamp,
        track=clock.track.code,
        milestones=tuple(_milestones(clock, counted, as_of)),
        steps=tuple(steps),
    )


def followed(
    facts: Iterable[ClockFact], rules: RuleSets, *, as_of: datetime, known_at: datetime | None = None
) -> tuple[Clock | None, list[Step], list[ClockFact]]:
    """Return the clock after the facts of that time, the steps to it, and the facts that count."""
    known = sorted((each for each in facts if _is_known(each, as_of, known_at)), key=_order)
    start = next((each for each in known if each.kind == "started"), None)
    steps: list[Step] = []
    if start is None:
        return None, steps, []
    rule_set = rules.rules_for(start.rules, start.at)
    track = rule_set.track(start.category)
    clock = Clock(rule_set, track, track.answer, start.at)
    _add_step(steps, clock, start, filled(telling.STARTED, limit=length(track.answer)), track.answer)
    # What is dated before the start, by a clock that was wrong, counts from the start.
    counted = [each._replace(at=max(each.at, start.at)) for each in known if each is not start]
    for fact in counted:
        clock = _after(_passed(clock, fact.at, steps), fact, steps)
    return clock, steps, counted


def _is_known(fact: ClockFact, as_of: datetime, known_at: datetime | None) -> bool:
    told = known_at is None or fact.recorded_at is None or fact.recorded_at <= known_at
    return told and fact.at <= as_of


def _order(fact: ClockFact) -> tuple[datetime, int]:
    return fact.at, sys.maxsize if fact.version is None else fact.version


def _passed(clock: Clock, now: datetime, steps: list[Step]) -> Clock:
    """Notice that the time is over, and say so once."""
    noticed = clock.noticed(now)
    if noticed is not clock and noticed.missed_at is not None:
        steps.append(Step("passed", noticed.missed_at, telling.MISSED, noticed.missed_at, 0))
    return noticed


def _after(clock: Clock, fact: ClockFact, steps: list[Step]) -> Clock:
    over = clock.stopped_at is not None
    if fact.kind == "started" or (over and fact.kind != "appealed"):
        return clock
    if fact.kind != "resumed":
        _stand(clock, fact.at, steps)
    changed, says, clause = CHANGES[fact.kind](clock, fact)
    _add_step(steps, changed, fact, says, clause)
    return changed


def _stand(clock: Clock, now: datetime, steps: list[Step]) -> None:
    """Say by how much the end has moved out while the time stood still."""
    due = clock.due(now)
    days = _days(clock, steps, due)
    if clock.paused_since is not None and clock.stopped_at is None and days:
        steps.append(Step("standing", now, telling.STANDING, due, days))


def _add_step(steps: list[Step], clock: Clock, fact: ClockFact, says: Words, clause: Clause | None) -> None:
    due = clock.due(fact.at)
    days = _days(clock, steps, due) if fact.kind != "appealed" else 0
    source, read = (clause.source, clause.read is not None) if clause else (None, False)
    steps.append(Step(fact.kind, fact.at, says, due, days, source, read=read, version=fact.version))


def _days(clock: Clock, steps: Sequence[Step], due: datetime) -> int:
    """Tell by how many days an end is later than that of the step before."""
    before = steps[-1].due_at if steps else due
    return (clock.calendar.date_of(due) - clock.calendar.date_of(before)).days


def _status(clock: Clock) -> Status:
    if clock.missed_at is not None:
        return "missed"
    if clock.stopped_at is not None:
        return "ended" if clock.ending in ("merged", "withdrawn") else "met"
    return "suspended" if clock.paused_since is not None else "running"


def _milestones(clock: Clock, facts: Iterable[ClockFact], as_of: datetime) -> Iterable[Reached]:
    """Tell how the milestones of the answer stand; an appeal has none."""
    if clock.limit is not clock.track.answer:
        return
    for each in clock.track.milestones:
        due = end_of(clock.calendar, each, clock.start, clock.pauses)
        reached = next((fact.at for fact in facts if fact.kind == each.met_by), None)
        late = is_late(reached or as_of, due)
        yield Reached(each.code, each.name, due, "missed" if late else "met" if reached else "running")
