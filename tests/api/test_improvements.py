"""Improvements over HTTP: given a number, moved on in order, listed, linked with what they answer."""

import io
from datetime import date
from typing import Any

import httpx
import pytest

from journey import case_numbers
from journey.proof.keys import signer_of
from journey_verify.commands import run
from projections.verification import Checked, verify
from tests.api.posting import (
    assert_problem,
    new_customer,
    post,
    post_batch,
    post_binary,
    post_lines,
)
from tests.api.stories import told
from tests.facts import cloudevent
from tests.sites import Site

PROMISED: dict[str, Any] = {
    "plan": "more agents at noon",
    "expected_by": "2026-11-30",
    "expected_effect": "half the wait",
}
COMPLAINT = {"category": "fees", "severity": "high", "description": "twice", "contact": "13800000000"}


@pytest.fixture(scope="module")
def staff(site: Site) -> httpx.Client:
    """Give a client of staff."""
    return site.client("cases:work")


def announcement(**more: Any) -> dict[str, Any]:
    """Return an announcement that leaves the number to the service."""
    data = {"area": {"stage": "consultation", "channel": "phone"}, **PROMISED, **more}
    return cloudevent("improvement.announced", data, subject=None, channel=None)


def announced(channel: httpx.Client, *answers: str, **more: Any) -> str:
    """Announce an improvement, and return its number."""
    answer = post(channel, announcement(answers=answers, **more))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case"])


def moved(channel: httpx.Client, number: str, *types: str) -> None:
    """Let things happen to an improvement."""
    for type_ in types:
        told(channel, f"improvement.{type_}", {"area": {}}, subject=f"improvement:{number}", channel=None)


def numbers(client: httpx.Client, query: str = "") -> set[str]:
    """Return the numbers that a list has, from page to page."""
    found: list[str] = []
    address: str | None = f"/v1/improvements?limit=2{query}"
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        found += [item["number"] for item in answer.json()["items"]]
        address = answer.json()["next"]
    assert len(found) == len(set(found))
    return set(found)


class TestNumber:
    def test_one_is_given_where_none_is_sent(self, channel: httpx.Client) -> None:
        """Of the form of all case numbers, and the same when the announcement is sent again, in any way."""
        event = announcement() | {"id": "announced-1", "time": "2026-11-20T23:30:00+08:00"}
        first = post(channel, event)

        number = case_numbers.number("improvement", "/channels/test", "announced-1", date(2026, 11, 20))
        assert (first.status_code, first.json()["case"]) == (201, number)
        assert first.json()["customer"] == f"improvement:{number}"
        for again in (
            event,
            {**event, "subject": f"improvement:{number.lower()}"},
            {**event, "case": number},
        ):
            answer = post(channel, again)
            assert (answer.status_code, answer.json()["duplicate"]) == (200, True)
        assert post_binary(channel, event).json()["duplicate"]
        assert post_batch(channel, [event]).json()["items"][0]["status"] == "duplicate"
        assert b'"duplicate"' in post_lines(channel, [event]).content

    def test_ones_own_is_kept(self, channel: httpx.Client) -> None:
        """In the subject or as the case."""
        own, other = f"Q-{new_customer()}", f"Q-{new_customer()}"
        by_case = announcement() | {"case": own}
        by_subject = announcement() | {"subject": f"improvement:{other}"}

        assert [post(channel, each).json()["case"] for each in (by_case, by_subject)] == [own, other]

    def test_what_is_already_announced(self, channel: httpx.Client) -> None:
        """Another announcement under the number is refused, as is what nobody has announced."""
        number = announced(channel)

        answer = post(channel, announcement() | {"case": number})
        assert_problem(answer, "illegal-transition")
        assert answer.json()["allowed"] == ["improvement.started"]
        unknown = {**cloudevent("improvement.started", {"area": {}}), "subject": "improvement:Q-0"}
        assert_problem(post(channel, unknown), "illegal-transition")


