"""What policies need to know of a customer: folded from the stream, pure, and nothing personal is in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from journey.events import RecordedEvent, Version
from journey.policies.case import Case, moved, opened
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.customer import Profile
from journey.touchpoints.feedback import FeedbackInvited
from journey.touchpoints.notification import NotificationRequested
from journey.touchpoints.touchpoint import Touchpoint
from journey.touchpoints.work import WorkScheduled
from journey.words import Language

LOGIC = 4
"""To be raised with every change of what `evolve` makes of events: customers are then folded anew."""
_NEW = Version(0)
_CLOSED_CASES = 20
"""So many cases that are over are remembered: for repeats, and for customers who come back to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """How one customer stands, as far as a policy decides by it."""

    version: Version = _NEW
    """The version of the stream that it was folded up to."""
    language: Language | None = None
    segment: str | None = None
    invited_at: datetime | None = None
    """When the customer was last asked for feedback."""
    cases: Mapping[str, Case] = field(default_factory=dict)
    """By number, in the order in which they were opened: those under way, and the latest of the others."""

    def case(self, number: str | None, state: str | None = None) -> Case | None:
        """Return a case, where `state` is given only while it is in that state."""
        case = self.cases.get(number or "")
        return case if case is not None and state in (None, case.state) else None


def evolve(customer: Customer, event: RecordedEvent, *, live: bool) -> Customer:
    """Return the customer after an event; `live` where it is acted upon, and not history.

    Raises `DamagedEvent` where the event cannot be read.
    """
    touchpoint = event.touchpoint
    customer = replace(customer, version=event.version)
    if isinstance(touchpoint, Profile):
        return replace(
            customer,
            language=touchpoint.language or customer.language,
            segment=touchpoint.segment or customer.segment,
        )
    if isinstance(touchpoint, FeedbackInvited):
        customer = replace(customer, invited_at=event.occurred_at)
    if event.case is None:
        return customer
    if touchpoint.case is not None:
        before = customer.cases.get(event.case) or opened(touchpoint.case, event)
        cases = {**customer.cases, event.case: moved(before, event, live=live)}
        return replace(customer, cases=_without_old(cases))
    known, item = customer.cases.get(event.case), _item(touchpoint)
    if known is not None and item is not None:
        given = replace(known, tasks={**known.tasks, item: event.occurred_at})
        return replace(customer, cases={**customer.cases, event.case: given})
    return customer


def to_text(customer: Customer) -> str:
    """Write a customer."""
    return _CUSTOMER.dump_json(customer, exclude_defaults=True).decode()


def from_text(text: str) -> Customer | None:
    """Read a customer; None where another version of the logic wrote it, and it cannot be read any more."""
    try:
        return _CUSTOMER.validate_json(text)
    except ValidationError:
        return None


_CUSTOMER = TypeAdapter(Customer)


def _item(touchpoint: Touchpoint) -> str | None:
    """Name what was given to staff, or what the customer was reminded of."""
    match touchpoint:
        case WorkScheduled():
            return touchpoint.item
        case NotificationRequested() if touchpoint.template not in TOUCHPOINTS:
            return touchpoint.template
        case _:
            return None


def _without_old(cases: Mapping[str, Case]) -> Mapping[str, Case]:
    over = [number for number, case in cases.items() if case.closed]
    forgotten = set(over[: max(0, len(over) - _CLOSED_CASES)])
    return {number: case for number, case in cases.items() if number not in forgotten} if forgotten else cases
