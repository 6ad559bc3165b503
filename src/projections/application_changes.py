"""How events change what is known of an application."""

from dataclasses import replace
from typing import Any, assert_never

from journey import lifecycle
from journey.events import RecordedEvent
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
from projections.application import (
    Application,
    CompletedStep,
    Delay,
    Delivery,
    Objection,
    Promise,
    Proposal,
    Request,
    Round,
)
from projections.moments import utc_text

ProgressTouchpoint = ApplicationTouchpoint | ReviewTouchpoint | DeliveryTouchpoint | OfferTouchpoint
"""Everything that can happen to an application."""


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
        case ApplicationWithdrawn():
            # A draft has no round that could end.
            return (
                _in_round(application, outcome="withdrawn", decided_at=at)
                if application.rounds
                else application
            )
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
