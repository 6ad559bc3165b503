"""The customer is told of each change of an application's or complaint's state, and of each new promise."""

from collections.abc import Iterator

from journey.policies.configuration import Configuration
from journey.policies.customer import Customer
from journey.policies.policy import Cause, Wanted
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.notification import NotificationRequested

CHANGES = tuple(
    sorted(
        type_
        for type_, each in TOUCHPOINTS.items()
        if each.case in {"application", "complaint"}
        and not each.staff_only
        and any(move.target not in {None, move.source} for move in each.moves)
    )
)
"""The types that can change a state and that customers are told of; each is the name of its message."""

PROMISES = ("delivery.delayed",)
"""The types that give a new promise: customers are told of each, although no state changes."""


def notify_customer(cause: Cause, customer: Customer, configuration: Configuration) -> Iterator[Wanted]:
    """Ask for a message in the customer's language: of another state, or of a promise that still holds."""
    event = cause.event
    case = customer.case(event.case)
    if event.case is None or case is None or event.type in configuration.silent:
        return
    # What came into the same state once more since then has a message of its own.
    if event.version in case.entered.values() or (event.type in PROMISES and not case.closed):
        language = configuration.language(customer.language)
        yield Wanted(
            NotificationRequested(template=event.type, language=language, about=event.case), event.case
        )
