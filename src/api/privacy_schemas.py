"""What the answers about a customer's privacy look like, for the OpenAPI description."""

from collections.abc import Mapping

from api.schemas import ANYTHING, INSTANT, TEXT, TRUTH, WHOLE, Schema


def _whole(**members: Schema) -> Schema:
    return {"type": "object", "required": list(members), "properties": members}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_ASKED = _or_null(_whole(request=TEXT, by=TEXT, basis=TEXT, at=INSTANT, jurisdiction=_or_null(TEXT)))
_CLASS = _whole(
    retention=TEXT,
    state={"enum": ["kept", "waiting", "erasing", "erased"]},
    because=_or_null(TEXT),
    until=_or_null(INSTANT),
    source=_or_null(TEXT),
    erased_at=_or_null(INSTANT),
)
_EVENT = _whole(
    version=WHOLE,
    type=TEXT,
    title=TEXT,
    says=TEXT,
    occurred_at=INSTANT,
    recorded_at=INSTANT,
    channel=_or_null(TEXT),
    case=_or_null(TEXT),
    data=ANYTHING,
)

PRIVACY_SCHEMAS: Mapping[str, Schema] = {
    "Privacy": _whole(
        customer=TEXT,
        state={"enum": ["active", "restricted", "erasing", "erased"]},
        state_name=TEXT,
        restriction=_ASKED,
        legal_hold=_ASKED,
        erasure=_ASKED,
        classes={"type": "array", "items": _CLASS},
        places={
            "type": "array",
            "items": _whole(name=TEXT, holds=TEXT, confirmed=TRUTH, obstacle=_or_null(TEXT)),
        },
    ),
    "Export": _whole(
        customer=TEXT,
        made_at=INSTANT,
        expires_at={
            **INSTANT,
            "description": "the service keeps no copy; whoever has one deletes it by then",
        },
        privacy_state=TEXT,
        current_state=ANYTHING,
        events={"type": "array", "items": _EVENT},
        reads={"type": "array", "items": {"$ref": "#/components/schemas/Read"}},
    ),
}
"""The components of the description, by name."""
