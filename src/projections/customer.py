"""What is known of one customer, and how events change it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from journey import lifecycle
from journey.erasure.states import Privacy, privacy_after
from journey.events import RecordedEvent
from journey.improvements import number_of
from journey.processes import Processes
from journey.touchpoints.care import CareContacted, CareKind, CareResponded
from journey.touchpoints.customer import CustomerAliasAdded, Profile
from journey.touchpoints.touchpoint import CaseKind, Touchpoint
from journey.words import Words
from projections import leaving
from projections.leaving import NOTHING_SEEN, Signals
from projections.moments import told_in_utc

_NO_CONTACT = ("notification.", "work.")

# More are told by the timeline.
_CARE = 20


class OpenCase(NamedTuple):
    """A case of which the customer has something to expect."""

    kind: CaseKind
    state: str | None
    since: str
    """When the present state began."""
    channel: str | None
    """Where the case was opened."""
    product: str | None


class ClosedCase(NamedTuple):
    """What is kept of a closed case, because it may be opened again."""

    kind: CaseKind
    state: str | None
    product: str | None


class Contact(NamedTuple):
    """One contact between the customer and the institution."""

    at: str
    channel: str | None
    type: str
    says: Words
    """What happened."""


class Care(NamedTuple):
    """One care activity, and what came of it."""

    kind: CareKind
    at: str | None
    """When the institution turned to the customer; None where only the reaction is known."""
    channel: str | None = None
    campaign: str | None = None
    response: str | None = None
    responded_at: str | None = None


class Customer(NamedTuple):
    """What is known of one customer."""

    customer: str
    first_seen_at: str
    version: int = 0
    position: int = 0
    events: int = 0
    deviations: int = 0
    profile: Mapping[str, Any] = {}
    aliases: tuple[str, ...] = ()
    open_cases: Mapping[str, OpenCase] = {}
    closed: Mapping[CaseKind, int] = {}
    """How many cases of each kind are closed."""
    channels: Mapping[str, int] = {}
    last_contact: Contact | None = None
    privacy: Privacy | None = None
    """How far the data is restricted or erased; None where it is neither."""
    closed_cases: Mapping[str, ClosedCase | None] = {}
    """Those closed cases that are at hand, by their numbers; None for one that was opened again."""
    last_event_at: str = ""
    """When the latest event happened."""
    care: tuple[Care, ...] = ()
    """The latest care activities, in the order in which they were recorded."""
    signals: Signals = NOTHING_SEEN
    """What speaks for and against staying."""


_Cases = tuple[Mapping[str, OpenCase], Mapping[CaseKind, int], Mapping[str, ClosedCase | None]]


def customer_of(event: RecordedEvent) -> str | None:
    """Return the customer that an event is about; None where its stream is not a customer's."""
    return event.stream_id if number_of(event.stream_id) is None else None


def evolve(customer: Customer | None, event: RecordedEvent, processes: Processes) -> Customer:
    """Return the customer after an event, told in the words of its process.

    Whether a case was closed before is told by the closed cases at hand: the case of the event must be there.
    """
    touchpoint, at = event.touchpoint, told_in_utc(event.time)
    before = customer or Customer(event.stream_id, at)
    profile, aliases = before.profile, before.aliases
    if touchpoint.stage == "profile":
        profile, aliases = _about_customer(before, touchpoint)
    open_cases, closed, closed_cases = before.open_cases, before.closed, before.closed_cases
    if touchpoint.case is not None and event.case is not None:
        open_cases, closed, closed_cases = _with_case(before, touchpoint, touchpoint.case, event, at)
    return Customer(
        customer=before.customer,
        first_seen_at=min(before.first_seen_at, at),
        version=event.version,
        position=event.position,
        events=before.events + 1,
        deviations=before.deviations + (event.deviation is not None),
        profile=profile,
        aliases=aliases,
        open_cases=open_cases,
        closed=closed,
        closed_cases=closed_cases,
        channels=_counted(before.channels, event.channel),
        last_contact=_latest_contact(before.last_contact, event, at, processes),
        privacy=privacy_after(before.privacy, touchpoint) if touchpoint.reserved else before.privacy,
        last_event_at=max(before.last_event_at, at),
        care=_with_care(before.care, event, at) if touchpoint.stage == "care" else before.care,
        signals=leaving.seen(before.signals, touchpoint, at),
    )


def _with_care(known: tuple[Care, ...], event: RecordedEvent, at: str) -> tuple[Care, ...]:
    """Return the care activities after one more, or after what came of the latest of its kind."""
    match event.touchpoint:
        case CareContacted(kind=kind, campaign=campaign):
            return (*known, Care(kind, at, event.channel, campaign))[-_CARE:]
        case CareResponded(kind=kind, response=response):
            for place in reversed(range(len(known))):
                if known[place].kind == kind and known[place].response is None:
                    answered = known[place]._replace(response=response, responded_at=at)
                    return (*known[:place], answered, *known[place + 1 :])
            return (*known, Care(kind, None, event.channel, None, response, at))[-_CARE:]
        case _:
            return known


def _counted(channels: Mapping[str, int], channel: str | None) -> Mapping[str, int]:
    return channels if channel is None else {**channels, channel: channels.get(channel, 0) + 1}


def _latest_contact(
    known: Contact | None, event: RecordedEvent, at: str, processes: Processes
) -> Contact | None:
    """Return the later of two contacts; of two at one time the one recorded later."""
    touchpoint = event.touchpoint
    is_contact = not (event.type.startswith(_NO_CONTACT) or event.channel == "system" or touchpoint.reserved)
    if not is_contact or (known is not None and known.at > at):
        return known
    return Contact(at, event.channel, event.type, event.sentence(processes.names(event.process)))


def _about_customer(customer: Customer, touchpoint: Touchpoint) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Return the profile and the aliases after an event about them."""
    match touchpoint:
        case Profile():
            fields = touchpoint.model_dump(mode="json", exclude_none=True)
            attributes = {**customer.profile.get("attributes", {}), **fields.pop("attributes")}
            return {**customer.profile, **fields, "attributes": attributes}, customer.aliases
        case CustomerAliasAdded():
            return customer.profile, tuple(dict.fromkeys((*customer.aliases, touchpoint.alias)))
        case _:
            return customer.profile, customer.aliases


def _with_case(
    customer: Customer, touchpoint: Touchpoint, kind: CaseKind, event: RecordedEvent, at: str
) -> _Cases:
    """Return the open cases, how many are closed, and the closed ones at hand after an event of a case."""
    number = str(event.case)
    opened, count, at_hand = dict(customer.open_cases), customer.closed, customer.closed_cases
    before = opened.pop(number, None)
    was_closed = at_hand.get(number) if before is None else None
    known = before or was_closed or ClosedCase(kind, None, None)
    state = lifecycle.next_state(kind, known.state, event.type)
    product = vars(touchpoint).get("product") or known.product
    if was_closed is not None:
        count = {**count, was_closed.kind: count[was_closed.kind] - 1}
        at_hand = {**at_hand, number: None}
    if lifecycle.is_closed(kind, state):
        count = {**count, kind: count.get(kind, 0) + 1}
        at_hand = {**at_hand, number: ClosedCase(kind, state, product)}
    elif before is not None:
        since = before.since if state == before.state else at
        opened[number] = OpenCase(before.kind, state, since, before.channel, product)
    else:
        opened[number] = OpenCase(kind, state, at, event.channel, product)
    return opened, count, at_hand
