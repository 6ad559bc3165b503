"""Bad input: each kind has its own clear problem in both languages, and nothing of it is written."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from api.event_attributes import SET_BY_THE_SERVICE
from api.languages import TAGS
from api.problem_texts import ProblemCode
from tests.api.posting import (
    BATCHED,
    LINES,
    answered_lines,
    assert_problem,
    new_customer,
    post,
    post_binary,
    recorded,
)
from tests.facts import cloudevent
from tests.sites import Site

VISIT = {"touchpoint": "app.login", "action": "login"}
SOUND = orjson.dumps(cloudevent(subject="bad"))


def _with(**attributes: Any) -> bytes:
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
        _with(
            specversion="0.3", id=1, source="a b", subject="", time="now", channel="fax", Extra="x", sub=1.5
        ),
        "invalid-event",
        ("#/specversion", "#/id", "#/source", "#/subject", "#/time", "#/channel", "#/Extra", "#/sub"),
    ),
    "attributes and fields at once": (
        _with(channel="fax", data={"touchpoint": "x", "color": "red"}),
        "invalid-event",
        ("#/channel", "#/data/action", "#/data/color"),
    ),
    "no id": (_without("id"), "invalid-event", ("#/id",)),
    "id null": (_with(id=None), "invalid-event", ("#/id",)),
    "id empty": (_with(id=""), "invalid-event", ("#/id",)),
    "id too long": (_with(id="x" * 201), "invalid-event", ("#/id",)),
    "id with a control character": (_with(id="a\tb"), "invalid-event", ("#/id",)),
    "id with a zero-width space": (_with(id="a\u200bb"), "invalid-event", ("#/id",)),
    "id with a space at its end": (_with(id="a "), "invalid-event", ("#/id",)),
    "id not NFC": (_with(id="e\u0301"), "invalid-event", ("#/id",)),
    "subject not NFC": (_with(subject="e\u0301"), "invalid-event", ("#/subject",)),
    "subject a list": (_with(subject=["C1"]), "invalid-event", ("#/subject",)),
    "source in Chinese": (_with(source="/渠道/手机"), "invalid-event", ("#/source",)),
    "specversion a number": (_with(specversion=1.0), "invalid-event", ("#/specversion",)),
    "data not JSON": (_with(datacontenttype="text/plain"), "invalid-event", ("#/datacontenttype",)),
    "time without offset": (_with(time="2026-11-20T12:00:00"), "invalid-event", ("#/time",)),
    "time on no day": (_with(time="2026-02-30T12:00:00Z"), "invalid-event", ("#/time",)),
    "time at no hour": (_with(time="2026-11-20T25:00:00Z"), "invalid-event", ("#/time",)),
    "time before the calendar": (_with(time="0001-01-01T00:00:00+23:00"), "invalid-event", ("#/time",)),
    "time a number": (_with(time=1763640000), "invalid-event", ("#/time",)),
    "time a date": (_with(time="2026-11-20"), "invalid-event", ("#/time",)),
    "time in other digits": (_with(time="２０２６-11-20T12:00:00Z"), "invalid-event", ("#/time",)),
    "time tomorrow": (_with(time=TOMORROW), "invalid-event", ("#/time",)),
    "time in the year 9999": (_with(time="9999-12-31T23:59:59Z"), "invalid-event", ("#/time",)),
    "channel unknown": (_with(channel="fax"), "invalid-event", ("#/channel",)),
    "channel a list": (_with(channel=["web"]), "invalid-event", ("#/channel",)),
    "case with a space": (_with(case="A 1"), "invalid-event", ("#/case",)),
    "case a number": (_with(case=17), "invalid-event", ("#/case",)),
    "case mistyped": (_with(case="APP-20261122-7K3M9QZ"), "invalid-event", ("#/case",)),
    "extension with a bad name": (_with(my_extension="x"), "invalid-event", ("#/my_extension",)),
    "extension with a slash": (_with(**{"a/b~c": "x"}), "invalid-event", ("#/a~1b~0c",)),
    "extension an object": (_with(extra={"a": 1}), "invalid-event", ("#/extra",)),
    "extension a fraction": (_with(extra=1.5), "invalid-event", ("#/extra",)),
    "extension too long": (_with(extra="x" * 1001), "invalid-event", ("#/extra",)),
    "extension with a control character": (_with(extra="a\x1fb"), "invalid-event", ("#/extra",)),
    "too many extensions": (_with(**{f"x{n}": "y" for n in range(31)}), "invalid-event", ("#",)),
    "improvement for a customer": (
        _with(type="improvement.started", data={"area": {}, "plan": "x"}),
        "invalid-event",
        ("#/subject",),
    ),
    "customer's event for an improvement": (_with(subject="improvement:1"), "invalid-event", ("#/subject",)),
    "type missing": (_without("type"), "invalid-event", ("#/type",)),
    "type unknown": (_with(type="aplication.submited"), "unknown-event-type", ("#/type",)),
    "type of no resemblance": (_with(type="com.example.x"), "unknown-event-type", ("#/type",)),
    "type unknown and more": (_with(type="x", id="", data=[]), "unknown-event-type", ("#/type", "#/id")),
    "type reserved": (_with(type="customer.erased", data={}), "reserved-type", ("#/type",)),
    **{
        f"{name} is set by the service": (_with(**{name: "1"}), "invalid-event", (f"#/{name}",))
        for name in sorted(SET_BY_THE_SERVICE)
    },
}
"""Events whose attributes are wrong."""

FIELDS: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "data missing": (_without("data"), ("#/data/touchpoint", "#/data/action")),
    "data null": (_with(data=None), ("#/data/touchpoint", "#/data/action")),
    "data an array": (_with(data=[VISIT]), ("#/data",)),
    "data a string": (_with(data="login"), ("#/data",)),
    "data a number": (_with(data=17), ("#/data",)),
    "data true": (_with(data=True), ("#/data",)),
    "data twice": (_with(data_base64="e30="), ("#/data_base64",)),
    "data in bad base64": (_without("data")[:-1] + b',"data_base64":"%%%"}', ("#/data_base64",)),
    "data in base64 of no JSON": (_without("data")[:-1] + b',"data_base64":"AAEC"}', ("#/data_base64",)),
    "data in base64 a number": (_without("data")[:-1] + b',"data_base64":7}', ("#/data_base64",)),
    "a field missing and one unknown": (
        _with(data={"touchpoint": "x", "colour": "red"}),
        ("#/data/action", "#/data/colour"),
    ),
    "all fields wrong": (
        _with(data={"touchpoint": 1, "action": "", "outcome": [], "duration_s": "long", "x y": 1}),
        (
            "#/data/touchpoint",
            "#/data/action",
            "#/data/outcome",
            "#/data/duration_s",
            "#/data/x%20y",
        ),
    ),
    "a number as text": (_with(data={**VISIT, "duration_s": "12"}), ("#/data/duration_s",)),
    "a negative duration": (_with(data={**VISIT, "duration_s": -1}), ("#/data/duration_s",)),
    "a wrong choice": (
        _with(type="feedback.invited", data={"kind": "fax", "about": "A-1", "medium": "sms"}),
        ("#/data/kind",),
    ),
    "a wrong entry of a list": (
        _with(type="application.submitted", data={"product": "p", "materials": ["a", 1, ""]}),
        ("#/data/materials/1", "#/data/materials/2"),
    ),
    "a naive time": (
        _with(
            type="complaint.assigned",
            case="C-1",
            data={"department": "d", "handler": "h", "due_at": "2026-11-20T12:00:00"},
        ),
        ("#/data/due_at",),
    ),
}
"""Events whose data are wrong."""


def _refused(site: Site, channel: httpx.Client, body: bytes) -> list[httpx.Response]:
    """Post in every language and see that nothing is written."""
    with recorded(site) as new:
        answers = [post(channel, body, headers={"Accept-Language": tag}) for tag in TAGS]
    assert new == []
    return answers


class TestBadEvents:
    @pytest.mark.parametrize("name", NOT_JSON)
    def test_what_is_no_sound_json(self, site: Site, channel: httpx.Client, name: str) -> None:
        """Every bad place before the syntax breaks is told, with line and column."""
        body, pointers = NOT_JSON[name]
        for answer in _refused(site, channel, body):
            told = assert_problem(answer, "malformed-json", *pointers)
            placed = "column" if answer.headers["content-language"] == "en" else "列"
            assert all(placed in error["detail"] for error in told["errors"])

    @pytest.mark.parametrize("name", ATTRIBUTES)
    def test_bad_attributes(self, site: Site, channel: httpx.Client, name: str) -> None:
        """Every bad attribute is named at once."""
        body, code, pointers = ATTRIBUTES[name]
        for answer in _refused(site, channel, body):
            assert_problem(answer, code, *pointers)

    @pytest.mark.parametrize("name", FIELDS)
    def test_bad_data(self, site: Site, channel: httpx.Client, name: str) -> None:
        """Every bad field is named at once."""
        body, pointers = FIELDS[name]
        for answer in _refused(site, channel, body):
            assert_problem(answer, "invalid-event", *pointers)


class TestInEveryMode:
    @pytest.mark.parametrize("name", NOT_JSON)
    def test_a_batch_that_is_no_json(self, site: Site, channel: httpx.Client, name: str) -> None:
        """A batch is read as a whole: bytes that are no JSON are no batch."""
        with recorded(site) as new:
            answer = post(channel, b"[" + NOT_JSON[name][0] + b",]", BATCHED)

        assert (answer.status_code, answer.json()["code"]) == (400, "malformed-json")
        assert new == []

    @pytest.mark.parametrize("body", [SOUND, b"17", b'"x"', b"null"])
    def test_a_batch_is_an_array(self, site: Site, channel: httpx.Client, body: bytes) -> None:
        """One event is not a batch, nor is anything else."""
        with recorded(site) as new:
            assert_problem(post(channel, body, BATCHED), "invalid-event", "#")

        assert new == []

    def test_every_bad_event_of_a_batch_has_its_problem(self, site: Site, channel: httpx.Client) -> None:
        """The same problems as alone, one for each."""
        table = [(body, code) for body, code, _ in ATTRIBUTES.values()]
        table += [(body, "invalid-event") for body, _ in FIELDS.values()]
        batch = b"[" + b",".join(body for body, _ in table) + b"]"
        with recorded(site) as new:
            answer = post(channel, batch, BATCHED)

        assert answer.status_code == 422
        assert [item["problem"]["code"] for item in answer.json()["items"]] == [code for _, code in table]
        assert new == []

    def test_every_bad_line_has_its_problem(self, site: Site, channel: httpx.Client) -> None:
        """The same problems as alone, one for each; bytes that are no JSON spoil their line only."""
        bodies = {
            **{name: body for name, (body, *_) in ATTRIBUTES.items()},
            **{n: b for n, (b, _) in NOT_JSON.items()},
        }
        lines = {name: body for name, body in bodies.items() if body.strip() and b"\n" not in body}
        with recorded(site) as new:
            answer = post(channel, b"\n".join(lines.values()), LINES)

        told = [item["problem"]["code"] for item in answered_lines(answer)]
        assert told == [ATTRIBUTES[name][1] if name in ATTRIBUTES else "malformed-json" for name in lines]
        assert new == []

    def test_what_was_sent_is_never_told_back(self, channel: httpx.Client) -> None:
        """An answer may be logged on its way; a customer's data must not be in it."""
        secret = "13800138000"
        event = cloudevent("customer.registered", {"name": secret * 30, "phone": [secret]}, subject="bad")

        answer = post(channel, event)

        assert answer.status_code == 422
        assert secret not in answer.text


