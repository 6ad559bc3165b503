"""Statuses of complaints, consultations, tickets and surveys: what customers follow and staff work with."""

import threading
from typing import Any

import httpx
import pytest

from tests.api.posting import assert_problem, new_customer
from tests.api.stories import told
from tests.databases import database_settings
from tests.provider import token, trusting
from tests.sites import Site, serving

OPENED: dict[str, tuple[str, dict[str, Any]]] = {
    "consultations": ("consultation.requested", {"topic": "rates", "category": "common", "question": "how?"}),
    "complaints": (
        "complaint.registered",
        {"category": "fees", "severity": "SECRET", "description": "twice", "contact": "13800000000"},
    ),
    "tickets": (
        "ticket.opened",
        {"class": "common", "product": "card", "problem": "stuck", "contact": "13800000000"},
    ),
    "surveys": ("feedback.submitted", {"csat": 2, "comment": "slow"}),
}
"""The event that opens a case of each kind, and what personal it tells."""
ASSIGNED = {"department": "cards", "handler": "SECRET", "due_at": "2026-12-05T20:00:00+08:00"}


@pytest.fixture(scope="module")
def reader(site: Site) -> httpx.Client:
    """Give a client that may read the status of a case and nothing else."""
    return site.client("status:read")


def _opened(channel: httpx.Client, plural: str, customer: str | None = None) -> dict[str, Any]:
    type_, data = OPENED[plural]
    return told(channel, type_, data, subject=customer or new_customer())


def _assigned(channel: httpx.Client, case: dict[str, Any]) -> dict[str, Any]:
    return told(channel, "complaint.assigned", ASSIGNED, subject=case["customer"], case=case["case"])


class TestStatus:
    @pytest.mark.parametrize("plural", OPENED)
    def test_nobody_without_the_right_key(self, site: Site, plural: str) -> None:
        """A status is for who may read one; who may read one may not go through all."""
        assert_problem(site.anonymous().get(f"/v1/{plural}/1"), "unauthorized")
        assert_problem(site.client("events:write").get(f"/v1/{plural}/1"), "insufficient-scope")
        assert_problem(site.client("status:read").get(f"/v1/{plural}"), "insufficient-scope")

    @pytest.mark.parametrize("plural", OPENED)
    def test_how_it_stands(
        self, site: Site, channel: httpx.Client, reader: httpx.Client, plural: str
    ) -> None:
        """Tag and freshness in headers; what is personal is opened for the reader; other words in Chinese."""
        case = _opened(channel, plural)
        head = site.caught_up()

        answer = reader.get(f"/v1/{plural}/{case['case'].lower()}")
        chinese = reader.get(f"/v1/{plural}/{case['case']}", headers={"Accept-Language": "zh"})

        status = answer.json()
        assert answer.status_code == 200
        assert (status["number"], status["customer"]) == (case["case"], case["customer"])
        type_, data = OPENED[plural]
        assert [step["type"] for step in status["steps"]] == [type_]
        assert {name: status[name] for name in data} == data
        assert answer.headers["journey-position"] == str(head)
        assert answer.headers["cache-control"] == "private, no-cache"
        assert chinese.headers["etag"] != answer.headers["etag"]
        assert chinese.json()["next"] != status["next"]

    @pytest.mark.parametrize("plural", OPENED)
    def test_no_such_case(self, site: Site, channel: httpx.Client, reader: httpx.Client, plural: str) -> None:
        """A number is found among the cases of its kind only; a mistyped one is told."""
        other = "tickets" if plural != "tickets" else "surveys"
        number = _opened(channel, other)["case"]
        site.caught_up()

        assert_problem(reader.get(f"/v1/{plural}/{number}"), "not-found")
        assert_problem(reader.get(f"/v1/{plural}/{number}/stream"), "not-found")
        assert_problem(reader.get(f"/v1/{plural}/nothing/like/it"), "not-found")
        mistyped = number[:-1] + ("2" if number[-1] != "2" else "3")
        assert_problem(reader.get(f"/v1/{plural}/{mistyped}"), "case-number-mistyped")

    def test_what_is_known_is_not_sent_again(
        self, site: Site, channel: httpx.Client, reader: httpx.Client
    ) -> None:
        """304 until something happens to the case; a reader may wait for that, and for its own write."""
        case = _opened(channel, "complaints")
        site.caught_up()
        address = f"/v1/complaints/{case['case']}"
        tag = reader.get(address).headers["etag"]
        known = reader.get(address, headers={"If-None-Match": tag})
        news: list[httpx.Response] = []

        def ask() -> None:
            news.append(reader.get(address, params={"wait": 25}, headers={"If-None-Match": tag}))

        asking = threading.Thread(target=ask)
        asking.start()
        position = _assigned(channel, case)["position"]
        asking.join(20)

        assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
        assert (news[0].status_code, news[0].json()["state"]) == (200, "assigned")
        again = reader.get(address, headers={"Prefer": "wait=20", "Journey-Min-Position": str(position)})
        assert again.json()["due_at"] == "2026-12-05T23:59:59.000000Z"

    def test_it_can_be_followed(self, site: Site, channel: httpx.Client, reader: httpx.Client) -> None:
        """The stream tells the status now."""
        case = _opened(channel, "tickets")
        site.caught_up()

        with reader.stream("GET", f"/v1/tickets/{case['case']}/stream") as answer:
            data = next(line for line in answer.iter_lines() if line.startswith("data: "))

        assert case["case"] in data
        assert "stuck" in data


class TestCustomers:
    def test_they_are_told_what_is_theirs(self, tmp_path: Any) -> None:
        """Not who works on it, nor how it is judged; and nothing of others."""
        further = {**trusting(tmp_path), "customer_requests_per_second": 0}
        with (
            database_settings("sqlite", tmp_path / "data", **further) as settings,
            serving(settings) as site,
        ):
            channel = site.client("events:write")
            mine, others = (_opened(channel, "complaints", customer) for customer in ("me", "you"))
            _assigned(channel, mine)
            site.caught_up()
            shown = {"Authorization": f"Bearer {token('status:read', sub='me')}"}
            client = site.anonymous()

            answer = client.get(f"/v1/complaints/{mine['case']}", headers=shown)

            assert answer.status_code == 200
            assert b"SECRET" not in answer.content
            assert answer.json()["waiting_for"]["name"] == "cards"
            assert answer.json()["description"] == "twice"
            assert "-own" in answer.headers["etag"]
            assert_problem(client.get(f"/v1/complaints/{others['case']}", headers=shown), "not-found")
            for path in ("complaints", "work", "work/counts", "applications?handler=li.na"):
                assert_problem(client.get(f"/v1/{path}", headers=shown), "insufficient-scope")
            staff = site.client("cases:work").get(f"/v1/complaints/{mine['case']}")
            assert staff.json()["handler"] == "SECRET"
