"""What is known of one improvement, and how events change it."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from journey import lifecycle
from journey.events import RecordedEvent
from journey.touchpoints.improvement import Improvement as Told
from journey.touchpoints.improvement import ImprovementAnnounced, ImprovementVerified
from journey.touchpoints.touchpoint import Channel, Stage
from journey.words import Words
from projections.case_words import Party
from projections.moments import told_in_utc
from projections.work import Due, Work, due


class Happened(NamedTuple):
    """One thing that happened to an improvement."""

    type: str
    at: str
    says: Words


class Figure(NamedTuple):
    """One figure before and after, as somebody recorded it; `n` is of how many it is made."""

    measure: str
    before: float
    after: float
    before_n: int | None
    after_n: int | None


class Improvement(NamedTuple):
    """The facts of one improvement."""

    number: str
    opened_at: str
    updated_at: str
    since: str
    """When the present state began."""
    state: str | None = None
    stage: Stage | None = None
    channel: Channel | None = None
    product: str | None = None
    plan: str | None = None
    expected_by: str | None = None
    """The day, and in `due` its end, where it was told last."""
    expected_effect: str | None = None
    due: Due = Due()
    answers: tuple[str, ...] = ()
    """The numbers of the complaints and surveys that it comes from."""
    steps: tuple[Happened, ...] = ()
    deviations: int = 0
    version: int = 0
    position: int = 0
    links: tuple[str, ...] = ()
    """Those of `answers` that have no rows of their own yet."""
    figures: tuple[Figure, ...] = ()
    """What was compared when the effect was judged."""
    conclusion: str | None = None


def evolve(improvement: Improvement | None, event: RecordedEvent, number: str) -> Improvement:
    """Return the improvement after an event; what is left out of an event stays as it was."""
    told, at = event.touchpoint, told_in_utc(event.time)
    before = improvement or Improvement(number, at, at, at)
    state = lifecycle.next_state("improvement", before.state, event.type)
    after = before._replace(
        opened_at=min(before.opened_at, at),
        updated_at=max(before.updated_at, at),
        since=before.since if state == before.state else at,
        state=state,
        steps=(*before.steps, Happened(event.type, at, told.sentence())),
        deviations=before.deviations + (event.deviation is not None),
        version=event.version,
        position=event.position,
    )
    if isinstance(told, Told):
        after = _with_content(after, told, event)
    if isinstance(told, ImprovementAnnounced):
        new = [case for case in dict.fromkeys(told.answers) if case not in after.answers]
        after = after._replace(answers=(*after.answers, *new), links=(*after.links, *new))
    if isinstance(told, ImprovementVerified):
        figures = tuple(
            Figure(each.measure, each.before, each.after, each.before_n, each.after_n)
            for each in told.figures
        )
        after = after._replace(figures=figures, conclusion=told.conclusion)
    return after


def turn_of(improvement: Improvement) -> Party:
    """Tell who holds the ball: the institution, until the effect is measured."""
    return "nobody" if lifecycle.is_closed("improvement", improvement.state) else "institution"


def work_of(improvement: Improvement) -> Work:
    """Return the place of an improvement on work lists; its category is the stage where it is felt."""
    return Work(
        turn=turn_of(improvement),
        team=None,
        handler=None,
        step=None,
        channel=improvement.channel,
        product=improvement.product,
        category=improvement.stage,
        opened_at=improvement.opened_at,
        since=improvement.since,
        # Measuring what came of it has no limit.
        due=improvement.due if improvement.state in ("announced", "in_progress") else Due(),
    )


def _with_content(improvement: Improvement, told: Told, event: RecordedEvent) -> Improvement:
    after = improvement._replace(
        stage=told.area.stage or improvement.stage,
        channel=told.area.channel or improvement.channel,
        product=told.area.product or improvement.product,
        plan=told.plan or improvement.plan,
        expected_effect=told.expected_effect or improvement.expected_effect,
    )
    if told.expected_by is None:
        return after
    return after._replace(expected_by=told.expected_by.isoformat(), due=_due(told.expected_by, event))


def _due(day: date, event: RecordedEvent) -> Due:
    """Return the end of a day, as the clocks of whoever told it show it."""
    try:
        end = datetime.combine(day + timedelta(days=1), time(), event.occurred_at.tzinfo)
    except OverflowError:  # the last day of the calendar has no day after it
        return Due()
    return due(event.occurred_at, end)
