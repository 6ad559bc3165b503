"""Restriction and erasure over HTTP: what readers see, what is taken, what a customer may have a copy of."""

import itertools
import re
import time
from collections.abc import Iterator
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.api.posting import assert_problem, post
from tests.databases import database_settings
from tests.facts import cloudevent
from tests.journey.erasure.offices import SHORT
from tests.sites import Site, serving

NAME = "陈晓燕-CANARY"
ASKED = {"request_id": "DSR-1", "basis": "PIPL Art. 47"}
MARKUP = "html head meta title style body main h1 h2 dl dt dd p ol li strong em time table tr th td br"
_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a service whose schedule keeps nothing, or identity for ten days."""
    schedules: Path = tmp_path_factory.mktemp("schedules")
    for name, days in (("NOW", 0), ("DAYS", 10)):
        (schedules / f"{name.lower()}.toml").write_text(SHORT.format(name, days))
    further = {"retention": schedules, "jurisdiction": "NOW", "erasure_epoch_hours": 0}
    directory = tmp_path_factory.mktemp("data")
    with database_settings(request.param, directory, **further) as found, serving(found) as running:
        yield running


@pytest.fixture
def officer(site: Site) -> httpx.Client:
    """Give the client of somebody who manages privacy, and reads."""
    return site.client("privacy:manage", "journeys:read")


@pytest.fixture
def customer(site: Site, channel: httpx.Client) -> str:
    """Give a customer with a name, a phone and a withdrawn application, seen by every projection."""
    who = f"P{next(_numbers)}"
    told = {"name": NAME, "phone": "13800138000", "segment": "mass"}
    case = f"APP-{who}"
    for each in (
        cloudevent("customer.registered", told, subject=who),
        cloudevent("application.started", {"product": "personal-loan"}, subject=who, case=case),
        cloudevent("application.withdrawn", {"reason": f"{NAME} left"}, subject=who, case=case),
    ):
        assert post(channel, each).status_code in (200, 201)
    site.caught_up()
    return who


def ask(client: httpx.Client, customer: str, what: str, **further: Any) -> dict[str, Any]:
    """Ask for a step, and return how things stand then."""
    answer = client.post(f"/v1/customers/{customer}/{what}", json={**ASKED, **further})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def reached(client: httpx.Client, customer: str, state: str) -> dict[str, Any]:
    """Wait until a customer's data stands so."""
    deadline = time.monotonic() + 30
    while (told := client.get(f"/v1/customers/{customer}/erasure").json())["state"] != state:
        assert time.monotonic() < deadline, told
    body: dict[str, Any] = told
    return body


class TestRestriction:
    def test_is_told_to_nobody_but_who_manages_it(
        self, analyst: httpx.Client, officer: httpx.Client, customer: str
    ) -> None:
        """Fields read as restricted, and as they were when it is lifted; tags change each time."""
        before = analyst.get(f"/v1/customers/{customer}")
        told = ask(officer, customer, "restriction")
        assert (told["state"], told["restriction"]["request"]) == ("restricted", "DSR-1")
        deadline = time.monotonic() + 20
        while (shown := _profile(analyst, customer))["name"] == NAME:
            assert time.monotonic() < deadline
        assert shown["name"] == shown["phone"] == {"restricted": True}
        assert shown["segment"] == "mass"
        assert _profile(officer, customer)["name"] == NAME
        number = f"/v1/applications/APP-{customer}"
        assert analyst.get(number, headers={"If-None-Match": before.headers["etag"]}).status_code == 200

        ask(officer, customer, "restriction/lift")
        while _profile(analyst, customer)["name"] != NAME:
            assert time.monotonic() < deadline

    def test_what_is_new_is_refused(
        self, channel: httpx.Client, officer: httpx.Client, customer: str
    ) -> None:
        """At once, by the event in the customer's own stream."""
        ask(officer, customer, "restriction")

        assert_problem(post(channel, cloudevent(subject=customer)), "processing-restricted")


