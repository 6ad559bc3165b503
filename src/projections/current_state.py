"""The current state of each customer: profile, open cases, last contact.

A row holds the state, which is put into words when somebody asks. Closed cases are counted there; each has a
row of its own in an archive, so that a customer's past makes no event dearer.
"""

from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa

from journey import lifecycle
from journey.erasure.states import Privacy
from journey.events import RecordedEvent
from journey.processes import Processes
from journey.touchpoints import STAFF_ONLY, TOUCHPOINTS
from journey.touchpoints.customer import Profile
from journey.touchpoints.touchpoint import Audience, CaseKind, Stage
from journey.vocabulary import CARE, CASE_KINDS
from journey.words import Language, Words
from projections import leaving
from projections.application import stage_of_state
from projections.customer import Care, ClosedCase, Contact, Customer, OpenCase, customer_of, evolve
from projections.metadata import METADATA, KeyText
from projections.names import channel_name, state_name
from projections.projection import Archive, Key, Projection, Row

CURRENT_STATE = sa.Table(
    "current_state",
    METADATA,
    sa.Column("build", sa.Integer, primary_key=True),
    sa.Column("stream_id", KeyText, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False, comment="the fields in their order, as JSON"),
)

CLOSED_CASES = sa.Table(
    "closed_cases",
    METADATA,
    sa.Column("build", sa.Integer, primary_key=True),
    sa.Column("number", KeyText, primary_key=True),
    sa.Column("stream_id", KeyText, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("case_state", sa.Text, nullable=False),
    sa.Column("product", sa.Text),
    sa.Index("closed_cases_of_customer", "build", "stream_id"),
)

_NONE: Mapping[str, ClosedCase | None] = {}
"""The closed cases at hand where none are."""
_STAGES: Mapping[CaseKind, Stage] = {
    "consultation": "consultation",
    "complaint": "complaint",
    "ticket": "service",
    "survey": "feedback",
}


def answer(state: str, language: Language, audience: Audience) -> bytes:
    """Say what is known of a customer, as the read API answers."""
    customer = _read(state)
    if audience == "customer":
        customer = _as_customers_know_it(customer)
    closed = customer.closed
    told = {
        "customer": customer.customer,
        "profile": customer.profile,
        "segment": customer.profile.get("segment"),
        "open_cases": [
            _open_case(number, case, language) for number, case in sorted(customer.open_cases.items())
        ],
        "closed_cases": {kind: closed[kind] for kind in lifecycle.CASE_KINDS if closed.get(kind)},
        "last_contact": _last_contact(customer.last_contact, language),
        "care": [_care(each, language) for each in customer.care],
        "channels": dict(sorted(customer.channels.items())),
        "events": customer.events,
        "deviations": customer.deviations,
        "first_seen_at": customer.first_seen_at,
        "aliases": customer.aliases,
        "privacy": customer.privacy.state if customer.privacy else "active",
        "version": customer.version,
        "position": customer.position,
    }
    if audience == "customer":
        del told["deviations"]
    else:
        told["risk"] = _risk(customer, language)
    return orjson.dumps(told)


def _as_customers_know_it(customer: Customer) -> Customer:
    shown, contact = Profile.customer_fields(), customer.last_contact
    return customer._replace(
        profile={name: value for name, value in customer.profile.items() if name in shown},
        last_contact=None if contact and contact.type in STAFF_ONLY else contact,
    )


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
        "says": contact.says.in_language(language),
    }


def _care(care: Care, language: Language) -> dict[str, Any]:
    return {**care._asdict(), "kind_name": CARE[care.kind].in_language(language)}


def _risk(customer: Customer, language: Language) -> dict[str, Any] | None:
    """Tell the risk of leaving; of whoever's data may not be used nothing is made up from it."""
    if customer.privacy is not None and customer.privacy.state != "active":
        return None
    return leaving.risk(customer.signals, customer.last_event_at or customer.first_seen_at, language)


def to_row(customer: Customer) -> Row:
    """Write the row of a customer."""
    return {
        "stream_id": customer.customer,
        "position": customer.position,
        "state": orjson.dumps(tuple(_put_away(customer)), default=_plain).decode(),
    }


def _plain(value: Any) -> Any:
    # The order of a set is another in each process.
    return sorted(value) if isinstance(value, frozenset) else tuple(value)


def from_row(row: Row) -> Customer:
    """Read the customer that a row was written from, with no closed case at hand."""
    return _read(row["state"])


def _read(state: str) -> Customer:
    customer = Customer(*orjson.loads(state))
    contact, privacy = customer.last_contact, customer.privacy
    return customer._replace(
        aliases=tuple(customer.aliases),
        open_cases={number: OpenCase(*case) for number, case in customer.open_cases.items()},
        last_contact=Contact(*contact[:-1], Words(*contact[-1])) if contact else None,
        care=tuple(Care(*each) for each in customer.care),
        privacy=privacy and Privacy(*privacy[:2], *map(frozenset, privacy[2:])),
    )


def _needed(customer: Customer, event: RecordedEvent) -> Key | None:
    return None if event.case in customer.open_cases else event.case


def _with_closed(customer: Customer, row: Row) -> Customer:
    case = ClosedCase(row["kind"], row["case_state"], row["product"])
    return customer._replace(closed_cases={**customer.closed_cases, row["number"]: case})


def _closed_rows(customer: Customer) -> Mapping[Key, Row | None]:
    return {
        number: case
        and {
            "number": number,
            "stream_id": customer.customer,
            "kind": case.kind,
            "case_state": case.state,
            "product": case.product,
        }
        for number, case in customer.closed_cases.items()
    }


def _put_away(customer: Customer) -> Customer:
    return customer._replace(closed_cases=_NONE) if customer.closed_cases else customer


ARCHIVE = Archive(
    table=CLOSED_CASES,
    key="number",
    needed=_needed,
    with_row=_with_closed,
    rows_of=_closed_rows,
    put_away=_put_away,
)
"""The closed cases: any of them may be opened again."""


def projection(processes: Processes) -> Projection[Customer]:
    """Return the projection, which tells the last contact in the words of its process."""
    return Projection(
        name="current_state",
        version=4,
        table=CURRENT_STATE,
        key="stream_id",
        key_of=customer_of,
        evolve=lambda customer, event: evolve(customer, event, processes),
        to_row=to_row,
        from_row=from_row,
        archive=ARCHIVE,
        answer=answer,
    )