class TestLifecycle:
    def test_in_order_only(self, channel: httpx.Client) -> None:
        """Announced, started, completed, verified; each once."""
        number = announced(channel)
        steps = ("started", "completed", "verified")
        for done in range(len(steps) + 1):
            for step in steps:
                if step != steps[min(done, 2)] or done == len(steps):
                    event = cloudevent(f"improvement.{step}", {"area": {}}, subject=f"improvement:{number}")
                    assert_problem(post(channel, event), "illegal-transition")
            moved(channel, number, *steps[done : done + 1])

    def test_in_chinese(self, channel: httpx.Client) -> None:
        """The refusal names the state and what may come."""
        event = cloudevent("improvement.verified", {"area": {}}, subject=f"improvement:{announced(channel)}")

        detail = post(channel, event, headers={"Accept-Language": "zh"}).json()["detail"]
        assert "已公布" in detail
        assert "改进启动" in detail

    def test_an_import_records_what_was_out_of_order(self, site: Site, staff: httpx.Client) -> None:
        """Marked, and counted."""
        importer = site.client("events:write", lifecycle="record")
        number = announced(importer)
        moved(importer, number, "completed")
        site.caught_up()

        answer = staff.get(f"/v1/improvements/{number}").json()
        assert (answer["state"], answer["deviations"]) == ("completed", 1)


class TestImprovement:
    def test_nobody_else(self, site: Site) -> None:
        """It is for who works on cases or reads journeys."""
        for path in ("/v1/improvements", "/v1/improvements/1"):
            assert_problem(site.anonymous().get(path), "unauthorized")
            assert_problem(site.client("status:read", "events:write").get(path), "insufficient-scope")

    def test_how_it_stands(self, site: Site, channel: httpx.Client, staff: httpx.Client) -> None:
        """With the cases that it came from; those that are not known here are named."""
        complaint = told(channel, "complaint.registered", COMPLAINT, subject=new_customer())
        number = announced(channel, complaint["case"], "ELSEWHERE-1")
        moved(channel, number, "started")
        site.caught_up()

        answer = staff.get(f"/v1/improvements/{number.lower()}")
        chinese = staff.get(f"/v1/improvements/{number}", headers={"Accept-Language": "zh"})
        improvement = answer.json()
        assert answer.status_code == 200
        assert {name: improvement[name] for name in PROMISED} == PROMISED
        assert improvement["answers"] == [complaint["case"], "ELSEWHERE-1"]
        [case] = improvement["cases"]
        assert (case["number"], case["customer"]) == (complaint["case"], complaint["customer"])
        assert (case["kind"], case["state"]) == ("complaint", "registered")
        assert (improvement["state_name"], chinese.json()["state_name"]) == ("In progress", "实施中")
        assert chinese.json()["area"]["stage_name"] == "咨询"
        assert chinese.json()["cases"][0]["state_name"] == "已登记"

    def test_none_there(self, channel: httpx.Client, staff: httpx.Client) -> None:
        """A mistyped number is told; one that nobody knows is not found."""
        number = announced(channel)
        mistyped = number[:-1] + ("A" if number[-1] != "A" else "B")
        assert_problem(staff.get(f"/v1/improvements/{mistyped}"), "case-number-mistyped")
        assert_problem(staff.get("/v1/improvements/Q-1"), "not-found")
        assert_problem(staff.get(f"/v1/complaints/{number}"), "not-found")

    def test_its_tag_knows_its_cases(self, site: Site, channel: httpx.Client, staff: httpx.Client) -> None:
        """Nothing is sent again until it, or one of its cases, has moved."""
        complaint = told(channel, "complaint.registered", COMPLAINT, subject=new_customer())
        number = announced(channel, complaint["case"])
        site.caught_up()
        first = staff.get(f"/v1/improvements/{number}")
        known = {"If-None-Match": first.headers["etag"]}
        assert staff.get(f"/v1/improvements/{number}", headers=known).status_code == 304

        withdrawn = {"subject": complaint["customer"], "case": complaint["case"]}
        told(channel, "complaint.withdrawn", {"reason": "settled"}, **withdrawn)
        site.caught_up()
        second = staff.get(f"/v1/improvements/{number}", headers=known)
        assert (second.status_code, second.json()["cases"][0]["state"]) == (200, "withdrawn")


