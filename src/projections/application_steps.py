"""The steps of an application: which are done, which one runs, which are to come, and how far that is."""

from collections.abc import Iterator
from typing import Literal, NamedTuple, get_args

from journey.processes import ProcessDefinition, Step, StepStage
from journey.words import Language
from projections.application import Application, CompletedStep, Promise, StepOutcome

StepStatus = Literal["done", "current", "to_come", "failed", "skipped"]

_PLACES: dict[StepStage, int] = {stage: place for place, stage in enumerate(get_args(StepStage))}
_STATUS_OF_OUTCOMES: dict[StepOutcome, StepStatus] = {
    "passed": "done",
    "failed": "failed",
    "waived": "skipped",
}
_PERCENT_OF_STATES: dict[str | None, int] = {
    "submitted": 10,
    "in_review": 30,
    "supplementing": 30,
    "approved": 70,
    "delivering": 80,
}
"""How far an application is whose process nobody has defined."""


class StepProgress(NamedTuple):
    """One step of an application, and how it stands."""

    code: str
    stage: StepStage
    status: StepStatus
    definition: Step | None
    """None where the process definition does not know the step."""
    by: str | None
    at: str | None
    note: str | None
    promised_at: str | None

    def name(self, language: Language) -> str:
        """Name the step; an unknown one goes by its code."""
        return self.definition.name.in_language(language) if self.definition else self.code

    def owner(self, language: Language) -> str | None:
        """Name who is responsible, where that is known."""
        return self.definition.owner.in_language(language) if self.definition else None


def steps_of(application: Application, definition: ProcessDefinition | None) -> list[StepProgress]:
    """List the steps in the order of the process; those that the definition does not know end their stage."""
    completed = _completed(application)
    promised = {promise.step: promise.promised_at for promise in _plan(application)}
    steps = []
    current_found, present = not application.is_open, application.stage
    for code, stage, step in _planned(application, definition):
        done = completed.get(code)
        status = _status(application, stage, present, done)
        if status == "to_come" and stage == present and not current_found:
            status, current_found = "current", True
        at = done.at if done else _stage_done_at(application, stage) if status == "done" else None
        by, note = (done.by, done.note) if done else (None, None)
        steps.append(StepProgress(code, stage, status, step, by, at, note, promised.get(code)))
    return steps


def percent_done(
    application: Application, definition: ProcessDefinition | None, steps: list[StepProgress]
) -> int:
    """Tell how far an application is: the share of the defined steps that are settled.

    100 only when it is delivered; one that is closed otherwise keeps what it had reached in its last round.
    """
    if application.state == "delivered":
        return 100
    if definition is None:
        return _PERCENT_OF_STATES.get(application.last_open_state, 0)
    defined = [step for step in steps if step.definition is not None]
    settled = [step for step in defined if step.status in ("done", "failed", "skipped")]
    return min(99, 100 * len(settled) // len(defined))


def _completed(application: Application) -> dict[str, CompletedStep]:
    delivered = application.delivery.steps if application.delivery else ()
    return {step.step: step for step in (*application.round.steps, *delivered)}


def _plan(application: Application) -> Iterator[Promise]:
    yield from application.delivery.plan if application.delivery else ()


def _planned(
    application: Application, definition: ProcessDefinition | None
) -> list[tuple[str, StepStage, Step | None]]:
    known: dict[str, tuple[str, StepStage, Step | None]] = {}
    for step in definition.steps if definition else ():
        known[step.code] = (step.code, step.stage, step)
    for promise in _plan(application):
        known.setdefault(promise.step, (promise.step, "delivery", None))
    for done in _completed(application).values():
        known.setdefault(done.step, (done.step, done.stage, None))
    return sorted(known.values(), key=lambda step: _PLACES[step[1]])


def _status(
    application: Application, stage: StepStage, present: StepStage, done: CompletedStep | None
) -> StepStatus:
    if done is not None:
        return _STATUS_OF_OUTCOMES[done.outcome]
    is_passed = _PLACES[stage] < _PLACES[present]
    return "done" if is_passed or application.state == "delivered" else "to_come"


def _stage_done_at(application: Application, stage: StepStage) -> str | None:
    match stage:
        case "application":
            return application.round.submitted_at
        case "review":
            return application.round.decided_at
        case "delivery":
            return application.delivery.completed_at if application.delivery else None
