"""Who gave up waiting on the phone is called back."""

from collections.abc import Iterator

from journey.policies.configuration import Configuration
from journey.policies.customer import Customer
from journey.policies.policy import Cause, Wanted
from journey.touchpoints.notification import NotificationRequested
from journey.touchpoints.work import WorkScheduled

CALL = "consultation.call-back"
"""The item by which a team is told, and the message that offers it to the customer."""


def call_back(cause: Cause, customer: Customer, configuration: Configuration) -> Iterator[Wanted]:
    """Give an abandoned call to the team that calls back, and tell the customer, unless they came again."""
    number = cause.event.case
    case, consultations = customer.case(number, "abandoned"), configuration.consultations
    if number is None or case is None or case.channel not in consultations.call_back_channels:
        return
    if any(
        each.kind == "consultation" and each.opened_at > case.opened_at for each in customer.cases.values()
    ):
        return
    language = configuration.language(customer.language)
    yield Wanted(WorkScheduled(item=CALL, team=consultations.call_back), number, "call")
    yield Wanted(NotificationRequested(template=CALL, language=language, about=number), number, "tell")