def asked(channel: httpx.Client, day: str, waited: int, *, product: str) -> None:
    """Let a customer ask by phone at noon of a day, and be served after some seconds."""
    customer, minutes, seconds = new_customer(), waited // 60, waited % 60
    about = {"topic": "rates", "category": "common", "product": product}
    of = {"subject": customer, "channel": "phone"}
    case = told(channel, "consultation.requested", about, time=f"{day}T12:00:00Z", **of)["case"]
    served = f"{day}T12:{minutes:02}:{seconds:02}Z"
    told(channel, "consultation.answered", {"agent": "li"}, time=served, case=case, **of)
    told(channel, "feedback.submitted", {"csat": 5 if waited < 200 else 2, "about": case}, time=served, **of)


@pytest.fixture(scope="module")
def shortened(site: Site, channel: httpx.Client) -> str:
    """Give an improvement in effect since June, of a product for which waits are shorter since."""
    area = {"stage": "consultation", "channel": "phone", "product": "effect-1"}
    number = announced(channel, area=area)
    for type_, since in (("started", "2026-05-20"), ("completed", "2026-06-01")):
        of = {"subject": f"improvement:{number}", "channel": None, "time": f"{since}T00:00:00Z"}
        told(channel, f"improvement.{type_}", {"area": {}}, **of)
    for day in range(10, 22):
        asked(channel, f"2026-05-{day}", 240 + day, product="effect-1")
        asked(channel, f"2026-06-{day}", 60 + day, product="effect-1")
        asked(channel, f"2026-06-{day}", 900, product="effect-2")
    site.caught_up()
    return number


class TestEffect:
    def test_before_and_after(self, staff: httpx.Client, shortened: str) -> None:
        """What was opened before work began, and since it is in effect; nothing from between."""
        answer = staff.get(f"/v1/improvements/{shortened.lower()}/effect?days=30")
        effect = answer.json()
        measures = {each["measure"]: each for each in effect["measures"]}

        assert (answer.status_code, effect["number"], effect["state"]) == (200, shortened, "completed")
        assert [effect[side]["from"][:10] for side in ("before", "after")] == ["2026-04-20", "2026-06-01"]
        assert [effect[side]["until"][:10] for side in ("before", "after")] == ["2026-05-20", "2026-07-01"]
        waited = measures["waited_p50"]
        # Those of 10 to 19 May, and of 10 to 21 June.
        assert [waited[side]["n"] for side in ("before", "after")] == [10, 12]
        assert [waited[side]["value"] for side in ("before", "after")] == [254, 75]
        assert (waited["difference"]["value"], waited["verdict"], waited["better_is"]) == (
            -179,
            "better",
            "lower",
        )
        assert [measures["csat"][side]["value"] for side in ("before", "after")] == [0, 1]
        assert measures["complaints"]["verdict"] == "too_few"
        assert "decided_p50" not in measures

    def test_is_as_fresh_as_it_says(self, site: Site, staff: httpx.Client, shortened: str) -> None:
        """And computed for a moment, which it names."""
        headers = staff.get(f"/v1/improvements/{shortened}/effect").headers

        assert int(headers["Journey-Position"]) <= site.service.log.head()
        assert headers["Journey-As-Of"] > "2026-11"
        beyond = {"min_position": site.service.log.head() + 1_000}
        assert staff.get(f"/v1/improvements/{shortened}/effect", params=beyond).json()["stale"] is True
        strict = {"Prefer": "handling=strict"}
        behind = staff.get(f"/v1/improvements/{shortened}/effect", params=beyond, headers=strict)
        assert_problem(behind, "projection-behind")

    def test_in_chinese(self, staff: httpx.Client, shortened: str) -> None:
        """Measures, definitions, conclusions."""
        chinese = {"Accept-Language": "zh"}
        effect = staff.get(f"/v1/improvements/{shortened}/effect?days=30", headers=chinese).json()

        [waited] = [each for each in effect["measures"] if each["measure"] == "waited_p50"]
        assert (effect["state_name"], waited["verdict_name"]) == ("已落地", "改善")
        assert waited["says"].startswith("改进前4.2分钟（10件），改进后1.2分钟（12件），变化-3.0分钟")

    def test_what_is_not_in_effect(self, site: Site, channel: httpx.Client, staff: httpx.Client) -> None:
        """Is told as it is today, and nothing is concluded."""
        number = announced(channel)
        site.caught_up()

        effect = staff.get(f"/v1/improvements/{number}/effect").json()
        assert (effect["after"], effect["before"]["days"]) == (None, 90)
        assert {each["verdict"] for each in effect["measures"]} == {"too_early"}

    def test_none_there(self, channel: httpx.Client, staff: httpx.Client) -> None:
        """A mistyped number is told, as is what is no number of days."""
        number = announced(channel)
        mistyped = number[:-1] + ("A" if number[-1] != "A" else "B")
        assert_problem(staff.get(f"/v1/improvements/{mistyped}/effect"), "case-number-mistyped")
        assert_problem(staff.get("/v1/improvements/Q-1/effect"), "not-found")
        none = staff.get(f"/v1/improvements/{number}/effect?days=0")
        assert_problem(none, "invalid-parameter", "#/query/days")

    def test_what_was_concluded(self, site: Site, channel: httpx.Client, staff: httpx.Client) -> None:
        """Is recorded with the figures that it was concluded from, and told with the improvement."""
        number = announced(channel)
        moved(channel, number, "started", "completed")
        figures = [{"measure": "csat", "before": 0.61, "after": 0.74, "before_n": 120, "after_n": 131}]
        judged = {"area": {}, "figures": figures, "conclusion": "it helped"}
        wrong = {**judged, "figures": [{"measure": "csat", "before": "many", "after": 1, "before_n": -1}]}
        of = {"subject": f"improvement:{number}", "channel": None}

        refused = post(channel, cloudevent("improvement.verified", wrong, **of))
        assert {each["pointer"] for each in refused.json()["errors"]} == {
            "#/data/figures/0/before",
            "#/data/figures/0/before_n",
        }
        told(channel, "improvement.verified", judged, **of)
        site.caught_up()

        answer = staff.get(f"/v1/improvements/{number}").json()
        assert (answer["state"], answer["conclusion"]) == ("verified", "it helped")
        assert answer["figures"] == [{**figures[0], "name": "Satisfied customers"}]


