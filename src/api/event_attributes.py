"""The attributes of a CloudEvent, read one by one; each that is bad leaves a fault."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, get_args

from api.field_errors import FieldError, pointer
from journey import case_numbers
from journey.settings import Settings
from journey.touchpoints.touchpoint import Channel
from journey.words import Words

CHANNELS: tuple[Channel, ...] = get_args(Channel)
SET_BY_THE_SERVICE = frozenset({"recordedtime", "position", "version", "deviation", "process", "damaged"})
"""Attributes that events come out with, and may not come in with."""

Faults = list[FieldError]

REQUIRED = ("id", "source", "type", "subject", "time")
"""Attributes without which the service cannot place an event."""
OWN = frozenset((*REQUIRED, "specversion", "channel", "case", "datacontenttype", "data", "data_base64"))
"""Attributes that have a field of their own."""
_MAX_ATTRIBUTES = 30
MAX_LENGTHS = {"id": 200, "source": 300, "subject": 200, "type": 100}
"""Characters that an attribute may have."""
_MAX_ATTRIBUTE = 1_000
_ATTRIBUTE_NAME = re.compile(r"[a-z0-9]{1,20}")
_CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,63}")
SOURCE = re.compile(r"[!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]+")
"""What a URI reference is written with."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?P<fraction>\.\d{1,9})?(?P<offset>[Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
_JSON_MEDIA_TYPE = re.compile(r"(?:application/(?:[a-z0-9.-]+\+)?|text/)json(?:\s*;.*)?", re.IGNORECASE)

_MISSING = Words("This attribute is required.", "该属性必填。")
_NOT_TEXT = Words("This must be text.", "此处应为文本。")
_CONTROLS = Words("This must not have control characters.", "不能含有控制字符。")
_NO_SUCH = Words(
    "There is no such attribute; further ones have names of 1 to 20 lower-case letters and digits.",
    "没有该属性；扩展属性名只能由1至20位小写字母和数字组成。",
)
_NOT_AN_ATTRIBUTE = Words(
    f"This must be text of at most {_MAX_ATTRIBUTE} characters, an integer or a boolean.",
    f"须为不超过{_MAX_ATTRIBUTE}个字符的文本、整数或布尔值。",
)
_TOO_MANY = Words(f"There are more than {_MAX_ATTRIBUTES} attributes.", f"扩展属性超过{_MAX_ATTRIBUTES}个。")


class Reading(NamedTuple):
    """What reading depends on besides the event."""

    settings: Settings
    now: datetime
    """The service's time, to tell events of the future."""


def fault(name: str, detail: Words) -> FieldError:
    """Say what is wrong with an attribute."""
    return FieldError(pointer("#", [name]), detail)


def text_of(value: Mapping[str, Any], name: str, faults: Faults) -> str | None:
    """Read a required attribute that identifies something."""
    text = value.get(name)
    if text is None:
        faults.append(fault(name, _MISSING))
        return None
    if not isinstance(text, str):
        faults.append(fault(name, _NOT_TEXT))
        return None
    limit = MAX_LENGTHS.get(name, 64)
    if not 1 <= len(text) <= limit:
        detail = Words(f"This must have 1 to {limit} characters.", f"长度须为1至{limit}个字符。")
        faults.append(fault(name, detail))
        return None
    if unclean := _unclean(text):
        faults.append(fault(name, unclean))
        return None
    return text


def _unclean(text: str) -> Words | None:
    """Say what makes two ids look alike that are not the same."""
    # What is printable has no character of a category C: only other text needs a look at each.
    if text != text.strip() or (
        not text.isprintable() and any(unicodedata.category(symbol).startswith("C") for symbol in text)
    ):
        return Words(
            "This must not have control characters, nor spaces at its ends.",
            "不能含有控制字符，首尾不能有空格。",
        )
    if not unicodedata.is_normalized("NFC", text):
        return Words("This must be written in Unicode form NFC.", "须采用 Unicode NFC 规范形式。")
    return None


def check_specversion(value: Mapping[str, Any], faults: Faults) -> None:
    """See that the event says that it is a CloudEvent 1.0."""
    version = value.get("specversion")
    if version != "1.0":
        wrong = Words('This must be "1.0".', "须为“1.0”。")
        faults.append(fault("specversion", _MISSING if version is None else wrong))


def check_source(source: str | None, faults: Faults) -> None:
    """See that the source can be one."""
    if source is not None and not SOURCE.fullmatch(source):
        detail = Words("This must be a URI reference.", "须为 URI 引用，例如 /channels/mobile。")
        faults.append(fault("source", detail))