class TestHints:
    def test_a_type_that_is_nearly_right(self, channel: httpx.Client) -> None:
        """Whoever mistyped is told what they may have meant."""
        answer = post(channel, _with(type="aplication.submited"))

        (error,) = answer.json()["errors"]
        assert "Did you mean application.submitted?" in error["detail"]
        assert "/v1/event-types" in error["detail"]

    def test_a_clock_that_is_ahead(self, site: Site, channel: httpx.Client) -> None:
        """A few minutes are forgiven, because clocks differ."""
        soon = (datetime.now(UTC) + timedelta(seconds=200)).isoformat()
        with recorded(site) as new:
            answer = post(channel, cloudevent(subject=new_customer(), time=soon))

        assert answer.status_code == 201, answer.text
        assert [event.time for event in new] == [soon]


class TestBinaryHeaders:
    @pytest.mark.parametrize(
        ("header", "value", "pointer"),
        [
            ("ce-time", "2026-11-20T12%3A00%3A00%ZZ", "#/time"),
            ("ce-time", "%FF%FE", "#/time"),
            ("ce-subject", "%C0%A0", "#/subject"),
            ("ce-subject", "100%", "#/subject"),
            ("ce-subject", b"\xff\xfe", "#/subject"),
            ("ce-subject", "a%00b", "#/subject"),
            ("ce-extra", "a%00b", "#/extra"),
            ("ce-data", "{}", "#/data"),
            ("ce-datacontenttype", "application/json", "#/datacontenttype"),
            ("ce-my_extension", "x", "#/my_extension"),
            ("ce-", "x", "#/"),
            ("ce-position", "7", "#/position"),
        ],
    )
    def test_strange_headers(
        self, site: Site, channel: httpx.Client, header: str, value: str | bytes, pointer: str
    ) -> None:
        """Each is named by its attribute, in the same words as in a body."""
        event = cloudevent(subject="bad")
        event.pop(header[3:], None)
        raw = value if isinstance(value, bytes) else value.encode()
        headers: Any = {f"ce-{name}": str(told) for name, told in event.items() if name != "data"}
        pairs = [(name.encode(), told.encode()) for name, told in headers.items()]
        pairs += [(header.encode(), raw), (b"content-type", b"application/json")]
        with recorded(site) as new:
            answer = channel.post("/v1/events", json=VISIT, headers=pairs)

        assert_problem(answer, "invalid-event", pointer)
        assert new == []

    def test_a_header_twice(self, site: Site, channel: httpx.Client) -> None:
        """Which of the two counts would be a guess."""
        event = cloudevent(subject="bad")
        pairs = [(f"ce-{name}", str(told)) for name, told in event.items() if name != "data"]
        pairs += [("ce-id", "other"), ("content-type", "application/json")]
        with recorded(site) as new:
            answer = channel.post("/v1/events", json=VISIT, headers=pairs)

        assert_problem(answer, "invalid-event", "#/id")
        assert new == []

    def test_all_at_once(self, site: Site, channel: httpx.Client) -> None:
        """Headers that cannot be read, attributes and fields that are wrong: one answer names all."""
        headers = {"ce-id": "%", "ce-time": "yesterday", "ce-channel": "fax"}
        event = {**cloudevent(subject="bad"), "data": {"touchpoint": 1}}
        with recorded(site) as new:
            answer = post_binary(channel, event, headers=headers)

        assert_problem(
            answer, "invalid-event", "#/id", "#/time", "#/channel", "#/data/touchpoint", "#/data/action"
        )
        assert new == []

    @pytest.mark.parametrize("name", ["NaN", "depth 1000", "NUL escaped", "invalid UTF-8", "cut off"])
    def test_data_that_are_no_json(self, site: Site, channel: httpx.Client, name: str) -> None:
        """Pointers begin at the event, as in the other modes."""
        body = NOT_JSON[name][0]
        body = body[body.index(b'"data":') + 7 :].removesuffix(b"}")
        headers = {f"ce-{n}": str(v) for n, v in cloudevent(subject="bad").items() if n != "data"}
        with recorded(site) as new:
            answer = post(channel, body, "application/json", headers=headers)

        assert_problem(answer, "malformed-json", *NOT_JSON[name][1])
        assert new == []


