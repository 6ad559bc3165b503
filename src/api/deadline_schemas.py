"""What the explanation of a deadline looks like, for the OpenAPI description."""

from typing import get_args

from api.schemas import INSTANT, TEXT, TRUTH, WHOLE, Schema
from journey.deadlines.records import Status


def _all(**members: Schema) -> Schema:
    return {"type": "object", "required": list(members), "properties": members}


def _maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


_STATUS: Schema = {"enum": list(get_args(Status))}

DEADLINE_SCHEMAS: dict[str, Schema] = {
    "Deadlines": _all(
        complaint=TEXT,
        customer=TEXT,
        as_of=INSTANT,
        as_known_at=_maybe(INSTANT),
        status=_STATUS,
        status_name=TEXT,
        due_at={**INSTANT, "description": "while it stands still: when it would end if it went on now"},
        warn_at=_maybe(INSTANT),
        stopped_at=_maybe(INSTANT),
        overdue={**TRUTH, "description": "the time is over, and there is still no answer"},
        rules=_all(
            stamp=TEXT,
            name=TEXT,
            source=TEXT,
            read=_maybe({"type": "string", "format": "date"}),
            unverified=_list(TEXT),
            track=TEXT,
            track_name=TEXT,
            time_zone=TEXT,
        ),
        milestones=_list(_all(code=TEXT, name=TEXT, due_at=INSTANT, status=_STATUS, status_name=TEXT)),
        steps=_list(
            _all(
                kind=TEXT,
                at=INSTANT,
                says=TEXT,
                due_at=INSTANT,
                days={**WHOLE, "description": "by how many calendar days it moved the end"},
                source=_maybe(TEXT),
                verified=_maybe(TRUTH),
                version=_maybe(WHOLE),
            )
        ),
    ),
}
"""The components of the description, by name."""
