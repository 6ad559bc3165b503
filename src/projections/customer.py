"""What is known of one customer, and how events change it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from journey import lifecycle
from journey.events import RecordedEvent
from journey.processes import Processes
from journey.touchpoints.application import ApplicationStarted, ApplicationSubmitted
from journey.touchpoints.consultation import ConsultationRequested
from journey.touchpoints.customer import CustomerAliasAdded, CustomerErased, Profile
from journey.touchpoints.ticket import TicketOpened
from journey.touchpoints.touchpoint import CaseKind, Touchpoint
from journey.words import Words
from projections.moments import utc_text

_NOT_CUSTOMERS = "improvement:"


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case of which the customer has something to expect."""

    kind: CaseKind
    state: str | None
    since: str
    """When the present state began."""
    channel: str | None
    """Where the case was opened."""
    product: str | None


@dataclass(frozen=True, slots=True)
class ClosedCase:
    """What is kept of a closed case, because it may be opened again."""

    kind: CaseKind
    state: str | None
    product: str | None


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact between the customer and the institution."""

    at: str
    channel: str | None
    type: str
    says: tuple[str, str]
    """What happened, in English and in Chinese."""


@dataclass(frozen=True, slots=True)
class Customer:
    """What is known of one customer."""

    customer: str
    first_seen_at: str
    version: int = 0
    position: int = 0
    events: int = 0
    deviations: int = 0
    profile: dict[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    open_cases: dict[str, OpenCase] = field(default_factory=dict)
    closed_cases: dict[str, ClosedCase] = field(default_factory=dict)
    channels: dict[str, int] = field(default_factory=dict)
    last_contact: Contact | None = None


def customer_of(event: RecordedEvent) -> str | None:
    """Return the customer that an event is about; None where its stream is not a customer's."""
    return None if event.stream_id.startswith(_NOT_CUSTOMERS) else event.stream_id


def evolve(customer: Customer | None, event: RecordedEvent, processes: Processes) -> Customer:
    """Return the customer after an event, told in the words of its process."""
    touchpoint, at = event.touchpoint, utc_text(event.occurred_at)
    before = customer or Customer(event.stream_id, at)
    counted = replace(
        before,
        first_seen_at=min(before.first_seen_at, at),
        version=event.version,
        position=event.position,
        events=before.events + 1,
        deviations=before.deviations + (event.deviation is not None),
        channels=_counted(before.channels, event.channel),
        last_contact=_latest_contact(before.last_contact, event, at, processes.names(event.process)),
    )
    return _with_case(_with_profile(counted, touchpoint), touchpoint, event, at)


def _counted(channels: dict[str, int], channel: str | None) -> dict[str, int]:
    return channels if channel is None else {**channels, channel: channels.get(channel, 0) + 1}


def _latest_contact(
    known: Contact | None, event: RecordedEvent, at: str, names: Mapping[str, Words]
) -> Contact | None:
    """Return the later of two contacts; of two at one time the one recorded later."""
    touchpoint = event.touchpoint
    is_contact = not (
        event.type.startswith(("notification.", "work.")) or event.channel == "system" or touchpoint.reserved
    )
    if not is_contact or (known is not None and known.at > at):
        return known
    says = (touchpoint.sentence("en", names), touchpoint.sentence("zh", names))
    return Contact(at, event.channel, event.type, says)


def _with_profile(customer: Customer, touchpoint: Touchpoint) -> Customer:
    match touchpoint:
        case Profile():
            fields = touchpoint.model_dump(mode="json", exclude_none=True)
            attributes = {**customer.profile.get("attributes", {}), **fields.pop("attributes")}
            return replace(customer, profile={**customer.profile, **fields, "attributes": attributes})
        case CustomerAliasAdded() if touchpoint.alias not in customer.aliases:
            return replace(customer, aliases=(*customer.aliases, touchpoint.alias))
        case CustomerErased():
            personal = Profile.personal_fields()
            kept = {name: value for name, value in customer.profile.items() if name not in personal}
            return replace(customer, profile=kept, aliases=())
        case _:
            return customer


def _with_case(customer: Customer, touchpoint: Touchpoint, event: RecordedEvent, at: str) -> Customer:
    kind, number = touchpoint.case, event.case
    if kind is None or number is None:
        return customer
    opened, closed = dict(customer.open_cases), dict(customer.closed_cases)
    before = opened.pop(number, None) or closed.pop(number, None) or ClosedCase(kind, None, None)
    state = lifecycle.next_state(kind, before.state, event.type)
    product = _product(touchpoint) or before.product
    if lifecycle.is_closed(kind, state):
        closed[number] = ClosedCase(kind, state, product)
    elif isinstance(before, OpenCase):
        since = before.since if state == before.state else at
        opened[number] = replace(before, state=state, since=since, product=product)
    else:
        opened[number] = OpenCase(kind, state, at, event.channel, product)
    return replace(customer, open_cases=opened, closed_cases=closed)


def _product(touchpoint: Touchpoint) -> str | None:
    match touchpoint:
        case ApplicationStarted() | ApplicationSubmitted() | ConsultationRequested() | TicketOpened():
            return touchpoint.product
        case _:
            return None