class TestCases:
    @pytest.mark.parametrize(
        ("plural", "type_", "data"),
        [
            ("complaints", "complaint.registered", COMPLAINT),
            ("surveys", "feedback.submitted", {"csat": 1, "comment": "slow"}),
        ],
    )
    def test_name_what_answers_them(
        self, site: Site, channel: httpx.Client, plural: str, type_: str, data: dict[str, Any]
    ) -> None:
        """In words that the customer may read; the tag changes with it."""
        reader, case = site.client("status:read"), told(channel, type_, data, subject=new_customer())
        site.caught_up()
        path = f"/v1/{plural}/{case['case']}"
        before = reader.get(path)
        assert before.json()["improvements"] == []
        known = {"If-None-Match": before.headers["etag"]}
        assert reader.get(path, headers=known).status_code == 304

        number = announced(channel, case["case"])
        moved(channel, number, "started")
        site.caught_up()
        after = reader.get(path, headers=known)
        [improvement] = after.json()["improvements"]
        assert after.status_code == 200
        assert improvement == {
            "number": number,
            "state": "in_progress",
            "state_name": "In progress",
            **PROMISED,
        }
        known = {"If-None-Match": after.headers["etag"]}
        assert reader.get(path, headers=known).status_code == 304

    def test_others_name_none(self, site: Site, channel: httpx.Client) -> None:
        """Improvements answer complaints and scores."""
        ticket = {"class": "common", "product": "card", "problem": "stuck", "contact": "13800000000"}
        case = told(channel, "ticket.opened", ticket, subject=new_customer())
        site.caught_up()

        assert "improvements" not in site.client("status:read").get(f"/v1/tickets/{case['case']}").json()


