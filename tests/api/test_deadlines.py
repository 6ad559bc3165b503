"""Deadlines over HTTP, under the rules of mainland China: explained, recomputed, and guarded."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from journey import case_numbers
from tests.api.posting import assert_problem, new_customer, post
from tests.api.stories import told
from tests.conftest import DATABASES
from tests.databases import database_settings
from tests.facts import cloudevent
from tests.sites import Site, serving

REGISTERED = {"category": "fees", "severity": "normal", "description": "twice", "contact": "13800000000"}
ASSIGNED = {"department": "cards", "handler": "li.na", "due_at": "2026-03-16T23:59:59+08:00"}
NOTICE = {"told_at": "2026-03-05T10:05:00+08:00", "medium": "sms"}
EXTENDED = {
    "new_due_at": "2026-03-31T23:59:59+08:00",
    "ground": "complex",
    "reason": "the shop's bank has not answered",
    "approved_by": "wang.wei",
    "level": "department",
    "notice": NOTICE,
}
SUSPENDED = {"cause": "appraisal", "body": "City appraisers", "notice": NOTICE}


@pytest.fixture(scope="module", params=DATABASES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a service that works by the rules of mainland China."""
    directory = tmp_path_factory.mktemp("data") / "data"
    with (
        database_settings(request.param, directory, rule_set="cn") as settings,
        serving(settings) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def channel(site: Site) -> httpx.Client:
    """Give a client that may write events."""
    return site.client("events:write")


@pytest.fixture(scope="module")
def reader(site: Site) -> httpx.Client:
    """Give a client that may read the status of a case and nothing else."""
    return site.client("status:read")


class Complaint:
    """A complaint of a new customer, registered on 1 March 2026 and assigned on the next day."""

    def __init__(self, channel: httpx.Client, customer: str | None = None) -> None:
        self.channel, self.customer = channel, customer or new_customer()
        opening = {"subject": self.customer, "time": "2026-03-01T10:00:00+08:00"}
        self.number: str = told(channel, "complaint.registered", REGISTERED, **opening)["case"]
        self.happens("complaint.assigned", "2026-03-02T10:00:00+08:00", **ASSIGNED)

    def sent(self, type_: str, time: str, **data: Any) -> dict[str, Any]:
        """Return an event of it, as a channel posts it."""
        return cloudevent(type_, data, subject=self.customer, case=self.number, time=time)

    def happens(self, type_: str, time: str, **data: Any) -> None:
        """Let something happen to it that must be taken."""
        answer = post(self.channel, self.sent(type_, time, **data))
        assert answer.status_code == 201, answer.text


def _explained(reader: httpx.Client, number: str, **asked: str) -> dict[str, Any]:
    answer = reader.get(f"/v1/complaints/{number}/deadlines", params=asked)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


class TestExplaining:
    def test_step_by_step(self, channel: httpx.Client, reader: httpx.Client) -> None:
        """Each step says what happened, which rule it rests on and by how many days it moved the end."""
        complaint = Complaint(channel)
        complaint.happens("complaint.suspended", "2026-03-05T10:00:00+08:00", **SUSPENDED)
        complaint.happens("complaint.resumed", "2026-03-09T10:00:00+08:00", notice=NOTICE)
        extended = {**EXTENDED, "new_due_at": "2026-04-04T23:59:59+08:00"}
        complaint.happens("complaint.extended", "2026-03-10T10:00:00+08:00", **extended)

        body = _explained(reader, complaint.number.lower(), as_of="2026-03-11T00:00:00+08:00")

        assert (body["complaint"], body["customer"]) == (complaint.number, complaint.customer)
        assert (body["status"], body["overdue"], body["stopped_at"]) == ("running", False, None)
        assert (body["due_at"], body["warn_at"]) == ("2026-04-04T23:59:59+08:00", "2026-04-01T23:59:59+08:00")
        assert [
            (step["kind"], step["due_at"][:10], step["days"], step["version"]) for step in body["steps"]
        ] == [
            ("started", "2026-03-16", 0, 1),
            ("suspended", "2026-03-16", 0, 3),
            ("resumed", "2026-03-20", 4, 4),
            ("extended", "2026-04-04", 15, 5),
        ]
        assert all(step["source"].startswith("The Measures") for step in body["steps"])
        assert (body["rules"]["stamp"], body["rules"]["time_zone"]) == ("cn@2020-03", "Asia/Shanghai")
        assert any("gazette" in remark for remark in body["rules"]["unverified"])

    def test_in_the_readers_language(self, channel: httpx.Client, reader: httpx.Client) -> None:
        """Words are Chinese; everything else is the same."""
        number = Complaint(channel).number
        path, asked = f"/v1/complaints/{number}/deadlines", {"as_of": "2026-03-02T12:00:00+08:00"}
        english = reader.get(path, params=asked)
        chinese = reader.get(path, params=asked, headers={"Accept-Language": "zh-CN"})

        assert (english.headers["content-language"], chinese.headers["content-language"]) == ("en", "zh-CN")
        assert chinese.json()["steps"][0]["says"] == "收到投诉，应在15日内答复"
        assert chinese.json()["status_name"] == "计算中"
        assert english.json()["due_at"] == chinese.json()["due_at"]
        assert english.headers["cache-control"] == "private, no-cache"

    def test_what_the_customer_is_owed_now(self, channel: httpx.Client, reader: httpx.Client) -> None:
        """Without a moment it is the present one: what was registered in March is overdue."""
        body = _explained(reader, Complaint(channel).number)

        assert (body["status"], body["overdue"], body["warn_at"]) == ("missed", True, None)
        assert body["steps"][-1]["kind"] == "passed"

    def test_an_event_from_a_clock_ahead_counts(
        self, site: Site, channel: httpx.Client, reader: httpx.Client
    ) -> None:
        """It was told, so it has happened."""
        soon = (site.service.clock() + timedelta(seconds=120)).isoformat()
        case = told(channel, "complaint.registered", REGISTERED, subject=new_customer(), time=soon)["case"]

        assert _explained(reader, case)["status"] == "running"


class TestRecomputing:
    def test_as_of_last_month(self, channel: httpx.Client, reader: httpx.Client) -> None:
        """The answer is the one of then, whatever happened since."""
        complaint = Complaint(channel)
        then = _explained(reader, complaint.number, as_of="2026-03-10T00:00:00+08:00")
        complaint.happens("complaint.extended", "2026-03-12T10:00:00+08:00", **EXTENDED)
        complaint.happens(
            "complaint.answered", "2026-03-20T10:00:00+08:00", result="paid back", measures=[], medium="phone"
        )

        assert _explained(reader, complaint.number, as_of="2026-03-10T00:00:00+08:00") == then
        extended = _explained(reader, complaint.number, as_of="2026-03-13T00:00:00+08:00")
        assert extended["due_at"][:10] == "2026-03-31"
        assert _explained(reader, complaint.number)["status"] == "met"

    def test_as_was_known_then(self, site: Site, channel: httpx.Client, reader: httpx.Client) -> None:
        """An event that is dated before, and was recorded later, is left out."""
        complaint = Complaint(channel)
        known = site.service.log.read_stream(complaint.customer)[-1].recorded_at.isoformat()
        complaint.happens("complaint.extended", "2026-03-12T10:00:00+08:00", **EXTENDED)
        as_of = "2026-03-13T00:00:00+08:00"

        assert (
            _explained(reader, complaint.number, as_of=as_of, as_known_at=known)["due_at"][:10]
            == "2026-03-16"
        )
        assert _explained(reader, complaint.number, as_of=as_of)["due_at"][:10] == "2026-03-31"

    def test_before_it_began_there_is_nothing(self, channel: httpx.Client, reader: httpx.Client) -> None:
        """Nobody had complained yet."""
        number = Complaint(channel).number
        before = {"as_of": "2026-02-28T00:00:00+08:00"}

        assert_problem(reader.get(f"/v1/complaints/{number}/deadlines", params=before), "not-found")

    def test_a_moment_without_its_offset_is_refused(
        self, channel: httpx.Client, reader: httpx.Client
    ) -> None:
        """It might be off by half a day."""
        path = f"/v1/complaints/{Complaint(channel).number}/deadlines"
        answer = reader.get(path, params={"as_of": "2026-03-01", "as_known_at": "yesterday"})

        assert_problem(answer, "invalid-parameter", "#/query/as_of", "#/query/as_known_at")


class TestFinding:
    def test_no_such_complaint(self, channel: httpx.Client, reader: httpx.Client) -> None:
        """A number is found among complaints only; a mistyped one is told."""
        ticket = {"class": "common", "product": "card", "problem": "stuck", "contact": "13800000000"}
        number = told(channel, "ticket.opened", ticket, subject=new_customer())["case"]
        never = case_numbers.number("complaint", "/channels/x", "never", date(2026, 3, 1))

        for unknown in (number, never, "nothing"):
            assert_problem(reader.get(f"/v1/complaints/{unknown}/deadlines"), "not-found")
        mistyped = never[:-1] + ("2" if never[-1] != "2" else "3")
        assert_problem(reader.get(f"/v1/complaints/{mistyped}/deadlines"), "case-number-mistyped")


class TestRefusing:
    def test_every_bad_field_is_named(self, channel: httpx.Client) -> None:
        """The approver's level, the notice and the end, all at once."""
        complaint = Complaint(channel)
        bad = {**EXTENDED, "ground": "exceptional", "new_due_at": "2026-05-01T00:00:00+08:00", "notice": None}

        answer = post(channel, complaint.sent("complaint.extended", "2026-03-10T10:00:00+08:00", **bad))

        body = assert_problem(
            answer, "time-limit-refused", "#/data/level", "#/data/notice", "#/data/new_due_at"
        )
        assert body["case"] == complaint.number
        assert any("2026-04-30T23:59:59+08:00" in each["detail"] for each in body["errors"])

    def test_an_extension_that_says_nothing_of_approver_and_notice(self, channel: httpx.Client) -> None:
        """What is not even told is missing."""
        complaint = Complaint(channel)
        bad = {"new_due_at": EXTENDED["new_due_at"], "reason": "busy"}

        answer = post(channel, complaint.sent("complaint.extended", "2026-03-10T10:00:00+08:00", **bad))

        missing = ("approved_by", "ground", "level", "notice")
        assert_problem(answer, "invalid-event", *(f"#/data/{name}" for name in missing))

    def test_what_happened_nevertheless_is_recorded_and_does_not_count(
        self, site: Site, channel: httpx.Client, reader: httpx.Client
    ) -> None:
        """With lifecycle=record, as a deviation that says why."""
        complaint, recording = Complaint(channel), site.client("events:write", lifecycle="record")
        bad = complaint.sent(
            "complaint.extended", "2026-03-10T10:00:00+08:00", **{**EXTENDED, "notice": None}
        )

        answer = post(recording, bad)

        assert answer.status_code == 201
        assert "must be told" in answer.json()["deviation"]
        body = _explained(reader, complaint.number, as_of="2026-03-11T00:00:00+08:00")
        assert body["due_at"][:10] == "2026-03-16"
        assert "does not count" in body["steps"][-1]["says"]
