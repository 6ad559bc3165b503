"""The current state of each customer: profile, open cases, last contact."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import sqlalchemy as sa
from pydantic import TypeAdapter

from journey import lifecycle
from journey.events import RecordedEvent
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.application import ApplicationStarted, ApplicationSubmitted
from journey.touchpoints.consultation import ConsultationRequested
from journey.touchpoints.customer import CustomerAliasAdded, CustomerErased, Profile
from journey.touchpoints.ticket import TicketOpened
from journey.touchpoints.touchpoint import CaseKind, Stage, Touchpoint
from journey.vocabulary import CASE_KINDS
from journey.words import Language
from projections.application import stage_of_state
from projections.customers import customer_of
from projections.metadata import METADATA, KeyText
from projections.moments import utc_text
from projections.names import channel_name, state_name
from projections.projection import Projection, Row

CURRENT_STATE = sa.Table(
    "current_state",
    METADATA,
    sa.Column("build", sa.Integer, primary_key=True),
    sa.Column("stream_id", KeyText, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("body_en", sa.Text, nullable=False),
    sa.Column("body_zh", sa.Text, nullable=False),
)

_STAGES: Mapping[CaseKind, Stage] = {
    "consultation": "consultation",
    "complaint": "complaint",
    "ticket": "service",
    "survey": "feedback",
}


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


def evolve(customer: Customer | None, event: RecordedEvent) -> Customer:
    """Return the customer after an event."""
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
        last_contact=_latest_contact(before.last_contact, event, at),
    )
    return _with_case(_with_profile(counted, touchpoint), touchpoint, event, at)


def _counted(channels: dict[str, int], channel: str | None) -> dict[str, int]:
    return channels if channel is None else {**channels, channel: channels.get(channel, 0) + 1}


def _latest_contact(known: Contact | None, event: RecordedEvent, at: str) -> Contact | None:
    """Return the later of two contacts; of two at one time the one recorded later."""
    touchpoint = event.touchpoint
    is_contact = not (
        event.type.startswith(("notification.", "work.")) or event.channel == "system" or touchpoint.reserved
    )
    if not is_contact or (known is not None and known.at > at):
        return known
    return Contact(at, event.channel, event.type, (touchpoint.sentence("en"), touchpoint.sentence("zh")))


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


def answer(customer: Customer, language: Language) -> dict[str, Any]:
    """Say what is known of a customer, as the read API answers."""
    closed = Counter(case.kind for case in customer.closed_cases.values())
    return {
        "customer": customer.customer,
        "profile": customer.profile,
        "segment": customer.profile.get("segment"),
        "open_cases": [
            _open_case(number, case, language) for number, case in sorted(customer.open_cases.items())
        ],
        "closed_cases": {kind: closed[kind] for kind in lifecycle.CASE_KINDS if closed[kind]},
        "last_contact": _last_contact(customer.last_contact, language),
        "channels": dict(sorted(customer.channels.items())),
        "events": customer.events,
        "deviations": customer.deviations,
        "first_seen_at": customer.first_seen_at,
        "aliases": customer.aliases,
        "version": customer.version,
        "position": customer.position,
    }


def _open_case(number: str, case: OpenCase, language: Language) -> dict[str, Any]:
    stage = stage_of_state(case.state) if case.kind == "application" else _STAGES[case.kind]
    return {
        "number": number,
        "kind": case.kind,
        "kind_name": CASE_KINDS[case.kind].in_language(language),
        "state": case.state,
        "state_name": state_name(case.kind, case.state, language),
        "stage": stage,
        "since": case.since,
        "channel": case.channel,
        "product": case.product,
    }


def _last_contact(contact: Contact | None, language: Language) -> dict[str, Any] | None:
    if contact is None:
        return None
    return {
        "at": contact.at,
        "channel": contact.channel,
        "channel_name": channel_name(contact.channel, language),
        "type": contact.type,
        "title": TOUCHPOINTS[contact.type].title.in_language(language),
        "says": contact.says[0 if language == "en" else 1],
    }


def to_row(customer: Customer) -> Row:
    """Write the row of a customer."""
    return {
        "stream_id": customer.customer,
        "version": customer.version,
        "position": customer.position,
        "state": orjson.dumps(customer).decode(),
        "body_en": orjson.dumps(answer(customer, "en")).decode(),
        "body_zh": orjson.dumps(answer(customer, "zh")).decode(),
    }


_STATE = TypeAdapter(Customer)


def from_row(row: Row) -> Customer:
    """Read the customer that a row was written from."""
    return _STATE.validate_json(row["state"])


PROJECTION = Projection[Customer](
    name="current_state",
    version=1,
    table=CURRENT_STATE,
    key="stream_id",
    key_of=customer_of,
    evolve=evolve,
    to_row=to_row,
    from_row=from_row,
)
