"""What is known of one consultation, complaint, ticket or survey, and how events change it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from journey import lifecycle
from journey.deadlines import ClockFact, explain, fact_of
from journey.errors import RulesUnknown, UnknownYear
from journey.events import RecordedEvent
from journey.rule_sets import RuleSets
from journey.touchpoints import STAFF_ONLY, TOUCHPOINTS
from journey.touchpoints.touchpoint import CaseKind, Touchpoint
from journey.words import Words
from projections.case_facts import FOR_STAFF, HANDLED, with_facts
from projections.case_words import TURNS
from projections.moments import told_in_utc
from projections.timeline import actor

_NOTES = ("detail", "reason", "because")
"""The fields of touchpoints in which somebody says why, or what was done."""

# A row shall stay small: who wants more than the latest steps has the timeline of the case.
_STEPS = 50


class Limit(NamedTuple):
    """By when something is due; instants as the institution's clocks show them."""

    due_at: str
    warn_at: str | None
    """When to warn, where the rules say so."""


class Happened(NamedTuple):
    """One thing that happened to a case."""

    type: str
    at: str
    says: Words
    by: str | None
    note: str | None
    """Why, or what was done, in the words of whoever did it."""


class Case(NamedTuple):
    """The facts of one case."""

    kind: CaseKind
    number: str
    customer: str
    opened_at: str
    updated_at: str
    since: str
    """When the present state began."""
    version: int = 0
    position: int = 0
    deviations: int = 0
    state: str | None = None
    channel: str | None = None
    """Where the case was opened."""
    waited_s: float = 0.0
    """How long the customer has waited in all for somebody to take a question up, waits that run left out."""
    facts: Mapping[str, Any] = {}
    steps: tuple[Happened, ...] = ()
    """What happened last, in the order in which it was recorded."""
    steps_before: int = 0
    """How many steps are told by the timeline only."""
    clock: tuple[Mapping[str, Any], ...] = ()
    """The facts that the time limit of a complaint depends on."""
    limit: Limit | None = None
    """The limit that runs for the institution, by the rules that the case goes by."""

    @property
    def is_open(self) -> bool:
        """Whether the institution or the customer still has something to do."""
        return not lifecycle.is_closed(self.kind, self.state)


def evolve(case: Case | None, event: RecordedEvent, rules: RuleSets) -> Case | None:
    """Return the case after an event, with the limit that `rules` give it."""
    touchpoint = event.touchpoint
    kind = touchpoint.case
    if event.case is None or kind is None or event.type not in HANDLED:
        return case
    at = told_in_utc(event.time)
    before = case or Case(kind, event.case, event.stream_id, at, at, at, channel=event.channel)
    state = lifecycle.next_state(kind, before.state, event.type)
    steps = (*before.steps, _step(event, touchpoint, at))
    fact = fact_of(event) if kind == "complaint" else None
    after = Case(
        kind=before.kind,
        number=before.number,
        customer=before.customer,
        opened_at=min(before.opened_at, at),
        updated_at=max(before.updated_at, at),
        since=before.since if state == before.state else at,
        version=event.version,
        position=event.position,
        deviations=before.deviations + (event.deviation is not None),
        state=state,
        channel=before.channel,
        waited_s=before.waited_s + _waited(before, state, at),
        facts=with_facts(before.facts, touchpoint),
        steps=steps[-_STEPS:],
        steps_before=before.steps_before + max(0, len(steps) - _STEPS),
        clock=(*before.clock, fact.as_json()) if fact is not None else before.clock,
    )
    limit = limit_of(after, rules)
    return after if limit is None else after._replace(limit=limit)


def limit_of(case: Case, rules: RuleSets) -> Limit | None:
    """Return the limit that runs for the institution; None where it is not its turn, or time stands still.

    Of a complaint it follows from the rules that it was registered under; where those are not known, it is
    what the handler was told.
    """
    if TURNS.get((case.kind, case.state)) != "institution":
        return None
    told = case.facts.get("due_at")
    try:
        facts = [ClockFact.from_json(fact) for fact in case.clock]
        last = max((fact.at for fact in facts), default=None)
        deadline = explain(facts, rules, as_of=last) if last is not None else None
    except (RulesUnknown, UnknownYear, OverflowError):
        deadline = None
    if deadline is None:
        return Limit(told, None) if told is not None else None
    if deadline.status not in ("running", "missed"):
        return None
    warn_at = deadline.warn_at and deadline.warn_at.isoformat()
    return Limit(deadline.due_at.isoformat(), warn_at or deadline.due_at.isoformat())


def _step(event: RecordedEvent, touchpoint: Touchpoint, at: str) -> Happened:
    told = vars(touchpoint)
    note = next((said for name in _NOTES if (said := told.get(name)) is not None), None)
    return Happened(event.type, at, touchpoint.sentence(), actor(event, touchpoint), note)


def _waited(before: Case, state: str | None, at: str) -> float:
    """Return how long the wait took that ends with an event, in seconds; 0 where none ends."""
    if before.state != "waiting" or state == "waiting":
        return 0.0
    took = datetime.fromisoformat(at) - datetime.fromisoformat(before.since)
    return max(0.0, took.total_seconds())


def as_customers_know_it(case: Case) -> Case:
    """Return a case without who works on it, what staff wrote for staff, and steps customers are not told."""
    return case._replace(
        facts={name: value for name, value in case.facts.items() if (case.kind, name) not in FOR_STAFF},
        steps=tuple(_shown(step) for step in case.steps if step.type not in STAFF_ONLY),
    )


def _shown(step: Happened) -> Happened:
    hidden = TOUCHPOINTS[step.type].staff_only_fields()
    return step._replace(by=None, note=None if hidden.intersection(_NOTES) else step.note)
