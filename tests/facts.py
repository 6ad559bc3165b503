"""Short ways to write events in tests."""

import itertools
from datetime import UTC, datetime
from typing import Any

import orjson

from journey.events import Event
from journey.touchpoints import TOUCHPOINTS

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
_ids = itertools.count(1)


def event(
    type_: str,
    data: dict[str, Any] | None = None,
    *,
    customer: str = "C1",
    id: str | None = None,  # noqa: A002  # CloudEvents' word
    source: str = "/channels/test",
    case: str | None = None,
    channel: str | None = "web",
    at: datetime = NOON,
    **attributes: str,
) -> Event:
    """Return an event as the HTTP edge hands it to the writer; its id is new where none is given."""
    data = data or {}
    return Event(
        source=source,
        id=id or f"e{next(_ids)}",
        stream_id=customer,
        touchpoint=TOUCHPOINTS[type_].model_validate_json(orjson.dumps(data)),
        data=data,
        time=at.isoformat(),
        occurred_at=at,
        case=case,
        channel=channel,
        attributes=attributes,
    )


def visit(customer: str = "C1", **further: Any) -> Event:
    """Return an event that is always lawful."""
    return event(
        "interaction.recorded", {"touchpoint": "app.login", "action": "login"}, customer=customer, **further
    )


def submitted(customer: str = "C1", product: str = "personal-loan", **further: Any) -> Event:
    """Return an application."""
    data = {"product": product, "amount": 100000, "currency": "CNY", "materials": ["identity_card"]}
    return event("application.submitted", data, customer=customer, **further)


def cloudevent(type_: str = "interaction.recorded", data: Any = None, **attributes: Any) -> dict[str, Any]:
    """Return a CloudEvent as a channel posts it; attributes that are None are left out."""
    if data is None:
        data = {"touchpoint": "app.login", "action": "login"}
    whole = {
        "specversion": "1.0",
        "id": f"ce{next(_ids)}",
        "source": "/channels/test",
        "type": type_,
        "subject": "C1",
        "time": "2026-11-20T12:00:00Z",
        "channel": "web",
        "data": data,
        **attributes,
    }
    return {name: value for name, value in whole.items() if value is not None}
