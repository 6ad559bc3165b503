"""A consultation goes to the agents of the customer's segment, or first to an article with the answer."""

from collections.abc import Iterator
from datetime import timedelta

from journey.events import RecordedEvent
from journey.policies.configuration import Configuration
from journey.policies.customer import Customer
from journey.policies.policy import Appointment, Cause, Wanted
from journey.touchpoints.consultation import (
    ConsultationArticleOffered,
    ConsultationAssigned,
    ConsultationRequested,
)


def route_consultation(cause: Cause, customer: Customer, configuration: Configuration) -> Iterator[Wanted]:
    """Name a dedicated agent; else offer the article on the topic; else name whoever's turn it is."""
    told, number = cause.event.touchpoint, cause.event.case
    case = customer.case(number, "waiting")
    if not isinstance(told, ConsultationRequested) or case is None or case.handler is not None:
        return
    team = _team(customer, configuration)
    article = configuration.consultations.articles.get(told.topic)
    if article is not None and team == configuration.consultations.team:
        yield Wanted(ConsultationArticleOffered(article=article), number, "offer")
        return
    agent = configuration.member(team, cause.turn)
    yield Wanted(ConsultationAssigned(agent=agent, team=team), number, "assign")


def assign_reader(customer: Customer, configuration: Configuration) -> Iterator[Appointment]:
    """Name an agent for whoever was offered an article and still waits after some minutes."""
    patience = timedelta(minutes=configuration.consultations.patience_minutes)
    for number, case in customer.cases.items():
        if case.live and case.state == "waiting" and case.offered_at is not None and case.handler is None:
            team = _team(customer, configuration)
            # Who reads first waits in no queue; going by the version spreads them as well.
            agent = configuration.member(team, customer.version)
            wanted = Wanted(ConsultationAssigned(agent=agent, team=team), number, f"{number} offered")
            yield Appointment(case.offered_at + patience, wanted)


def queue_of_consultation(event: RecordedEvent, _: Configuration) -> str | None:
    """Name the queue: one for all, because what the event tells of the customer's segment may be old."""
    return "consultations" if isinstance(event.touchpoint, ConsultationRequested) else None


def _team(customer: Customer, configuration: Configuration) -> str:
    consultations = configuration.consultations
    return consultations.segments.get(customer.segment or "", consultations.team)
