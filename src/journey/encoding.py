"""What the log stores of an event, as bytes, and what makes two sendings the same event.

The stored bytes are a JSON object of the event's CloudEvents attributes and its `data` as it was sent. They
are written once and never rewritten: a digest over them stays true for ever.
"""

import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson

from journey.events import Event, Position, RecordedEvent, Version
from journey.strict_json import canonical, encode

_NO_TIME = datetime(1, 1, 1, tzinfo=UTC)


def to_state(event: Event, recorded_at: datetime) -> bytes:
    """Write the bytes that the log stores for `event`."""
    state: dict[str, Any] = {
        "id": event.id,
        "source": event.source,
        "time": event.time,
        "recordedtime": recorded_at.isoformat(timespec="microseconds"),
    }
    if event.case is not None:
        state["case"] = event.case
    if event.channel is not None:
        state["channel"] = event.channel
    if event.deviation is not None:
        state["deviation"] = event.deviation
    if event.process is not None:
        state["process"] = event.process
    if event.touchpoint.schema_version != 1:
        state["schema"] = event.touchpoint.schema_version
    if event.attributes:
        state["attributes"] = event.attributes
    state["data"] = event.data
    return encode(state)


def from_state(stream_id: str, version: int, position: int, type_: str, state: bytes) -> RecordedEvent:
    """Read a stored event.

    Bytes that `to_state` did not write give an event that is marked as damaged, so that a reader of the whole
    log can go on with other customers' events; its content raises `DamagedEvent`.
    """
    try:
        stored = _read(state)
        return RecordedEvent(
            stream_id=stream_id,
            version=Version(version),
            position=Position(position),
            type=type_,
            source=stored["source"],
            id=stored["id"],
            time=stored["time"],
            recorded_at=datetime.fromisoformat(stored["recordedtime"]),
            data=stored["data"],
            schema_version=stored.get("schema", 1),
            case=stored.get("case"),
            channel=stored.get("channel"),
            attributes=stored.get("attributes", {}),
            deviation=stored.get("deviation"),
            process=stored.get("process"),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return RecordedEvent(
            stream_id=stream_id,
            version=Version(version),
            position=Position(position),
            type=type_,
            source="",
            id="",
            time=_NO_TIME.isoformat(),
            recorded_at=_NO_TIME,
            data={},
            damaged=True,
        )


def _read(state: bytes) -> dict[str, Any]:
    stored: dict[str, Any] = orjson.loads(state)
    texts = (stored["source"], stored["id"], stored["time"].upper(), stored["recordedtime"])
    objects = (stored["data"], stored.get("attributes", {}))
    if not all(isinstance(text, str) for text in texts) or not all(
        isinstance(each, dict) for each in objects
    ):
        raise ValueError("not the state of an event")
    if any(datetime.fromisoformat(time).tzinfo is None for time in texts[2:]):
        raise ValueError("a time without its offset")
    return stored


def content_digest(event: Event) -> bytes:
    """Digest what the source told, apart from the case number: SHA-256 over canonical JSON.

    The order of keys and the way of sending (structured, binary, batched) do not count. The case number is
    left out because the service may have given it: whoever sends an event again, with the number it was
    answered or without, tells the same event.
    """
    content = {
        "source": event.source,
        "id": event.id,
        "type": event.type,
        "subject": event.stream_id,
        "time": event.time,
        "channel": event.channel,
        "attributes": event.attributes,
        "data": event.data,
    }
    return hashlib.sha256(canonical(content)).digest()