class TestErasure:
    def test_everything(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client, officer: httpx.Client, customer: str
    ) -> None:
        """Every place confirms, fields read as erased, no tag is right any more, and nothing comes back."""
        addresses = [f"/v1/customers/{customer}", f"/v1/applications/APP-{customer}"]
        tags = {address: analyst.get(address).headers["etag"] for address in addresses}
        ask(officer, customer, "erasure")
        told = reached(officer, customer, "erased")
        site.caught_up()

        assert all(place["confirmed"] for place in told["places"])
        assert {each["state"] for each in told["classes"]} == {"erased"}
        for address, tag in tags.items():
            assert analyst.get(address, headers={"If-None-Match": tag}).status_code == 200
        assert _profile(analyst, customer)["name"] == {"erased": True}
        assert analyst.get(f"/v1/customers/{customer}").json()["privacy"] == "erased"
        assert NAME not in analyst.get(f"/v1/customers/{customer}/timeline").text
        again = cloudevent("customer.profile_changed", {"name": NAME}, subject=customer)
        assert_problem(post(channel, again), "personal-data-erased", "#/data/name")
        assert post(channel, cloudevent(subject=customer)).status_code == 201

    def test_who_is_erased_can_complain(
        self, channel: httpx.Client, officer: httpx.Client, customer: str
    ) -> None:
        """While the law keeps who they were, and after: under a new id, as the refusal says."""
        ask(officer, customer, "erasure", jurisdiction="DAYS")
        deadline = time.monotonic() + 30
        while {each["state"] for each in _classes(officer, customer)} != {"waiting", "erased"}:
            assert time.monotonic() < deadline
        told = {"category": "fee", "severity": "low", "description": "x", "contact": "13800138000"}
        complaint = cloudevent("complaint.registered", {**told, "about": f"APP-{customer}"}, subject=customer)
        assert_problem(
            post(channel, complaint), "personal-data-erased", "#/data/contact", "#/data/description"
        )
        assert "new subject" in unescape(channel.get("/problems/personal-data-erased").text)
        again = post(channel, {**complaint, "subject": f"{customer}-again"})

        assert again.status_code == 201, again.text

    def test_why_and_until_when(self, officer: httpx.Client, customer: str) -> None:
        """What the law keeps is told with its rule and its end; asking again changes nothing."""
        ask(officer, customer, "erasure", jurisdiction="DAYS")
        told = reached(officer, customer, "restricted")
        identity = next(each for each in told["classes"] if each["retention"] == "identity")

        assert (identity["state"], identity["because"]) == ("waiting", "retention")
        assert identity["until"]
        assert ask(officer, customer, "erasure", jurisdiction="DAYS")["erasure"] == told["erasure"]

    def test_a_hold_is_not_told_to_customers(self, officer: httpx.Client, customer: str) -> None:
        """Nothing is erased while it lasts."""
        ask(officer, customer, "legal-hold")
        told = ask(officer, customer, "erasure")
        assert {each["because"] for each in told["classes"]} == {"legal_hold"}
        ask(officer, customer, "legal-hold/lift")
        reached(officer, customer, "erased")

    def test_what_is_wrong_is_named(self, officer: httpx.Client, customer: str) -> None:
        """Bodies are read as strictly as events; nobody is erased who is not there."""
        address = f"/v1/customers/{customer}/erasure"
        assert_problem(officer.post(address, json={"basis": "x"}), "invalid-event", "#/request_id")
        unknown = officer.post(address, json={**ASKED, "jurisdiction": "Mars"})
        assert_problem(unknown, "invalid-event", "#/jurisdiction")
        assert_problem(officer.post("/v1/customers/nobody/erasure", json=ASKED), "not-found")
        assert_problem(officer.get("/v1/customers/nobody/erasure"), "not-found")


