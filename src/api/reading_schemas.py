"""What answers about readings look like, for the OpenAPI description."""

from api.schemas import INSTANT, TEXT, TRUTH, WHOLE, Schema

_TEXTS: Schema = {"type": "array", "items": TEXT}

READING_SCHEMAS: dict[str, Schema] = {
    "Read": {
        "type": "object",
        "required": ["kind", "at"],
        "properties": {
            "kind": {"enum": ["read", "bulk"]},
            "at": INSTANT,
            "purpose": {**TEXT, "description": "why, as the caller said; without that the operation"},
            "operation": TEXT,
            "fields": {**_TEXTS, "description": "what was opened, each as `type.field`"},
            "by": {
                "enum": ["customer", "staff", "service"],
                "description": "told to customers, in place of `caller`",
            },
            "number": WHOLE,
            "customer": TEXT,
            "caller": TEXT,
            "own": {**TRUTH, "description": "customers read what is their own"},
            "scopes": _TEXTS,
            "request": {**TEXT, "description": "the same for all customers that one request was about"},
            "customers": {**WHOLE, "description": "of `bulk`: how many within an hour"},
            "link": {
                **TEXT,
                "description": "SHA-256 that chains the record to the one before, in hexadecimal",
            },
        },
    },
    "Found": {
        "type": "object",
        "required": ["items", "more"],
        "properties": {
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["customer", "matched"],
                    "properties": {
                        "customer": TEXT,
                        "matched": {
                            "type": "object",
                            "description": "by field: whether the value is the latest or one from before",
                            "additionalProperties": {"enum": ["current", "former"]},
                        },
                    },
                },
            },
            "more": {**TRUTH, "description": "whether there are more than these: name more fields"},
        },
    },
    "Reads": {
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/Read"}},
            "next": {"anyOf": [TEXT, {"type": "null"}]},
        },
    },
}
"""The components of the description that answers about readings refer to, by name."""
