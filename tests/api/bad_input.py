"""Events that are wrong in every way that we know, with the problem and the places that are to be told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from api.event_attributes import SET_BY_THE_SERVICE
from api.problem_texts import ProblemCode
from tests.facts import cloudevent

VISIT = {"touchpoint": "app.login", "action": "login"}
SOUND = orjson.dumps(cloudevent(subject="bad"))


def event_with(**attributes: Any) -> bytes:
    """Return a sound event with some attributes changed; None leaves one out."""
    return orjson.dumps(cloudevent(subject="bad") | attributes if attributes else cloudevent())


def _without(*names: str) -> bytes:
    return orjson.dumps(
        {name: value for name, value in cloudevent(subject="bad").items() if name not in names}
    )


def _data(text: str) -> bytes:
    """Return an event whose data are this text, which need not be JSON."""
    return SOUND[: SOUND.index(b'"data":') + 7] + text.encode("utf-8", "surrogatepass") + b"}"


def _nested(depth: int) -> bytes:
    return _data('{"touchpoint":' + "[" * depth + "]" * depth + "}")


TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()

NOT_JSON: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "nothing": (b"", ("#",)),
    "cut off": (SOUND[:-9], ("#/data/action",)),
    "no JSON": (b"specversion=1.0", ("#",)),
    "more than one": (SOUND + SOUND, ("#",)),
    "single quotes": (b"{'id': 1}", ("#",)),
    "NaN": (_data('{"touchpoint":NaN}'), ("#/data/touchpoint",)),
    "Infinity": (_data('{"touchpoint":-Infinity}'), ("#/data/touchpoint",)),
    "1e999": (_data('{"touchpoint":1e999}'), ("#/data/touchpoint",)),
    "1e400": (_data('{"touchpoint":-1e400}'), ("#/data/touchpoint",)),
    "400 digits": (_data('{"touchpoint":' + "7" * 400 + "}"), ("#/data/touchpoint",)),
    "5000 digits": (_data('{"touchpoint":' + "7" * 5000 + "}"), ("#/data/touchpoint",)),
    "more than a double holds": (_data('{"touchpoint":0.12345678901234567890}'), ("#/data/touchpoint",)),
    "beyond 2^53": (_data('{"touchpoint":9007199254740993}'), ("#/data/touchpoint",)),
    "escaped lone surrogate": (_data('{"touchpoint":"\\ud83d"}'), ("#/data/touchpoint",)),
    "raw lone surrogate": (_data('{"touchpoint":"\ud83d"}'), ("#/data/touchpoint",)),
    "lone surrogate as a name": (_data('{"\\udc00":1}'), ("#/data/%EF%BF%BD",)),
    "NUL escaped": (_data('{"touchpoint":"a\\u0000b"}'), ("#/data/touchpoint",)),
    "NUL raw": (_data('{"touchpoint":"a\0b"}'), ("#/data/touchpoint",)),
    "control character raw": (_data('{"touchpoint":"a\nb"}'), ("#/data/touchpoint",)),
    "depth 1000": (_nested(1000), ("#/data/touchpoint" + "/0" * 30,)),
    "depth 20000": (_nested(20_000), ("#/data/touchpoint" + "/0" * 30,)),
    "objects 1000 deep": (_data('{"a":' * 1000 + "1" + "}" * 1000), ("#/data" + "/a" * 31,)),
    "invalid UTF-8": (SOUND.replace(b"app.login", b"app\xff\xfe"), ("#/data/touchpoint",)),
    "GBK": (SOUND.replace(b"app.login", "柜面".encode("gbk")), ("#/data/touchpoint",)),
    "byte order mark": (b"\xef\xbb\xbf" + SOUND, ("#",)),
    "UTF-16": (SOUND.decode().encode("utf-16"), ("#",)),
    "UTF-32": (SOUND.decode().encode("utf-32-le"), ("#",)),
    "a name twice": (_data('{"touchpoint":"a","touchpoint":"b"}'), ("#/data/touchpoint",)),
    "an attribute twice": (b'{"id":"a",' + SOUND[1:], ("#/id",)),
    "two at once": (
        _data('{"touchpoint":NaN,"action":"\\u0000"}'),
        ("#/data/touchpoint", "#/data/action"),
    ),
}
"""Bytes that are not JSON which every reader understands alike, and the places told."""

ATTRIBUTES: dict[str, tuple[bytes, ProblemCode, tuple[str, ...]]] = {
    "array": (b"[" + SOUND + b"]", "invalid-event", ("#",)),
    "number": (b"17", "invalid-event", ("#",)),
    "string": (b'"event"', "invalid-event", ("#",)),
    "null": (b"null", "invalid-event", ("#",)),
    "true": (b"true", "invalid-event", ("#",)),
    "empty": (b"{}", "invalid-event", ("#/specversion", "#/id", "#/source", "#/type", "#/subject", "#/time")),
    "all wrong at once": (
        event_with(
            specversion="0.3", id=1, source="a b", subject="", time="now", channel="fax", Extra="x", sub=1.5
        ),
        "invalid-event",
        ("#/specversion", "#/id", "#/source", "#/subject", "#/time", "#/channel", "#/Extra", "#/sub"),
    ),
    "attributes and fields at once": (
        event_with(channel="fax", data={"touchpoint": "x", "color": "red"}),
        "invalid-event",
        ("#/channel", "#/data/action", "#/data/color"),
    ),
    "no id": (_without("id"), "invalid-event", ("#/id",)),
    "id null": (event_with(id=None), "invalid-event", ("#/id",)),
    "id empty": (event_with(id=""), "invalid-event", ("#/id",)),
    "id too long": (event_with(id="x" * 201), "invalid-event", ("#/id",)),
    "id with a control character": (event_with(id="a\tb"), "invalid-event", ("#/id",)),
    "id with a zero-width space": (event_with(id="a\u200bb"), "invalid-event", ("#/id",)),
    "id with a space at its end": (event_with(id="a "), "invalid-event", ("#/id",)),
    "id not NFC": (event_with(id="e\u0301"), "invalid-event", ("#/id",)),
    "subject not NFC": (event_with(subject="e\u0301"), "invalid-event", ("#/subject",)),
    "subject a list": (event_with(subject=["C1"]), "invalid-event", ("#/subject",)),
    "source in Chinese": (event_with(source="/渠道/手机"), "invalid-event", ("#/source",)),
    "specversion a number": (event_with(specversion=1.0), "invalid-event", ("#/specversion",)),
    "data not JSON": (event_with(datacontenttype="text/plain"), "invalid-event", ("#/datacontenttype",)),
    "time without offset": (event_with(time="2026-11-20T12:00:00"), "invalid-event", ("#/time",)),
    "time on no day": (event_with(time="2026-02-30T12:00:00Z"), "invalid-event", ("#/time",)),
    "time at no hour": (event_with(time="2026-11-20T25:00:00Z"), "invalid-event", ("#/time",)),
    "time before the calendar": (event_with(time="0001-01-01T00:00:00+23:00"), "invalid-event", ("#/time",)),
    "time a number": (event_with(time=1763640000), "invalid-event", ("#/time",)),
    "time a date": (event_with(time="2026-11-20"), "invalid-event", ("#/time",)),
    "time in other digits": (event_with(time="２０２６-11-20T12:00:00Z"), "invalid-event", ("#/time",)),
    "time tomorrow": (event_with(time=TOMORROW), "invalid-event", ("#/time",)),
    "time in the year 9999": (event_with(time="9999-12-31T23:59:59Z"), "invalid-event", ("#/time",)),
    "channel unknown": (event_with(channel="fax"), "invalid-event", ("#/channel",)),
    "channel a list": (event_with(channel=["web"]), "invalid-event", ("#/channel",)),
    "case with a space": (event_with(case="A 1"), "invalid-event", ("#/case",)),
    "case a number": (event_with(case=17), "invalid-event", ("#/case",)),
    "case mistyped": (event_with(case="APP-20261122-7K3M9QZ"), "invalid-event", ("#/case",)),
    "extension with a bad name": (event_with(my_extension="x"), "invalid-event", ("#/my_extension",)),
    "extension with a slash": (event_with(**{"a/b~c": "x"}), "invalid-event", ("#/a~1b~0c",)),
    "extension an object": (event_with(extra={"a": 1}), "invalid-event", ("#/extra",)),
    "extension a fraction": (event_with(extra=1.5), "invalid-event", ("#/extra",)),
    "extension too long": (event_with(extra="x" * 1001), "invalid-event", ("#/extra",)),
    "extension with a control character": (event_with(extra="a\x1fb"), "invalid-event", ("#/extra",)),
    "too many extensions": (event_with(**{f"x{n}": "y" for n in range(31)}), "invalid-event", ("#",)),
    "improvement for a customer": (
        event_with(type="improvement.started", data={"area": {}, "plan": "x"}),
        "invalid-event",
        ("#/subject",),
    ),
    "customer's event for an improvement": (
        event_with(subject="improvement:1"),
        "invalid-event",
        ("#/subject",),
    ),
    "improvement of no number": (
        event_with(type="improvement.started", data={"area": {}}, subject="improvement:"),
        "invalid-event",
        ("#/subject",),
    ),
    "improvement mistyped": (
        event_with(type="improvement.started", data={"area": {}}, subject="improvement:IMP-20261122-7K3M9QZ"),
        "invalid-event",
        ("#/subject",),
    ),
    "improvement of two numbers": (
        event_with(type="improvement.started", data={"area": {}}, subject="improvement:1", case="2"),
        "invalid-event",
        ("#/case",),
    ),
    "improvement that nothing names": (
        event_with(type="improvement.started", data={"area": {}}, subject=None),
        "invalid-event",
        ("#/subject",),
    ),
    "announcement of a bad time": (
        event_with(
            type="improvement.announced",
            data={"area": {}, "plan": "x", "expected_by": "2027-01-31", "expected_effect": "y"},
            subject=None,
            time="soon",
        ),
        "invalid-event",
        ("#/time",),
    ),
    "type missing": (_without("type"), "invalid-event", ("#/type",)),
    "type unknown": (event_with(type="aplication.submited"), "unknown-event-type", ("#/type",)),
    "type of no resemblance": (event_with(type="com.example.x"), "unknown-event-type", ("#/type",)),
    "type unknown and more": (event_with(type="x", id="", data=[]), "unknown-event-type", ("#/type", "#/id")),
    "type reserved": (event_with(type="customer.erased", data={}), "reserved-type", ("#/type",)),
    **{
        f"{name} is set by the service": (event_with(**{name: "1"}), "invalid-event", (f"#/{name}",))
        for name in sorted(SET_BY_THE_SERVICE)
    },
}
"""Events whose attributes are wrong."""

FIELDS: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "data missing": (_without("data"), ("#/data/touchpoint", "#/data/action")),
    "data null": (event_with(data=None), ("#/data/touchpoint", "#/data/action")),
    "data an array": (event_with(data=[VISIT]), ("#/data",)),
    "data a string": (event_with(data="login"), ("#/data",)),
    "data a number": (event_with(data=17), ("#/data",)),
    "data true": (event_with(data=True), ("#/data",)),
    "data twice": (event_with(data_base64="e30="), ("#/data_base64",)),
    "data in bad base64": (_without("data")[:-1] + b',"data_base64":"%%%"}', ("#/data_base64",)),
    "data in base64 of no JSON": (_without("data")[:-1] + b',"data_base64":"AAEC"}', ("#/data_base64",)),
    "data in base64 a number": (_without("data")[:-1] + b',"data_base64":7}', ("#/data_base64",)),
    "a field missing and one unknown": (
        event_with(data={"touchpoint": "x", "colour": "red"}),
        ("#/data/action", "#/data/colour"),
    ),
    "all fields wrong": (
        event_with(data={"touchpoint": 1, "action": "", "outcome": [], "duration_s": "long", "x y": 1}),
        (
            "#/data/touchpoint",
            "#/data/action",
            "#/data/outcome",
            "#/data/duration_s",
            "#/data/x%20y",
        ),
    ),
    "a number as text": (event_with(data={**VISIT, "duration_s": "12"}), ("#/data/duration_s",)),
    "a negative duration": (event_with(data={**VISIT, "duration_s": -1}), ("#/data/duration_s",)),
    "a wrong choice": (
        event_with(type="feedback.invited", data={"kind": "fax", "about": "A-1", "medium": "sms"}),
        ("#/data/kind",),
    ),
    "a wrong entry of a list": (
        event_with(type="application.submitted", data={"product": "p", "materials": ["a", 1, ""]}),
        ("#/data/materials/1", "#/data/materials/2"),
    ),
    "a naive time": (
        event_with(
            type="complaint.assigned",
            case="C-1",
            data={"department": "d", "handler": "h", "due_at": "2026-11-20T12:00:00"},
        ),
        ("#/data/due_at",),
    ),
}
"""Events whose data are wrong."""
