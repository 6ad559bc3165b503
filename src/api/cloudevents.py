"""CloudEvents in: from structured JSON or HTTP headers to an `Event`, with every bad field named at once."""

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from urllib.parse import unquote

from pydantic import ValidationError

from api.field_errors import FieldError, field_errors, pointer
from api.problems import Problem
from journey.events import Event
from journey.settings import Settings
from journey.strict_json import encode
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import Channel, Touchpoint
from journey.words import Words

CHANNELS: tuple[Channel, ...] = get_args(Channel)
SET_BY_THE_SERVICE = frozenset({"recordedtime", "position", "version", "deviation", "process"})
"""Attributes that events come out with, and may not come in with."""
IMPROVEMENTS = "improvement:"
"""How the ids of streams begin that belong to no customer."""

_OWN = (
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "channel",
    "case",
    "datacontenttype",
    "data",
)
_MAX_ATTRIBUTES = 30
_MAX_LENGTHS = {"id": 200, "source": 300, "subject": 200, "type": 100}
_MAX_ATTRIBUTE = 1_000
_ATTRIBUTE_NAME = re.compile(r"[a-z0-9]{1,20}")
_CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,63}")
_SOURCE = re.compile(r"[!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]+")
_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?P<fraction>\.\d{1,9})?(?P<offset>[Zz]|[+-]\d\d:\d\d)?"
)
_JSON_MEDIA_TYPE = re.compile(r"application/(?:[a-z0-9.-]+\+)?json(?:\s*;.*)?", re.IGNORECASE)

_MISSING = Words("is required", "必填")
_NOT_TEXT = Words("must be text", "必须是文本")


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading depends on besides the event."""

    settings: Settings
    now: datetime
    """The service's time, to tell events of the future."""


def from_headers(headers: Mapping[str, str], data: Any) -> dict[str, Any]:
    """Put an event in binary mode together: attributes from `ce-…` headers, percent-decoded UTF-8."""
    attributes: dict[str, Any] = {}
    faults = []
    for name, value in headers.items():
        if name.startswith("ce-"):
            try:
                attributes[name[3:]] = unquote(value, errors="strict")
            except UnicodeDecodeError:
                faults.append(
                    _fault(name[3:], Words("is not percent-encoded UTF-8", "不是百分号编码的 UTF-8 文本"))
                )
    if faults:
        raise Problem("invalid-event", errors=tuple(faults))
    return {**attributes, "data": data}


def read_event(value: Any, reading: Reading) -> Event:
    """Read one event; raise a `Problem` that names every bad attribute and every bad field of its data."""
    if not isinstance(value, dict):
        detail = Words("an event is a JSON object", "一个事件必须是一个 JSON 对象")
        raise Problem("invalid-event", errors=(FieldError("#", detail),))
    faults: list[FieldError] = []
    texts = {name: _text(value, name, faults) for name in ("id", "source", "type", "subject", "time")}
    _check_own(value, texts, faults)
    occurred_at = _moment(texts["time"], reading, faults)
    attributes = _further(value, faults)
    touchpoint = _touchpoint(texts["type"], value.get("data", {}), faults)
    if touchpoint is not None and texts["subject"] is not None:
        _check_stream(touchpoint, texts["subject"], faults)
    if faults:
        raise Problem("invalid-event", errors=tuple(faults))
    assert touchpoint is not None  # noqa: S101  # each of these leaves a fault where it is missing
    assert occurred_at is not None  # noqa: S101  # as above
    return Event(
        source=texts["source"] or "",
        id=texts["id"] or "",
        stream_id=texts["subject"] or "",
        touchpoint=touchpoint,
        data=value.get("data", {}),
        time=texts["time"] or "",
        occurred_at=occurred_at,
        case=value.get("case"),
        channel=value.get("channel"),
        attributes=attributes,
    )


def too_large(value: Any, settings: Settings) -> bool:
    """Tell whether one event of a batch is larger than a single one may be."""
    return len(encode(value)) > settings.max_event_bytes


def _fault(name: str, detail: Words) -> FieldError:
    return FieldError(f"#/{name}", detail)


def _text(value: Mapping[str, Any], name: str, faults: list[FieldError]) -> str | None:
    text = value.get(name)
    if text is None:
        faults.append(_fault(name, _MISSING))
        return None
    if not isinstance(text, str):
        faults.append(_fault(name, _NOT_TEXT))
        return None
    limit = _MAX_LENGTHS.get(name, 64)
    if not 1 <= len(text) <= limit:
        faults.append(
            _fault(name, Words(f"must have 1 to {limit} characters", f"长度必须为 1 至 {limit} 个字符"))
        )
        return None
    if unclean := _unclean(text):
        faults.append(_fault(name, unclean))
        return None
    return text


def _unclean(text: str) -> Words | None:
    """Say what makes two ids look alike that are not the same."""
    if text != text.strip() or any(unicodedata.category(symbol).startswith("C") for symbol in text):
        return Words(
            "must not have control characters, or spaces at its ends", "不能含有控制字符，首尾不能有空格"
        )
    if not unicodedata.is_normalized("NFC", text):
        return Words("must be written in Unicode form NFC", "必须采用 Unicode NFC 规范形式")
    return None