class TestExport:
    def test_who_read_it(self, analyst: httpx.Client, officer: httpx.Client, customer: str) -> None:
        """A copy tells every reading, why and what, but not which member of staff it was."""
        for number in range(3):
            headers = {"Journey-Purpose": f"credit-review-{number}"}
            analyst.get(f"/v1/customers/{customer}", headers=headers)
        copy = officer.get(f"/v1/customers/{customer}/export")

        told = copy.json()["reads"]
        assert [each["purpose"] for each in told] == [f"credit-review-{number}" for number in (2, 1, 0)]
        assert {each["by"] for each in told} == {"staff"}
        assert analyst.headers["authorization"].split()[1][:11] not in copy.text

    @pytest.mark.parametrize("said", [("en", "Phone", "Restricted"), ("zh-CN", "电话号码", "限制处理")])
    def test_as_a_page(
        self,
        analyst: httpx.Client,
        officer: httpx.Client,
        customer: str,
        said: tuple[str, str, str],
    ) -> None:
        """A page in the reader's language tells the same as JSON, and runs and loads nothing."""
        language, label, title = said
        address = f"/v1/customers/{customer}/export"
        analyst.get(f"/v1/customers/{customer}", headers={"Journey-Purpose": "credit-review"})
        ask(officer, customer, "restriction")
        headers = {"Accept": "text/html", "Accept-Language": language}
        page = officer.get(address, headers=headers)
        told = officer.get(address, headers={"Accept-Language": language}).json()

        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["cache-control"] == "no-store"
        (policy,) = page.headers.get_list("content-security-policy")
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        text = unescape(page.text)
        assert f'<html lang="{language}">' in text
        assert f"<dt>{label}</dt><dd>13800138000</dd>" in text
        assert title in text
        assert "credit-review" in text
        for event in told["events"]:
            assert event["title"] in text
            assert event["says"] in text
        (recorded, *_) = officer.get(f"/v1/customers/{customer}/reads").json()["items"]
        assert (recorded["operation"], recorded["customer"]) == ("export_customer", customer)

    def test_nothing_in_a_page_is_markup(
        self, channel: httpx.Client, officer: httpx.Client, site: Site
    ) -> None:
        """What customers and channels wrote is text, whatever it looks like."""
        who = "P<b>\"'&"
        evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
        named = cloudevent("customer.registered", {"name": evil}, subject=who)
        assert post(channel, named).status_code == 201
        site.caught_up()
        address = f"/v1/customers/{quote(who, safe='')}/export"
        page = officer.get(address, headers={"Accept": "text/html", "Journey-Purpose": "a"}).text

        assert escape(evil) in page
        assert escape(who) in page
        assert set(re.findall(r"<(\w+)", page)) <= set(MARKUP.split())

    def test_other_forms(self, officer: httpx.Client, customer: str) -> None:
        """There are two, and the problem names them."""
        answer = officer.get(f"/v1/customers/{customer}/export", headers={"Accept": "application/pdf"})

        assert assert_problem(answer, "not-acceptable")["supported"] == ["application/json", "text/html"]

    def test_everything_in_words_and_as_data(self, officer: httpx.Client, customer: str) -> None:
        """A copy tells all events; after an erasure it tells that they are erased."""
        address = f"/v1/customers/{customer}/export"
        copy = officer.get(address, headers={"Accept-Language": "zh-CN"}).json()
        assert copy["current_state"]["profile"]["name"] == NAME
        assert copy["events"][0]["type"] == "customer.registered"
        assert copy["events"][0]["title"] == "客户建档"
        assert copy["expires_at"] > copy["made_at"]

        ask(officer, customer, "erasure")
        reached(officer, customer, "erased")
        assert NAME not in officer.get(address).text


def _classes(client: httpx.Client, customer: str) -> list[dict[str, Any]]:
    classes: list[dict[str, Any]] = client.get(f"/v1/customers/{customer}/erasure").json()["classes"]
    return classes


def _profile(client: httpx.Client, customer: str) -> Any:
    return client.get(f"/v1/customers/{customer}").json()["profile"]
