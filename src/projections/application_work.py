"""The place of an application on work lists: which step runs, who is at it, and until when."""

from datetime import datetime

from journey.processes import ProcessDefinition, Step, current_step
from projections.application import Application
from projections.application_prospect import turn
from projections.work import Due, Work, due, due_after


def work_of(application: Application, definition: ProcessDefinition | None) -> Work:
    """Return the place of an application, by the time limits of its process."""
    is_open = application.is_open
    step = _step(application, definition) if is_open else None
    return Work(
        turn=turn(application) if is_open else "nobody",
        team=application.team,
        handler=application.reviewer,
        step=step.code if step else None,
        channel=application.channel,
        product=application.product,
        category=None,
        opened_at=application.opened_at,
        since=application.since,
        due=due_of(application, step) if is_open else Due(),
    )


def due_of(application: Application, step: Step | None) -> Due:
    """Return the limit that runs: what was asked or promised, else as long as the process gives the step."""
    match application.state:
        case "draft":
            return Due()  # an applicant may take all the time there is
        case "supplementing":
            told = application.due_at
        case _:
            told = _promised(application, step)
    begun_at = datetime.fromisoformat(_step_since(application))
    if told is not None:
        return due(begun_at, datetime.fromisoformat(told))
    return due_after(begun_at, step.duration) if step is not None else Due()


def _step(application: Application, definition: ProcessDefinition | None) -> Step | None:
    if definition is None:
        return None
    delivery = application.delivery
    completed = {done.step for done in (*application.round.steps, *(delivery.steps if delivery else ()))}
    return current_step(definition, application.stage, completed)


def _promised(application: Application, step: Step | None) -> str | None:
    """Return by when the step was promised; a delay that was announced moves all that is to come."""
    delivery = application.delivery
    if delivery is None:
        return None
    if delivery.delays:
        return delivery.delays[-1].new_promise
    promised = (promise.promised_at for promise in delivery.plan if step and promise.step == step.code)
    return next(promised, application.promised_finish)


def _step_since(application: Application) -> str:
    """Return when the step that runs began: with the state, or when the step before it was done."""
    delivery = application.delivery
    done = delivery.steps if application.stage == "delivery" and delivery else application.round.steps
    ended = [step.at for step in done if step.stage == application.stage]
    return max(application.since, *ended) if ended else application.since