def _check_own(value: Mapping[str, Any], texts: Mapping[str, str | None], faults: list[FieldError]) -> None:
    if value.get("specversion") != "1.0":
        missing = "specversion" not in value
        faults.append(_fault("specversion", _MISSING if missing else Words('must be "1.0"', "必须为“1.0”")))
    source = texts["source"]
    if source is not None and not _SOURCE.fullmatch(source):
        faults.append(_fault("source", Words("must be a URI reference", "必须是 URI 引用")))
    channel = value.get("channel")
    if channel is not None and channel not in CHANNELS:
        listed = ", ".join(CHANNELS)
        faults.append(_fault("channel", Words(f"must be one of {listed}", f"必须是以下之一：{listed}")))
    case = value.get("case")
    if case is not None and not (isinstance(case, str) and _CASE.fullmatch(case)):
        detail = Words(
            "must be a case number: up to 64 letters, digits and _ . : / + -",
            "必须是业务单号：不超过 64 位的字母、数字及 _ . : / + -",
        )
        faults.append(_fault("case", detail))
    media_type = value.get("datacontenttype")
    if media_type is not None and not (
        isinstance(media_type, str) and _JSON_MEDIA_TYPE.fullmatch(media_type)
    ):
        faults.append(_fault("datacontenttype", Words("must be application/json", "必须为 application/json")))


def _moment(time: str | None, reading: Reading, faults: list[FieldError]) -> datetime | None:
    if time is None:
        return None
    match = _RFC_3339.fullmatch(time)
    if match is None:
        example = "2026-11-22T10:00:00+08:00"
        faults.append(_fault("time", Words(f"must be like {example}", f"格式应如 {example}")))
        return None
    if match["offset"] is None:
        detail = Words("needs an offset from UTC, such as +08:00 or Z", "缺少时区，例如 +08:00 或 Z")
        faults.append(_fault("time", detail))
        return None
    try:
        occurred_at = datetime.fromisoformat(time.upper())
        in_utc = occurred_at.astimezone(UTC)
    except (ValueError, OverflowError):
        faults.append(_fault("time", Words("is not a moment of the calendar", "不是有效的日期时间")))
        return None
    tolerance = reading.settings.future_tolerance
    if in_utc > reading.now + timedelta(seconds=tolerance):
        detail = Words(
            f"is more than {tolerance:.0f} seconds in the future: check the clock of the sending system",
            f"比当前时间晚 {tolerance:.0f} 秒以上：请检查发送系统的时钟",
        )
        faults.append(_fault("time", detail))
        return None
    return occurred_at


def _further(value: Mapping[str, Any], faults: list[FieldError]) -> dict[str, str]:
    """Read the attributes that have no field of their own, as the strings that CloudEvents defines for them."""
    further = {}
    for name, attribute in value.items():
        if name in _OWN:
            continue
        if name in SET_BY_THE_SERVICE:
            faults.append(_fault(name, Words("is set by the service: leave it out", "由系统设置，请勿填写")))
        elif name == "data_base64":
            faults.append(
                _fault(name, Words("is not supported: send JSON in data", "不支持：请在 data 中填写 JSON"))
            )
        elif not _ATTRIBUTE_NAME.fullmatch(name):
            detail = Words(
                "is unknown; further attributes have names of 1 to 20 lower-case letters and digits",
                "未知属性；扩展属性名只能由 1 至 20 位小写字母和数字组成",
            )
            faults.append(FieldError(pointer("#", [name]), detail))
        elif isinstance(attribute, bool):
            further[name] = "true" if attribute else "false"
        elif isinstance(attribute, int):
            further[name] = str(attribute)
        elif not isinstance(attribute, str) or len(attribute) > _MAX_ATTRIBUTE:
            detail = Words(
                f"must be text of at most {_MAX_ATTRIBUTE} characters, an integer or a boolean",
                f"必须是不超过 {_MAX_ATTRIBUTE} 个字符的文本、整数或布尔值",
            )
            faults.append(_fault(name, detail))
        else:
            further[name] = attribute
    if len(further) > _MAX_ATTRIBUTES:
        detail = Words(f"has more than {_MAX_ATTRIBUTES} attributes", f"属性超过 {_MAX_ATTRIBUTES} 个")
        faults.append(FieldError("#", detail))
    return further


def _touchpoint(type_: str | None, data: Any, faults: list[FieldError]) -> Touchpoint | None:
    if type_ is None:
        return None
    declared = TOUCHPOINTS.get(type_)
    if declared is None:
        near = difflib.get_close_matches(type_, TOUCHPOINTS, n=1)
        hint = Words(f"; did you mean {near[0]}?", f"；是否应为 {near[0]}？") if near else Words("", "")
        detail = Words(
            f"is no type of the catalogue{hint.en} (GET /v1/event-types lists them)",
            f"不在事件目录中{hint.zh}（GET /v1/event-types 可查看全部类型）",
        )
        faults.append(_fault("type", detail))
        return None
    if declared.reserved:
        faults.append(_fault("type", Words("is written by the service only", "只能由系统写入")))
        return None
    if not isinstance(data, dict):
        faults.append(_fault("data", Words("must be a JSON object", "必须是 JSON 对象")))
        return None
    try:
        return declared.model_validate_json(encode(data))
    except ValidationError as error:
        faults.extend(field_errors(error, "#/data"))
        return None


def _check_stream(touchpoint: Touchpoint, subject: str, faults: list[FieldError]) -> None:
    if touchpoint.type.startswith("improvement.") != subject.startswith(IMPROVEMENTS):
        detail = Words(
            f"improvements, and nothing else, go into streams called {IMPROVEMENTS}<number>",
            f"服务改进事件须写入 {IMPROVEMENTS}<编号>，其他事件不得写入",
        )
        faults.append(_fault("subject", detail))
