"""How a customer's data stands, as an answer; and their events, as a copy for them."""

from collections.abc import Sequence
from typing import Any

from journey.erasure.record import Asked, Record
from journey.erasure.sinks import SINKS, obstacle
from journey.erasure.steps import Desk
from journey.events import RecordedEvent
from journey.touchpoints import STAFF_ONLY
from journey.touchpoints.touchpoint import CLASSES, Audience, Retention
from journey.vocabulary import PRIVACY_STATES
from journey.words import Language


def told(
    desk: Desk, customer: str, record: Record, events: Sequence[RecordedEvent], language: Language
) -> dict[str, Any]:
    """Say what is restricted, held or erased, why and until when, and which places have confirmed it."""
    evidence = desk.evidence(customer, record, events)
    return {
        "customer": customer,
        "state": record.state,
        "state_name": PRIVACY_STATES[record.state].in_language(language),
        "restriction": _asked(record.restricted),
        "legal_hold": _asked(record.held),
        "erasure": _asked(record.wanted),
        "classes": [_class(desk, record, each, language) for each in CLASSES],
        "places": [
            {
                "name": sink.name,
                "holds": sink.holds.in_language(language),
                "confirmed": bool(record.begun) and sink.confirms(evidence),
                "obstacle": why.in_language(language) if (why := obstacle(sink, evidence)) else None,
            }
            for sink in SINKS
        ],
    }


def exported_event(event: RecordedEvent, language: Language, audience: Audience) -> dict[str, Any] | None:
    """Return an event as a copy tells it; None where it is not for this audience."""
    if audience == "customer" and event.type in STAFF_ONLY:
        return None
    touchpoint = event.touchpoint
    shown = touchpoint.customer_fields() if audience == "customer" else event.data.keys()
    return {
        "version": event.version,
        "type": event.type,
        "title": touchpoint.title.in_language(language),
        "says": touchpoint.sentence().in_language(language),
        "occurred_at": event.occurred_at,
        "recorded_at": event.recorded_at,
        "channel": event.channel,
        "case": event.case,
        "data": {name: value for name, value in event.data.items() if name in shown},
    }


def _class(desk: Desk, record: Record, retention: Retention, language: Language) -> dict[str, Any]:
    certificate = record.erased.get(retention)
    wait = desk.waiting(record).get(retention)
    state = (
        "erased" if certificate else "erasing" if retention in record.begun else "waiting" if wait else "kept"
    )
    jurisdiction = record.wanted.jurisdiction if record.wanted else None
    rule = desk.schedules[jurisdiction].rule(retention) if jurisdiction else None
    return {
        "retention": retention,
        "state": state,
        "because": wait.because if wait else None,
        "until": wait.until if wait else None,
        "source": rule.source.in_language(language) if rule else None,
        "erased_at": certificate.at if certificate else None,
    }


def _asked(asked: Asked | None) -> dict[str, Any] | None:
    return asked._asdict() if asked else None
