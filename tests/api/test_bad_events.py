"""Bad input: each kind has its own clear problem in both languages, and nothing of it is written."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from api.languages import TAGS
from tests.api.bad_input import ATTRIBUTES, FIELDS, NOT_JSON, SOUND, VISIT, event_with
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
        answer = post(channel, event_with(type="aplication.submited"))

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
