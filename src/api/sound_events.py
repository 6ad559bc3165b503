"""Events that are as they should be, read with few steps: most are.

What is taken here, `cloudevents.read_event` would take just so; where anything needs a closer look nothing is
said, and that reading says what it is.
"""

from typing import Any

from pydantic import ValidationError

from api.event_attributes import (
    CHANNELS,
    MAX_LENGTHS,
    OWN,
    SOURCE,
    Faults,
    Reading,
    case_of,
    further_of,
    moment_of,
)
from journey.events import Event
from journey.improvements import STREAMS
from journey.touchpoints import TOUCHPOINTS, read_sent
from journey.touchpoints.touchpoint import SEALED

_WRITABLE = frozenset(type_ for type_, declared in TOUCHPOINTS.items() if not declared.reserved)
_MAX_ID, _MAX_SUBJECT, _MAX_SOURCE = (MAX_LENGTHS[name] for name in ("id", "subject", "source"))
_MEDIA_TYPES = (None, "application/json")


def sound_event(value: Any, reading: Reading) -> Event | None:
    """Read an event of which nothing is to be said; None where something may be."""
    if type(value) is not dict:
        return None
    get = value.get
    id_, source, type_, subject, time = get("id"), get("source"), get("type"), get("subject"), get("time")
    data, channel = get("data"), get("channel")
    if not (
        get("specversion") == "1.0"
        and type(id_) is type(source) is type(type_) is type(subject) is type(time) is str
        and type(data) is dict
        and type_ in _WRITABLE
        and _is_plain(id_, _MAX_ID)
        and _is_plain(subject, _MAX_SUBJECT)
        and len(source) <= _MAX_SOURCE
        and SOURCE.fullmatch(source)
        and (channel is None or channel in CHANNELS)
        and get("datacontenttype") in _MEDIA_TYPES
        and get("data_base64") is None
        and not type_.startswith("improvement.")
        and not subject.startswith(STREAMS)
    ):
        return None
    faults: Faults = []
    case = case_of(value, faults)
    occurred_at = moment_of(time, reading, faults)
    further = {} if value.keys() <= OWN else further_of(value, faults)
    if faults or occurred_at is None:
        return None
    try:
        touchpoint = read_sent(type_, data)
    except ValidationError:
        return None
    looks_sealed = SEALED in id_ or SEALED in subject or SEALED in source or SEALED in str(further or "")
    if touchpoint is None or looks_sealed:
        return None
    return Event(source, id_, subject, touchpoint, data, time, occurred_at, case, channel, further)


def _is_plain(text: str, longest: int) -> bool:
    return 0 < len(text) <= longest and text.isascii() and text.isprintable() and text == text.strip()