class TestList:
    def test_by_area_state_and_day(self, site: Site, channel: httpx.Client, staff: httpx.Client) -> None:
        """What is due first comes first, page by page; what is verified comes where it is asked for."""
        late, soon, done = (
            announced(channel, area={"stage": "care", "product": "x1"}, expected_by=day)
            for day in ("2020-01-01", "9000-01-01", "2020-01-02")
        )
        moved(channel, soon, "started")
        moved(channel, done, "started", "completed", "verified")
        site.caught_up()

        assert numbers(staff, "&stage=care&product=x1") == {late, soon}
        assert numbers(staff, "&product=x1&channel=web") == set()
        assert numbers(staff, "&product=x1&due=overdue") == {late}
        assert numbers(staff, "&product=x1&state=in_progress") == {soon}
        assert numbers(staff, "&product=x1&state=verified") == {done}
        assert numbers(staff, "&product=x1&turn=nobody") == {done}
        items = staff.get("/v1/improvements?product=x1").json()["items"]
        assert [(item["number"], item["overdue"], item["customer"]) for item in items] == [
            (late, True, None),
            (soon, False, None),
        ]
        assert late in {item["number"] for item in staff.get("/v1/work?product=x1").json()["items"]}
        counted = staff.get("/v1/work/counts?kind=improvement&product=x1").json()["items"]
        assert {row["value"]: (row["open"], row["overdue"]) for row in counted} == {
            "announced": (1, 1),
            "in_progress": (1, 0),
        }

    def test_as_a_table_and_as_lines(self, site: Site, channel: httpx.Client, staff: httpx.Client) -> None:
        """In the forms of all lists."""
        number = announced(channel, area={"product": "x2"})
        site.caught_up()

        table = staff.get("/v1/improvements?product=x2", headers={"Accept": "text/csv"})
        lines = staff.get("/v1/improvements?product=x2", headers={"Accept": "application/x-ndjson"})
        assert table.text.splitlines()[1].startswith(f"{number},improvement,")
        assert lines.json()["number"] == number

    def test_what_is_no_filter(self, staff: httpx.Client) -> None:
        """A mistyped one must not answer with everything."""
        assert_problem(staff.get("/v1/improvements?area=care"), "invalid-parameter", "#/query/area")
        assert_problem(staff.get("/v1/improvements?stage=x"), "invalid-parameter", "#/query/stage")


class TestNobodysData:
    def test_it_is_no_customer(self, site: Site, channel: httpx.Client) -> None:
        """It has no timeline, no copy, nothing to restrict or to erase; the log tells it to who reads all."""
        operator, sent = site.client(), announcement()
        number = post(channel, sent).json()["case"]
        site.caught_up()
        stream = f"/v1/customers/improvement:{number}"
        asked = {"request_id": "R1", "basis": "PIPL Art. 47"}

        for path in ("", "/timeline", "/export", "/erasure"):
            assert_problem(operator.get(f"{stream}{path}"), "not-found")
        for path in ("/erasure", "/restriction", "/restriction/lift", "/legal-hold", "/legal-hold/lift"):
            assert_problem(operator.post(f"{stream}{path}", json=asked), "not-found")
        key = f"source=/channels/test&id={sent['id']}"
        [event] = operator.get(f"/v1/events?{key}").json()["items"]
        assert (event["subject"], event["data"]["plan"]) == (f"improvement:{number}", PROMISED["plan"])

    def test_log_and_rows_are_proven_and_made_anew(self, site: Site, channel: httpx.Client) -> None:
        """The program proves the log with such streams in it; a rebuild gives the rows that there were."""
        number, service, operator = announced(channel, "CMP-1"), site.service, site.client()
        moved(channel, number, "started")
        assert operator.post("/v1/projections/improvements/rebuild").is_success
        site.caught_up()
        assert service.integrator is not None
        service.integrator.catch_up()

        with service.views.connect() as connection:
            projection = service.projections["improvements"]
            assert list(verify(service.log, connection, projection, Checked())) == []
        assert operator.get(f"/v1/improvements/{number}").json()["answers"] == ["CMP-1"]
        signer, said = signer_of(service.settings), io.StringIO()
        assert signer is not None
        place = service.settings.database or str(service.settings.data)
        assert run(["full", place, "--key", str(signer.verifier)], said, said) == 0, said.getvalue()
