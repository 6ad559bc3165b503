"""Examples and content types of `POST /v1/events` for the OpenAPI description; each works when pasted."""

from typing import Any

SUBMITTED: dict[str, Any] = {
    "specversion": "1.0",
    "id": "example-1",
    "source": "/channels/mobile",
    "type": "application.submitted",
    "subject": "customer-1",
    "time": "2026-11-20T10:15:00+08:00",
    "channel": "mobile",
    "data": {
        "product": "personal-loan",
        "amount": 200000,
        "currency": "CNY",
        "materials": ["identity_card", "income_proof"],
    },
}
"""An application, as a mobile app posts it."""
ASKED: dict[str, Any] = {
    "specversion": "1.0",
    "id": "example-2",
    "source": "/channels/mobile",
    "type": "consultation.requested",
    "subject": "customer-1",
    "time": "2026-11-20T10:20:00+08:00",
    "channel": "phone",
    "data": {"topic": "提前还款", "category": "loan", "question": "提前还款需要支付违约金吗？"},
}
"""A question by phone."""


def _content(example: Any, schema: dict[str, Any]) -> dict[str, Any]:
    return {"schema": schema, "examples": {"example": {"value": example}}}


_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "subject", "time"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string", "format": "uri-reference"},
        "type": {"type": "string", "description": "see /v1/event-types"},
        "subject": {"type": "string", "description": "the customer"},
        "time": {"type": "string", "format": "date-time"},
        "channel": {"type": "string"},
        "case": {"type": "string", "description": "the case number; opening events are given one"},
        "data": {"type": "object", "description": "the type's payload; its schema is in /v1/event-types"},
    },
}

POST_EVENTS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/cloudevents+json": _content(SUBMITTED, _EVENT),
            "application/json": _content({**ASKED, "id": "example-3"}, _EVENT),
            "application/cloudevents-batch+json": _content(
                [{**ASKED, "id": "example-4"}, {**SUBMITTED, "id": "example-5"}],
                {"type": "array", "items": _EVENT},
            ),
            "application/x-ndjson": {"schema": {"type": "string", "description": "one event per line"}},
        },
    },
    "responses": {
        "200": {"description": "a duplicate with its original answer, or the answer for a batch"},
        "201": {"description": "the event is in the log"},
        "207": {"description": "some events of the batch were refused"},
    },
}
"""What OpenAPI says of the request's bodies, which are read from raw bytes."""
