"""The current state of each customer: profile, open cases, last contact."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa
from pydantic import TypeAdapter

from journey import lifecycle
from journey.processes import Processes
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import CaseKind, Stage
from journey.vocabulary import CASE_KINDS
from journey.words import Language
from projections.application import stage_of_state
from projections.customer import Contact, Customer, OpenCase, customer_of, evolve
from projections.metadata import METADATA, KeyText
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


def projection(processes: Processes) -> Projection[Customer]:
    """Return the projection, which tells the last contact in the words of its process."""
    return Projection(
        name="current_state",
        version=1,
        table=CURRENT_STATE,
        key="stream_id",
        key_of=customer_of,
        evolve=lambda customer, event: evolve(customer, event, processes),
        to_row=to_row,
        from_row=from_row,
    )
