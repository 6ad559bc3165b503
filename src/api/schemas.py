"""What answers look like, for the OpenAPI description; a test holds every answer to it."""

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
TRUTH: Schema = {"type": "boolean"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
_HASH: Schema = {"type": "string", "contentEncoding": "base64"}
ANYTHING: Schema = {"type": "object"}


def _maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _object(*, maybe: dict[str, Schema] | None = None, **members: Schema) -> Schema:
    """Return an object that has all of `members`, and perhaps some of `maybe`."""
    return {"type": "object", "required": list(members), "properties": {**members, **(maybe or {})}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _page(name: str) -> Schema:
    more = {**_maybe(TEXT), "description": "address of the next page; null on the last"}
    return _object(items=_list(_ref(name)), next=more, maybe={"stale": TRUTH})


_STAGED: dict[str, Schema] = {"stage": TEXT, "stage_name": TEXT}
_FOR_STAFF: Schema = {"description": "not told to customers"}
_PLACED: dict[str, Schema] = {"version": WHOLE, "position": WHOLE}

SCHEMAS: dict[str, Schema] = {
    "Problem": _object(
        type=TEXT,
        title=TEXT,
        status=WHOLE,
        detail=TEXT,
        instance=_maybe(TEXT),
        code=TEXT,
        retryable=TRUTH,
        errors=_list(_object(pointer=TEXT, detail=TEXT)),
    ),
    "Appended": _object(
        id=TEXT,
        customer=TEXT,
        type=TEXT,
        case=_maybe(TEXT),
        version=WHOLE,
        position=_maybe(WHOLE),
        duplicate=TRUTH,
        deviation=_maybe(TEXT),
        maybe={"valid": {**TRUTH, "description": "with `validate_only`"}},
    ),
    "Item": _object(
        index=WHOLE,
        id=_maybe(TEXT),
        status={"enum": ["accepted", "duplicate", "conflict", "rejected", "aborted"]},
        position=_maybe(WHOLE),
        version=_maybe(WHOLE),
        retryable=TRUTH,
        problem=_maybe(_ref("Problem")),
        maybe={"customer": TEXT, "case": _maybe(TEXT), "deviation": _maybe(TEXT)},
    ),
    "Items": _object(accepted=WHOLE, duplicate=WHOLE, rejected=WHOLE, items=_list(_ref("Item"))),
    "Limits": _object(
        max_event_bytes=WHOLE,
        max_batch_events=WHOLE,
        max_batch_bytes=WHOLE,
        max_depth=WHOLE,
        future_tolerance_seconds=NUMBER,
    ),
    "Event": {
        **_object(
            specversion={"const": "1.0"},
            type=TEXT,
            subject=TEXT,
            **_PLACED,
            maybe={
                "id": TEXT,
                "source": TEXT,
                "time": INSTANT,
                "recordedtime": INSTANT,
                "datacontenttype": TEXT,
                "case": TEXT,
                "channel": TEXT,
                "deviation": TEXT,
                "process": TEXT,
                "data": ANYTHING,
                "damaged": {**TRUTH, "description": "the stored event is not what was appended: see problem"},
                "problem": ANYTHING,
            },
        ),
        "additionalProperties": {"description": "attributes that the channel added"},
    },
    "Events": _page("Event"),
    "Customer": _object(
        customer=TEXT,
        profile=ANYTHING,
        segment=_maybe(TEXT),
        open_cases=_list(
            _object(
                number=TEXT,
                kind=TEXT,
                kind_name=TEXT,
                state=_maybe(TEXT),
                state_name=_maybe(TEXT),
                stage=TEXT,
                since=TEXT,
                channel=_maybe(TEXT),
                product=_maybe(TEXT),
            )
        ),
        closed_cases=ANYTHING,
        last_contact=_maybe(
            _object(
                at=INSTANT,
                channel=_maybe(TEXT),
                channel_name=_maybe(TEXT),
                type=TEXT,
                title=TEXT,
                says=TEXT,
            )
        ),
        care=_list(_ref("Care")),
        channels=ANYTHING,
        events=WHOLE,
        first_seen_at=INSTANT,
        aliases=_list(TEXT),
        privacy={"enum": ["active", "restricted", "erasing", "erased"]},
        **_PLACED,
        maybe={"stale": TRUTH, "deviations": _FOR_STAFF | WHOLE, "risk": _maybe(_ref("Risk")) | _FOR_STAFF},
    ),
    "TimelineItem": _object(
        **_PLACED,
        type=TEXT,
        title=TEXT,
        says=TEXT,
        **_STAGED,
        channel=_maybe(TEXT),
        channel_name=_maybe(TEXT),
        case=_maybe(TEXT),
        occurred_at=INSTANT,
        recorded_at=INSTANT,
        source=TEXT,
        id=TEXT,
        by=_maybe(TEXT),
        deviation=_maybe(TEXT),
        data=ANYTHING,
    ),
    "Timeline": _page("TimelineItem"),
    "Application": _object(
        number=TEXT,
        customer=TEXT,
        product=_maybe(TEXT),
        product_name=_maybe(TEXT),
        state=_maybe(TEXT),
        state_name=_maybe(TEXT),
        process=_maybe(TEXT),
        round=WHOLE,
        percent=WHOLE,
        opened_at=INSTANT,
        submitted_at=_maybe(INSTANT),
        updated_at=INSTANT,
        steps=_list(
            _object(
                code=TEXT,
                name=TEXT,
                stage=TEXT,
                owner=_maybe(TEXT),
                mind=_maybe(TEXT),
                takes=_maybe(TEXT),
                status=TEXT,
                by=_maybe(TEXT),
                at=_maybe(INSTANT),
                promised_at=_maybe(INSTANT),
                maybe={"note": TEXT},
            )
        ),
        materials=_object(checklist=_list(ANYTHING), missing=_list(ANYTHING), maybe={"due_at": INSTANT}),
        waiting_for=ANYTHING,
        due_at={**_maybe(INSTANT), "description": "by when whoever is waited for is to have acted"},
        rejection=_maybe(ANYTHING),
        rounds=_list(ANYTHING),
        offers=_list(ANYTHING),
        delivery=_maybe(ANYTHING),
        expected_finish=_maybe(INSTANT),
        next=TEXT,
        **_PLACED,
        maybe={"stale": TRUTH, "deviations": {**WHOLE, "description": "not told to customers"}},
    ),
    "Applications": _page("Application"),
    "EventType": _object(
        type=TEXT,
        title=TEXT,
        **_STAGED,
        case=_maybe(TEXT),
        lifecycle=_list(_object(**{"from": _maybe(TEXT), "to": _maybe(TEXT)})),
        opens_case=TRUTH,
        personal_fields=_list(TEXT),
        staff_only={**TRUTH, "description": "whether customers are not told that it happened"},
        staff_only_fields=_list(TEXT),
        reserved=TRUTH,
        schema_version=WHOLE,
        schema={"type": "object", "description": "JSON Schema 2020-12 of the data"},
    ),
    "EventTypes": _page("EventType"),
    "Process": _object(
        product=TEXT,
        version=TEXT,
        name=TEXT,
        summary=TEXT,
        materials_enforced=TRUTH,
        segments=_list(TEXT),
        steps=_list(_object(code=TEXT, stage=TEXT, name=TEXT, owner=TEXT, takes=TEXT, mind=TEXT)),
        materials=_list(_object(code=TEXT, name=TEXT, required=TRUTH, hint=TEXT)),
    ),
    "Processes": _page("Process"),
    "Projection": _object(
        name=TEXT,
        version=WHOLE,
        live_build=_maybe(WHOLE),
        position=WHOLE,
        lag=_maybe(NUMBER),
        parked=WHOLE,
        builds=_list(
            _object(
                build=WHOLE,
                version=WHOLE,
                status=TEXT,
                position=WHOLE,
                target=WHOLE,
                progress=NUMBER,
                created_at=INSTANT,
                error=_maybe(TEXT),
            )
        ),
        parked_customers=_list(
            _object(build=WHOLE, customer=TEXT, position=WHOLE, type=TEXT, error=TEXT, parked_at=INSTANT)
        ),
    ),
    "Projections": _page("Projection"),
    "Build": _object(name=TEXT, build=WHOLE, status=TEXT),
    "Retried": _object(name=TEXT, mended=WHOLE),
    "Inclusion": _object(
        checkpoint={**TEXT, "description": "a signed note"},
        index={**WHOLE, "description": "the event's place in the tree, from 0"},
        size={**WHOLE, "description": "the number of events in the tree"},
        hashes=_list(_HASH),
        event=_object(
            stream=TEXT,
            version=WHOLE,
            type=TEXT,
            state={
                **TEXT,
                "contentEncoding": "base64",
                "description": "the bytes exactly as they are stored",
            },
        ),
    ),
    "Consistency": _object(
        old=WHOLE,
        new=WHOLE,
        hashes=_list(_HASH),
        checkpoint={**_maybe(TEXT), "description": "the signed note of `new`, where one was signed"},
    ),
    "Alive": _object(status=TEXT),
    "Ready": _object(
        status=TEXT,
        maybe={"reason": TEXT, "lag": ANYTHING, "parked": ANYTHING, "policies": ANYTHING, "proof": TEXT},
    ),
}
"""The components of the description, by name."""


def answers(name: str, description: str, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """Describe the answer of a route: JSON with the shape called `name`."""
    content = {"application/json": {"schema": _ref(name)}}
    return {status: {"description": description, "content": content}}


def stream_of(description: str) -> dict[int | str, dict[str, Any]]:
    """Describe the answer of a route that sends server-sent events."""
    return {200: {"description": description, "content": {"text/event-stream": {"schema": TEXT}}}}


def note_of(description: str) -> dict[int | str, dict[str, Any]]:
    """Describe the answer of a route that sends a signed note."""
    return {200: {"description": description, "content": {"text/plain": {"schema": TEXT}}}}