class TestCases:
    """What is wrong with an event only in its journey."""

    def _opened(self, channel: httpx.Client, customer: str) -> str:
        data = {"product": "personal-loan", "amount": 1, "currency": "CNY", "materials": []}
        answer = post(channel, cloudevent("application.submitted", data, subject=customer))
        return str(answer.json()["case"])

    @pytest.mark.parametrize("language", ["en", "zh-CN"])
    @pytest.mark.parametrize("send", [post, post_binary])
    def test_each_refusal_has_its_own_problem(
        self, site: Site, channel: httpx.Client, language: str, send: Any
    ) -> None:
        """Case missing, of another kind, of another customer, in another state: nothing is written."""
        customer, headers = new_customer(), {"Accept-Language": language}
        number, other = self._opened(channel, customer), new_customer()
        started = {"reviewer": "li.na", "team": "credit"}
        with recorded(site) as new:
            missing = send(channel, cloudevent("review.started", started, subject=customer), headers=headers)
            unlawful = send(
                channel,
                cloudevent("delivery.completed", {}, subject=customer, case=number),
                headers=headers,
            )
            unknown = send(
                channel,
                cloudevent("review.started", started, subject=customer, case="NO-SUCH"),
                headers=headers,
            )
            kind = send(
                channel,
                cloudevent("complaint.withdrawn", {"reason": "x"}, subject=customer, case=number),
                headers=headers,
            )
            data = {"product": "personal-loan", "amount": 1, "currency": "CNY", "materials": []}
            taken = send(
                channel,
                cloudevent("application.submitted", data, subject=other, case=number),
                headers=headers,
            )

        assert_problem(missing, "case-required", "#/case")
        told = assert_problem(unlawful, "illegal-transition")
        assert (told["case"], told["state"]) == (number, "submitted")
        assert told["allowed"] == ["application.withdrawn", "review.started"]
        assert number in told["detail"]
        assert "application.withdrawn" in told["detail"]
        assert assert_problem(unknown, "illegal-transition")["state"] is None
        assert assert_problem(kind, "case-of-another-kind")["kind"] == "application"
        assert assert_problem(taken, "case-of-another-customer")["case"] == number
        assert new == []