def check_media_type(value: Mapping[str, Any], faults: Faults) -> None:
    """See that the data are JSON."""
    media_type = value.get("datacontenttype")
    if media_type not in (None, "application/json") and not (
        isinstance(media_type, str) and _JSON_MEDIA_TYPE.fullmatch(media_type)
    ):
        detail = Words("This must be application/json.", "须为 application/json。")
        faults.append(fault("datacontenttype", detail))


def channel_of(value: Mapping[str, Any], faults: Faults) -> str | None:
    """Read the channel, where there is one."""
    channel = value.get("channel")
    if channel is None:
        return None
    if channel not in CHANNELS:
        listed = ", ".join(CHANNELS)
        detail = Words(f"Only one of these is allowed: {listed}.", f"取值只能是：{listed}。")
        faults.append(fault("channel", detail))
        return None
    return str(channel)


def case_of(value: Mapping[str, Any], faults: Faults) -> str | None:
    """Read the case number, where there is one; a number of ours may be written as people write it."""
    case = value.get("case")
    if case is None:
        return None
    number = case_numbers.normalised(case) if isinstance(case, str) else ""
    if not _CASE.fullmatch(number):
        detail = Words(
            "This must be a case number: up to 64 letters, digits and any of _ . : / + - after the first.",
            "须为业务单编号：不超过64位，由字母、数字及 _ . : / + - 组成，以字母或数字开头。",
        )
        faults.append(fault("case", detail))
        return None
    if case_numbers.has_wrong_check(number):
        detail = Words(
            "This number is mistyped: its check character does not fit.",
            "编号有误：校验位不符，请核对后重新填写。",
        )
        faults.append(fault("case", detail))
        return None
    return number


def moment_of(time: str | None, reading: Reading, faults: Faults) -> datetime | None:
    """Read when the event happened."""
    if time is None:
        return None
    match = _RFC_3339.fullmatch(time)
    if match is None:
        example = "2026-11-22T10:00:00+08:00"
        faults.append(fault("time", Words(f"This must be like {example}.", f"格式应如 {example}。")))
        return None
    if match["offset"] is None:
        detail = Words(
            "This time lacks its offset from UTC, such as +08:00 or Z.",
            "时间缺少时区，请补充，例如 +08:00 或 Z。",
        )
        faults.append(fault("time", detail))
        return None
    try:
        occurred_at = datetime.fromisoformat(time.upper())
        in_utc = occurred_at if occurred_at.tzinfo is UTC else occurred_at.astimezone(UTC)
    except (ValueError, OverflowError):
        faults.append(fault("time", Words("There is no such date or time.", "不是有效的日期时间。")))
        return None
    tolerance = reading.settings.future_tolerance
    if in_utc > reading.now and in_utc > reading.now + timedelta(seconds=tolerance):
        detail = Words(
            f"This is more than {tolerance:.0f} seconds in the future: check the sender's clock.",
            f"比当前时间晚{tolerance:.0f}秒以上，请检查发送系统的时钟。",
        )
        faults.append(fault("time", detail))
        return None
    return occurred_at


def further_of(value: Mapping[str, Any], faults: Faults) -> dict[str, str]:
    """Read the attributes that have no field of their own, as the text that CloudEvents writes for them."""
    further = {}
    for name in [each for each in value if each not in OWN]:
        attribute = value[name]
        if attribute is None:  # CloudEvents' way to say that there is none
            continue
        if name in SET_BY_THE_SERVICE:
            faults.append(
                fault(name, Words("The service sets this: leave it out.", "该属性由系统设置，请勿填写。"))
            )
        elif not _ATTRIBUTE_NAME.fullmatch(name):
            faults.append(fault(name, _NO_SUCH))
        elif isinstance(attribute, bool):
            further[name] = "true" if attribute else "false"
        elif isinstance(attribute, int):
            further[name] = str(attribute)
        elif not isinstance(attribute, str) or len(attribute) > _MAX_ATTRIBUTE:
            faults.append(fault(name, _NOT_AN_ATTRIBUTE))
        elif not attribute.isprintable() and _CONTROL.search(attribute):
            faults.append(fault(name, _CONTROLS))
        else:
            further[name] = attribute
    if len(further) > _MAX_ATTRIBUTES:
        faults.append(FieldError("#", _TOO_MANY))
    return further
