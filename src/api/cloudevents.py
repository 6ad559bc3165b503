"""CloudEvents in: from JSON to an `Event`, with every bad attribute and every bad field named at once."""

import difflib
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from api.event_attributes import (
    REQUIRED,
    Faults,
    Reading,
    case_of,
    channel_of,
    check_media_type,
    check_source,
    check_specversion,
    fault,
    further_of,
    moment_of,
    text_of,
)
from api.field_errors import MAX_ERRORS, FieldError, fault_errors, field_errors, pointer
from api.improvement_subjects import placed, with_subject
from api.problems import Problem, ProblemCode
from api.sound_events import sound_event
from journey.events import Event
from journey.strict_json import StrictJSONError, encode, parse
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import SEALED, Touchpoint
from journey.words import Words

_LOOKS_SEALED = Words(
    f"The service itself writes “{SEALED}…” for sealed data; text must not contain it.",
    f"“{SEALED}…”为系统加密数据的专用标记，文本中不得包含。",
)


def read_event(value: Any, reading: Reading, unreadable: Sequence[FieldError] = ()) -> Event:
    """Read one event; raise a `Problem` that names every bad attribute and every bad field of its data.

    `unreadable` is what is already known to be wrong, of attributes that could not be decoded.
    """
    event = None if unreadable else sound_event(value, reading)
    return event or read_carefully(value, reading, unreadable)


def read_carefully(value: Any, reading: Reading, unreadable: Sequence[FieldError] = ()) -> Event:
    """Read one event attribute by attribute, as `read_event` does where something may be wrong with it."""
    if not isinstance(value, dict):
        raise Problem("invalid-event", errors=(FieldError("#", _not_an_object(value)),))
    faults: Faults = []
    value = with_subject(value)
    texts = {name: text_of(value, name, faults) for name in REQUIRED}
    check_specversion(value, faults)
    check_source(texts["source"], faults)
    check_media_type(value, faults)
    channel, case = channel_of(value, faults), case_of(value, faults)
    occurred_at = moment_of(texts["time"], reading, faults)
    attributes = further_of(value, faults)
    data = _data(value, reading, faults)
    touchpoint = _touchpoint(texts["type"], data, faults)
    if touchpoint is not None and texts["subject"] is not None:
        case = placed(touchpoint, texts["subject"], case, faults)
    faults.extend(FieldError(pointer("#", path), _LOOKS_SEALED) for path in _sealed_looking(value))
    if faults or unreadable:
        raise Problem(_code(texts["type"]), errors=_once(unreadable, faults))
    assert touchpoint is not None  # noqa: S101  # each of these leaves a fault where it is missing
    assert occurred_at is not None  # noqa: S101  # as above
    return Event(
        source=texts["source"] or "",
        id=texts["id"] or "",
        stream_id=texts["subject"] or "",
        touchpoint=touchpoint,
        data=data,
        time=texts["time"] or "",
        occurred_at=occurred_at,
        case=case,
        channel=channel,
        attributes=attributes,
    )


def _not_an_object(value: Any) -> Words:
    if isinstance(value, list):
        return Words(
            "An event is a JSON object; several go as application/cloudevents-batch+json.",
            "一个事件须为一个 JSON 对象；多个事件请使用 application/cloudevents-batch+json。",
        )
    return Words("An event is a JSON object.", "一个事件须为一个 JSON 对象。")


def _code(type_: str | None) -> ProblemCode:
    if type_ is None:
        return "invalid-event"
    declared = TOUCHPOINTS.get(type_)
    if declared is None:
        return "unknown-event-type"
    return "reserved-type" if declared.reserved else "invalid-event"


def _once(unreadable: Sequence[FieldError], faults: Faults) -> list[FieldError]:
    """Leave out what follows from an attribute that could not be decoded, such as that it is missing."""
    pointers = {error.pointer for error in unreadable}
    return [*unreadable, *(error for error in faults if error.pointer not in pointers)][:MAX_ERRORS]


def _data(value: Mapping[str, Any], reading: Reading, faults: Faults) -> Any:
    """Return the payload; JSON that was sent as base64 means the same as JSON that was sent plainly."""
    plain, encoded = value.get("data"), value.get("data_base64")
    if encoded is None:
        return {} if plain is None else plain
    if plain is not None:
        faults.append(
            fault("data_base64", Words("Send either data or data_base64.", "不能与 data 同时填写。"))
        )
        return plain
    try:
        # One level less, as data that were sent plainly stand inside of their event.
        return parse(b64decode(encoded, validate=True), max_depth=reading.settings.max_depth - 1)
    except (TypeError, ValueError):
        faults.append(fault("data_base64", Words("This must be base64.", "须为 base64 编码。")))
    except StrictJSONError as error:
        faults.extend(
            FieldError(f"#/data_base64{found.pointer[1:]}", found.detail)
            for found in fault_errors(error.faults)
        )
    return None


def _touchpoint(type_: str | None, data: Any, faults: Faults) -> Touchpoint | None:
    declared = _declared(type_, faults) if type_ is not None else None
    if declared is None or data is None:
        return None
    if not isinstance(data, dict):
        faults.append(fault("data", Words("This must be a JSON object.", "此处应为 JSON 对象。")))
        return None
    try:
        return declared.model_validate_json(encode(data))
    except ValidationError as error:
        faults.extend(field_errors(error, "#/data"))
        return None


def _declared(type_: str, faults: Faults) -> type[Touchpoint] | None:
    declared = TOUCHPOINTS.get(type_)
    if declared is None:
        faults.append(fault("type", _unknown(type_)))
    elif declared.reserved:
        faults.append(fault("type", Words("Only the service writes this type.", "该类型只能由系统写入。")))
        return None
    return declared


def _unknown(type_: str) -> Words:
    near = difflib.get_close_matches(type_, TOUCHPOINTS, n=1)
    hint = Words(f" Did you mean {near[0]}?", f"是否应为 {near[0]}？") if near else Words("", "")
    return Words(
        f"The catalogue has no such type.{hint.en} GET /v1/event-types lists them all.",
        f"事件目录中没有该类型。{hint.zh}全部类型可通过 GET /v1/event-types 查看。",
    )


def _sealed_looking(value: Any) -> Iterator[list[str | int]]:
    """Find what looks like sealed data: sent by somebody, it would be opened where it does not belong."""
    within: list[tuple[list[str | int], Any]] = [([], value)]
    while within:
        path, part = within.pop()
        if isinstance(part, str) and SEALED in part:
            yield path
        elif isinstance(part, dict):
            yield from ([*path, name] for name in part if SEALED in name)
            within += [([*path, name], inner) for name, inner in part.items()]
        elif isinstance(part, list):
            within += [([*path, place], inner) for place, inner in enumerate(part)]
