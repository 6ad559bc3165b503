"""Time limits as a policy sees them: under rule sets and process definitions, and without a clock."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from journey.deadlines import Deadline, explain
from journey.policies.case import Case
from journey.policies.configuration import Configuration
from journey.processes import Processes, Step, StepStage, current_step

_STAGES: Mapping[str | None, StepStage] = {
    "submitted": "review",
    "in_review": "review",
    "approved": "delivery",
    "delivering": "delivery",
}
"""By state of an application: the stage whose steps the institution is at."""


class StepLimit(NamedTuple):
    """Until when the step that runs is to be done."""

    due_at: datetime
    promised: bool
    """Whether the customer was told so, in a plan or with a delay; else it is what the process says."""


def deadline_of(case: Case, configuration: Configuration) -> Deadline | None:
    """Return how a complaint's time limit stood right after the last fact that it depends on.

    While nothing else happens, it ends when it was to end then: no clock is needed to tell. Raises
    `RulesUnknown` and `UnknownYear` as `explain` does: a time limit is never guessed.
    """
    last = max((fact.at for fact in case.facts), default=None)
    return explain(case.facts, configuration.rule_sets, as_of=last) if last is not None else None


def limit_of_step(case: Case, processes: Processes) -> StepLimit | None:
    """Return the limit of the step of an application that the institution is at, as work lists show it.

    A delay that was announced moves all that is to come. None where nobody has said how long it may take.
    """
    stage = _STAGES.get(case.state) if case.kind == "application" else None
    if stage is None or case.moved_at is None:
        return None
    definition = processes.by_stamp(case.process) if case.process else None
    step = current_step(definition, stage, case.steps) if definition else None
    promised = _promised(case, step) if stage == "delivery" else None
    if promised is not None:
        return StepLimit(promised, promised=True)
    begun_at = max(case.moved_at, case.stepped_at or case.moved_at)
    try:
        return StepLimit(begun_at + step.duration, promised=False) if step else None
    except OverflowError:  # the last years of the calendar leave no room for it
        return None


def _promised(case: Case, step: Step | None) -> datetime | None:
    if case.promised_at is not None:
        return case.promised_at
    of_step = case.plan.get(step.code) if step else None
    return of_step or max(case.plan.values(), default=None)
