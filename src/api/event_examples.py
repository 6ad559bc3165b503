"""Examples and content types of `POST /v1/events` for the OpenAPI description; each works when pasted."""

import json
from datetime import date
from typing import Any

from api.openapi import POST_PROBLEM_ANSWERS
from journey import case_numbers

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
    "id": "example-3",
    "source": "/channels/mobile",
    "type": "consultation.requested",
    "subject": "customer-1",
    "time": "2026-11-20T10:20:00+08:00",
    "channel": "phone",
    "data": {"topic": "提前还款", "category": "loan", "question": "提前还款需要支付违约金吗？"},
}
"""A question by phone."""
COMPLAINED: dict[str, Any] = {
    "specversion": "1.0",
    "id": "example-8",
    "source": "/channels/counter",
    "type": "complaint.registered",
    "subject": "customer-1",
    "time": "2026-11-20T11:00:00+08:00",
    "channel": "counter",
    "data": {
        "category": "fees",
        "severity": "normal",
        "description": "账户管理费重复扣收",
        "contact": "13800000000",
    },
}
"""A complaint at the counter."""
REPORTED: dict[str, Any] = {
    "specversion": "1.0",
    "id": "example-9",
    "source": "/channels/mobile",
    "type": "ticket.opened",
    "subject": "customer-1",
    "time": "2026-11-20T11:30:00+08:00",
    "channel": "mobile",
    "data": {
        "class": "complex",
        "product": "mobile-banking",
        "problem": "转账页面无法打开",
        "contact": "13800000000",
    },
}
"""A problem after the sale, reported in the app."""
RATED: dict[str, Any] = {
    "specversion": "1.0",
    "id": "example-10",
    "source": "/channels/web",
    "type": "feedback.submitted",
    "subject": "customer-1",
    "time": "2026-11-20T12:00:00+08:00",
    "channel": "web",
    "data": {"csat": 2, "comment": "等待时间太长"},
}
"""An opinion that nobody asked for."""

ANNOUNCED: dict[str, Any] = {
    "specversion": "1.0",
    "id": "example-11",
    "source": "/systems/quality",
    "type": "improvement.announced",
    "time": "2026-11-20T17:00:00+08:00",
    "data": {
        "area": {"stage": "consultation", "channel": "phone"},
        "plan": "午间增加座席",
        "expected_by": "2027-01-31",
        "expected_effect": "平均等待时间降至两分钟以内",
        "answers": [case_numbers.number("survey", RATED["source"], RATED["id"], date(2026, 11, 20))],
    },
}
"""What the institution does about it; the service gives the number."""


def _content(example: Any, schema: dict[str, Any]) -> dict[str, Any]:
    return {"schema": schema, "examples": {"example": {"value": example}}}


_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "time"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string", "format": "uri-reference"},
        "type": {"type": "string", "description": "see /v1/event-types"},
        "subject": {
            "type": "string",
            "description": "the customer; left out of an improvement that is to be given its number",
        },
        "time": {"type": "string", "format": "date-time"},
        "channel": {"type": "string"},
        "case": {"type": "string", "description": "the case number; opening events are given one"},
        "data": {"type": "object", "description": "the type's payload; its schema is in /v1/event-types"},
    },
}
_LINES = "".join(
    json.dumps({**event, "id": id_}, ensure_ascii=False) + "\n"
    for event, id_ in ((ASKED, "example-6"), (SUBMITTED, "example-7"))
)


def _answer(description: str, *names: str) -> dict[str, Any]:
    schemas = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _with_lines(answer: dict[str, Any]) -> dict[str, Any]:
    line = {"schema": {"$ref": "#/components/schemas/Item"}}
    return {**answer, "content": {**answer["content"], "application/x-ndjson": line}}


_ITEMS: dict[str, Any] = {"application/json": {"schema": {"$ref": "#/components/schemas/Items"}}}

POST_EVENTS: dict[str, Any] = {
    "parameters": [
        {
            "name": "If-Match",
            "in": "header",
            "description": "with one event: the version that the customer's stream is believed to be at",
            "schema": {"type": "string"},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/cloudevents+json": _content(SUBMITTED, _EVENT),
            "application/json": _content(ASKED, _EVENT),
            "application/cloudevents-batch+json": _content(
                [
                    {**ASKED, "id": "example-4"},
                    {**SUBMITTED, "id": "example-5"},
                    COMPLAINED,
                    REPORTED,
                    RATED,
                    ANNOUNCED,
                ],
                {"type": "array", "items": _EVENT},
            ),
            "application/x-ndjson": _content(
                _LINES, {"type": "string", "description": "one event per line; a line of answer for each"}
            ),
        },
    },
    "responses": {
        "200": _with_lines(
            _answer("a duplicate with its original answer, or the answer for several", "Appended", "Items")
        ),
        "207": _answer("some events of the batch were refused", "Items"),
        "422": {"content": _ITEMS},
        "503": {"content": _ITEMS},
        **{str(status): described for status, described in POST_PROBLEM_ANSWERS.items()},
    },
}
"""What OpenAPI says of the request's bodies, which are read from raw bytes."""
