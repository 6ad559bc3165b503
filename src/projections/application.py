"""What is known of one application: the facts that its progress is told from, and how events change them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, assert_never

from journey import lifecycle
from journey.events import RecordedEvent
from journey.processes import StepStage
from journey.touchpoints.application import (
    ApplicationMaterialAdded,
    ApplicationResubmitted,
    ApplicationStarted,
    ApplicationSubmitted,
    ApplicationSupplemented,
    ApplicationTouchpoint,
    ApplicationWithdrawn,
)
from journey.touchpoints.delivery import (
    DeliveryCompleted,
    DeliveryDelayed,
    DeliveryFailed,
    DeliveryStarted,
    DeliveryStepCompleted,
    DeliveryTouchpoint,
)
from journey.touchpoints.offer import OfferTouchpoint
from journey.touchpoints.review import (
    ReviewApproved,
    ReviewMaterialsRequested,
    ReviewRejected,
    ReviewStarted,
    ReviewStepCompleted,
    ReviewTouchpoint,
)
from projections.moments import utc_text

ProgressTouchpoint = ApplicationTouchpoint | ReviewTouchpoint | DeliveryTouchpoint | OfferTouchpoint
"""Everything that can happen to an application."""
StepOutcome = Literal["passed", "failed", "waived"]
RoundOutcome = Literal["approved", "rejected", "withdrawn"]

_STAGES_OF_STATES: dict[str | None, StepStage] = {
    "submitted": "review",
    "in_review": "review",
    "supplementing": "review",
    "rejected": "review",
    "approved": "delivery",
    "delivering": "delivery",
    "delivered": "delivery",
    "failed": "delivery",
}


@dataclass(frozen=True, slots=True)
class CompletedStep:
    """One step that has its outcome."""

    step: str
    outcome: StepOutcome
    stage: StepStage
    by: str
    at: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One material that the reviewer still needs."""

    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason of a rejection, in the reviewer's words."""

    code: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Round:
    """One submission and what became of it."""

    submitted_at: str | None = None
    decided_at: str | None = None
    outcome: RoundOutcome | None = None
    may_resubmit: bool = False
    reasons: tuple[Objection, ...] = ()
    steps: tuple[CompletedStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """One offer, and how far it has got."""

    code: str
    status: str
    """The last part of the type of its latest event: `sent`, `accepted`."""
    amount: float | None
    at: str


@dataclass(frozen=True, slots=True)
class Promise:
    """The time promised for one step of a delivery."""

    step: str
    promised_at: str
    """In the time zone in which it was promised, like every promise to the customer."""


@dataclass(frozen=True, slots=True)
class Delay:
    """One announcement that a delivery takes longer."""

    at: str
    reason: str
    new_promise: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """How what was approved is carried out."""

    started_at: str
    plan: tuple[Promise, ...] = ()
    steps: tuple[CompletedStep, ...] = ()
    delays: tuple[Delay, ...] = ()
    completed_at: str | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """The facts of one application."""

    number: str
    customer: str
    opened_at: str
    updated_at: str
    since: str
    """When the present state began."""
    version: int = 0
    position: int = 0
    deviations: int = 0
    product: str | None = None
    process: str | None = None
    state: str | None = None
    last_open_state: str | None = None
    """How far it had got before it was closed."""
    reviewer: str | None = None
    materials: tuple[str, ...] = ()
    """Codes of what was handed in."""
    requests: tuple[Request, ...] = ()
    due_at: str | None = None
    rounds: tuple[Round, ...] = ()
    """The last one is the present one; none before the first submission."""
    offers: tuple[Proposal, ...] = ()
    delivery: Delivery | None = None

    @property
    def round(self) -> Round:
        """The present round, empty before the first submission."""
        return self.rounds[-1] if self.rounds else Round()

    @property
    def stage(self) -> StepStage:
        """The stage of the process that it is in, or was in when it was closed."""
        return stage_of_state(self.last_open_state if self.state == "withdrawn" else self.state)

    @property
    def is_open(self) -> bool:
        """Whether the institution or the customer still has something to do."""
        return not lifecycle.is_closed("application", self.state)

    @property
    def promised_finish(self) -> str | None:
        """The time by which delivery was last promised, None where nothing was."""
        if self.delivery is None:
            return None
        if self.delivery.delays:
            return self.delivery.delays[-1].new_promise
        promises = [promise.promised_at for promise in self.delivery.plan]
        return max(promises, key=datetime.fromisoformat, default=None)


def stage_of_state(state: str | None) -> StepStage:
    """Tell in which stage of its process an application in `state` is."""
    return _STAGES_OF_STATES.get(state, "application")


def evolve(application: Application | None, event: RecordedEvent) -> Application | None:
    """Return the application after an event."""
    touchpoint = event.touchpoint
    if event.case is None or not isinstance(touchpoint, ProgressTouchpoint):
        return application
    at = utc_text(event.occurred_at)
    before = application or Application(event.case, event.stream_id, opened_at=at, updated_at=at, since=at)
    return _moved(_with_content(before, touchpoint, event, at), event, at)


def _moved(application: Application, event: RecordedEvent, at: str) -> Application:
    state = lifecycle.next_state("application", application.state, event.type)
    is_closed = lifecycle.is_closed("application", state)
    return replace(
        application,
        state=state,
        last_open_state=application.last_open_state if is_closed else state,
        since=application.since if state == application.state else at,
        opened_at=min(application.opened_at, at),
        updated_at=max(application.updated_at, at),
        version=event.version,
        position=event.position,
        deviations=application.deviations + (event.deviation is not None),
    )


def _with_content(
    application: Application, touchpoint: ProgressTouchpoint, event: RecordedEvent, at: str
) -> Application:
    if isinstance(touchpoint, ApplicationTouchpoint):
        return _applied(application, touchpoint, event, at)
    if isinstance(touchpoint, ReviewTouchpoint):
        return _reviewed(application, touchpoint, at)
    if isinstance(touchpoint, DeliveryTouchpoint):
        return _delivered(application, touchpoint, at)
    if isinstance(touchpoint, OfferTouchpoint):
        return _offered(application, touchpoint, at)
    assert_never(touchpoint)


def _applied(
    application: Application, touchpoint: ApplicationTouchpoint, event: RecordedEvent, at: str
) -> Application:
    match touchpoint:
        case ApplicationStarted():
            return _for_product(application, touchpoint.product, event.process)
        case ApplicationMaterialAdded():
            return _handed_in(application, (touchpoint.material,))
        case ApplicationSubmitted():
            known = _for_product(application, touchpoint.product, event.process)
            decided = known.round.outcome is not None
            begun = _new_round(known) if decided or not known.rounds else known
            return _in_round(_handed_in(begun, touchpoint.materials), submitted_at=at)
        case ApplicationSupplemented():
            # Whoever names no material says that all that was asked for is there.
            asked = tuple(request.code for request in application.requests)
            return _handed_in(application, touchpoint.materials or asked)
        case ApplicationResubmitted():
            return _in_round(_handed_in(_new_round(application), touchpoint.materials), submitted_at=at)
        case ApplicationWithdrawn() if application.rounds:
            return _in_round(application, outcome="withdrawn", decided_at=at)
        case ApplicationWithdrawn():
            return application
        case _:
            assert_never(touchpoint)


def _reviewed(application: Application, touchpoint: ReviewTouchpoint, at: str) -> Application:
    match touchpoint:
        case ReviewStarted():
            return replace(_in_round(application), reviewer=touchpoint.reviewer)
        case ReviewStepCompleted(step=step, outcome=outcome, reviewer=reviewer, note=note):
            done = CompletedStep(step, outcome, "review", reviewer, at, note)
            return _in_round(application, steps=_with_step(application.round.steps, done))
        case ReviewMaterialsRequested():
            requests = tuple(Request(wanted.code, wanted.why) for wanted in touchpoint.materials)
            return replace(_in_round(application), requests=requests, due_at=touchpoint.due_at.isoformat())
        case ReviewApproved():
            return _in_round(application, outcome="approved", decided_at=at, reasons=())
        case ReviewRejected():
            reasons = tuple(Objection(reason.code, reason.explanation) for reason in touchpoint.reasons)
            may_resubmit = touchpoint.may_resubmit
            return _in_round(
                application, outcome="rejected", decided_at=at, reasons=reasons, may_resubmit=may_resubmit
            )
        case _:
            assert_never(touchpoint)


def _delivered(application: Application, touchpoint: DeliveryTouchpoint, at: str) -> Application:
    known = _in_round(application)
    before = known.delivery or Delivery(at)
    match touchpoint:
        case DeliveryStarted():
            plan = tuple(Promise(part.step, part.promised_at.isoformat()) for part in touchpoint.plan)
            return replace(known, delivery=replace(before, started_at=at, plan=plan))
        case DeliveryStepCompleted():
            done = CompletedStep(touchpoint.step, "passed", "delivery", touchpoint.by, at)
            return replace(known, delivery=replace(before, steps=_with_step(before.steps, done)))
        case DeliveryDelayed():
            delay = Delay(at, touchpoint.reason, touchpoint.new_promise.isoformat())
            return replace(known, delivery=replace(before, delays=(*before.delays, delay)))
        case DeliveryCompleted():
            return replace(known, delivery=replace(before, completed_at=at, failure=None))
        case DeliveryFailed():
            return replace(known, delivery=replace(before, failure=touchpoint.reason))
        case _:
            assert_never(touchpoint)


def _offered(application: Application, touchpoint: OfferTouchpoint, at: str) -> Application:
    before = next((offer for offer in application.offers if offer.code == touchpoint.offer), None)
    amount = before.amount if before is not None and touchpoint.amount is None else touchpoint.amount
    offer = Proposal(touchpoint.offer, touchpoint.type.removeprefix("offer."), amount, at)
    others = (known for known in application.offers if known.code != offer.code)
    return replace(application, offers=(*others, offer))


def _for_product(application: Application, product: str, process: str | None) -> Application:
    kept = application.process if product == application.product else None
    return replace(application, product=product, process=process or kept)


def _new_round(application: Application) -> Application:
    return replace(
        application,
        rounds=(*application.rounds, Round()),
        reviewer=None,
        requests=(),
        due_at=None,
        delivery=None,
    )


def _in_round(application: Application, **changes: Any) -> Application:
    """Change the present round; what happens before any submission was recorded begins the first one."""
    return replace(application, rounds=(*application.rounds[:-1], replace(application.round, **changes)))


def _handed_in(application: Application, codes: tuple[str, ...]) -> Application:
    requests = tuple(request for request in application.requests if request.code not in codes)
    return replace(
        application,
        materials=tuple(dict.fromkeys((*application.materials, *codes))),
        requests=requests,
        due_at=application.due_at if requests else None,
    )


def _with_step(steps: tuple[CompletedStep, ...], done: CompletedStep) -> tuple[CompletedStep, ...]:
    return (*(step for step in steps if step.step != done.step), done)
