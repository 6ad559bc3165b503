"""How events change what is known of an application."""

from collections.abc import Callable, Mapping
from typing import Any, assert_never, get_args

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
from journey.touchpoints.touchpoint import Touchpoint
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
from projections.moments import told_in_utc


def evolve(application: Application | None, event: RecordedEvent) -> Application | None:
    """Return the application after an event."""
    touchpoint = event.touchpoint
    changed = _CHANGES.get(type(touchpoint))
    if event.case is None or changed is None:
        return application
    at = told_in_utc(event.time)
    before = application or Application(
        event.case, event.stream_id, opened_at=at, updated_at=at, since=at, channel=event.channel
    )
    return _moved(changed(before, touchpoint, event, at), event, at)


def _moved(application: Application, event: RecordedEvent, at: str) -> Application:
    state = lifecycle.next_state("application", application.state, event.type)
    is_closed = lifecycle.is_closed("application", state)
    return application._replace(
        state=state,
        last_open_state=application.last_open_state if is_closed else state,
        since=application.since if state == application.state else at,
        opened_at=min(application.opened_at, at),
        updated_at=max(application.updated_at, at),
        version=event.version,
        position=event.position,
        deviations=application.deviations + (event.deviation is not None),
    )


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


def _reviewed(
    application: Application, touchpoint: ReviewTouchpoint, _: RecordedEvent, at: str
) -> Application:
    match touchpoint:
        case ReviewStarted(team=team, reviewer=reviewer):
            return _in_round(application)._replace(team=team, reviewer=reviewer)
        case ReviewStepCompleted(step=step, outcome=outcome, reviewer=reviewer, note=note):
            done = CompletedStep(step, outcome, "review", reviewer, at, note)
            return _in_round(application, steps=_with_step(application.round.steps, done))
        case ReviewMaterialsRequested():
            requests = tuple(Request(wanted.code, wanted.why) for wanted in touchpoint.materials)
            return _in_round(application)._replace(requests=requests, due_at=touchpoint.due_at.isoformat())
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


def _delivered(
    application: Application, touchpoint: DeliveryTouchpoint, _: RecordedEvent, at: str
) -> Application:
    known = _in_round(application)
    before = known.delivery or Delivery(at)
    match touchpoint:
        case DeliveryStarted():
            plan = tuple(Promise(part.step, part.promised_at.isoformat()) for part in touchpoint.plan)
            return known._replace(delivery=before._replace(started_at=at, plan=plan))
        case DeliveryStepCompleted():
            done = CompletedStep(touchpoint.step, "passed", "delivery", touchpoint.by, at)
            return known._replace(delivery=before._replace(steps=_with_step(before.steps, done)))
        case DeliveryDelayed():
            delay = Delay(at, touchpoint.reason, touchpoint.new_promise.isoformat())
            return known._replace(delivery=before._replace(delays=(*before.delays, delay)))
        case DeliveryCompleted():
            return known._replace(delivery=before._replace(completed_at=at, failure=None))
        case DeliveryFailed():
            return known._replace(delivery=before._replace(failure=touchpoint.reason))
        case _:
            assert_never(touchpoint)


def _offered(application: Application, touchpoint: OfferTouchpoint, _: RecordedEvent, at: str) -> Application:
    before = next((offer for offer in application.offers if offer.code == touchpoint.offer), None)
    amount = before.amount if before is not None and touchpoint.amount is None else touchpoint.amount
    offer = Proposal(touchpoint.offer, touchpoint.type.removeprefix("offer."), amount, at)
    others = (known for known in application.offers if known.code != offer.code)
    return application._replace(offers=(*others, offer))


def _for_product(application: Application, product: str, process: str | None) -> Application:
    kept = application.process if product == application.product else None
    return application._replace(product=product, process=process or kept)


def _new_round(application: Application) -> Application:
    return application._replace(
        rounds=(*application.rounds, Round()),
        team=None,
        reviewer=None,
        requests=(),
        due_at=None,
        delivery=None,
    )


def _in_round(application: Application, **changes: Any) -> Application:
    """Change the present round; what happens before any submission was recorded begins the first one."""
    return application._replace(rounds=(*application.rounds[:-1], application.round._replace(**changes)))


def _handed_in(application: Application, codes: tuple[str, ...]) -> Application:
    requests = tuple(request for request in application.requests if request.code not in codes)
    return application._replace(
        materials=tuple(dict.fromkeys((*application.materials, *codes))),
        requests=requests,
        due_at=application.due_at if requests else None,
    )


def _with_step(steps: tuple[CompletedStep, ...], done: CompletedStep) -> tuple[CompletedStep, ...]:
    return (*(step for step in steps if step.step != done.step), done)


_Change = Callable[[Application, Any, RecordedEvent, str], Application]
# By the class itself: asking of each in turn whether it is an instance takes longer than all the rest.
_CHANGES: Mapping[type[Touchpoint], _Change] = {
    **dict.fromkeys(get_args(ApplicationTouchpoint), _applied),
    **dict.fromkeys(get_args(ReviewTouchpoint), _reviewed),
    **dict.fromkeys(get_args(DeliveryTouchpoint), _delivered),
    **dict.fromkeys(get_args(OfferTouchpoint), _offered),
}

HANDLED = frozenset(touchpoint.type for touchpoint in _CHANGES)
"""The types of events that can happen to an application."""
