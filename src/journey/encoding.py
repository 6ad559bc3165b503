"""What the log stores of an event, as bytes, and what makes two sendings the same event.

The stored bytes are a JSON object of the event's CloudEvents attributes and its `data` as it was sent. They
are written once and never rewritten: a digest over them stays true for ever.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from journey.events import Event, Position, RecordedEvent, Version
from journey.improvements import number_of
from journey.sealing.sealed_text import Place, placed
from journey.strict_json import canonical, encode
from journey.touchpoints import PERSONAL_FIELDS

_NO_TIME = datetime(1, 1, 1, tzinfo=UTC)


def to_state(event: Event, recorded_at: datetime, data: Mapping[str, Any] | None = None) -> bytes:
    """Write the bytes that the log stores for `event`, with sealed `data` in place of its own where given."""
    state: dict[str, Any] = {
        "id": event.id,
        "source": event.source,
        "time": event.time,
        "recordedtime": _in_full(recorded_at),
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
    state["data"] = event.data if data is None else data
    return encode(state)


@lru_cache(maxsize=4)
def _in_full(moment: datetime) -> str:
    """Write the moment of a commit, which all its events share."""
    return moment.isoformat(timespec="microseconds")


@lru_cache(maxsize=4)
def _moment(written: str) -> datetime:
    """Read what `_in_full` wrote."""
    return datetime.fromisoformat(written)


def from_state(stream_id: str, version: int, position: int, type_: str, state: bytes) -> RecordedEvent:
    """Read a stored event.

    Bytes that `to_state` did not write give an event that is marked as damaged, so that a reader of the whole
    log can go on with other customers' events; its content raises `DamagedEvent`.
    """
    try:
        stored = orjson.loads(state)
        time, recorded_at = stored["time"], _moment(stored["recordedtime"])
        if recorded_at.tzinfo is None or datetime.fromisoformat(time.upper()).tzinfo is None:
            raise ValueError("a time without its offset")  # noqa: TRY301  read as damaged, as all that is
        source, id_, data, attributes = (
            stored["source"],
            stored["id"],
            stored["data"],
            stored.get("attributes", {}),
        )
        if not (type(source) is type(id_) is str and type(data) is type(attributes) is dict):
            raise ValueError("not the state of an event")  # noqa: TRY301  as above
        if b"cjs1." in state and (personal := PERSONAL_FIELDS.get(type_)):
            data = placed(data, personal, Place(stream_id, version, source, id_, type_, ""))
        return RecordedEvent(
            stream_id,
            Version(version),
            Position(position),
            type_,
            source,
            id_,
            time,
            recorded_at,
            data,
            stored.get("schema", 1),
            # Improvements were recorded before they were cases: their streams have always told their numbers.
            stored.get("case") or number_of(stream_id),
            stored.get("channel"),
            attributes,
            stored.get("deviation"),
            stored.get("process"),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return damaged_event(stream_id, version, position, type_)


def damaged_event(stream_id: str, version: int, position: int, type_: str) -> RecordedEvent:
    """Return a stored event of which nothing is to be believed but its place in the log."""
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


def content_digest(event: Event, key: bytes | None = None) -> bytes:
    """Digest what the source told, apart from the case number: SHA-256 over canonical JSON; with a key HMAC.

    Of personal content the digest without a key would be a fingerprint to guess by, for ever.

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
    written = canonical(content)
    return hashlib.sha256(written).digest() if key is None else hmac.digest(key, written, "sha256")
