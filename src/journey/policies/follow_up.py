"""Somebody looks into it when a customer is not satisfied."""

from collections.abc import Iterator

from journey.events import RecordedEvent
from journey.policies.configuration import Configuration
from journey.policies.customer import Customer
from journey.policies.policy import Cause, Wanted
from journey.touchpoints.complaint import ComplaintConfirmed
from journey.touchpoints.feedback import FeedbackFollowUpOpened, FeedbackSubmitted
from journey.touchpoints.ticket import TicketConfirmed


def follow_up(cause: Cause, customer: Customer, configuration: Configuration) -> Iterator[Wanted]:
    """Open a follow-up to a low score, or to an end that a customer confirms and is not satisfied with."""
    event = cause.event
    because = _because(event, configuration)
    if because is None:
        return
    handlers = configuration.feedback.handlers
    handler = handlers[cause.turn % len(handlers)]
    if event.type == FeedbackSubmitted.type:
        if customer.case(event.case, "submitted") is not None:
            yield Wanted(FeedbackFollowUpOpened(handler=handler, because=because), event.case)
        return
    yield Wanted(FeedbackFollowUpOpened(handler=handler, because=because, about=event.case))


def queue_of_follow_up(event: RecordedEvent, configuration: Configuration) -> str | None:
    """Name the queue of all follow-ups."""
    return "follow-ups" if _because(event, configuration) else None


def _because(event: RecordedEvent, configuration: Configuration) -> str | None:
    feedback = configuration.feedback
    match event.touchpoint:
        case FeedbackSubmitted(csat=csat, nps=nps, ces=ces):
            low = [
                f"csat {csat}" if csat is not None and csat <= feedback.csat else "",
                f"nps {nps}" if nps is not None and nps <= feedback.nps else "",
                f"ces {ces}" if ces is not None and ces >= feedback.ces else "",
            ]
            return ", ".join(filter(None, low)) or None
        case ComplaintConfirmed(satisfied=False):
            return "complaint closed, not satisfied"
        case TicketConfirmed(solved=False):
            return "ticket closed, not solved"
        case _:
            return None
