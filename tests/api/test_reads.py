"""`/v1/reads` and a customer's `reads`: who read personal data, told to auditors and to the customers."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from journey.settings import Settings
from tests.api.calling import Running, running_app
from tests.api.posting import assert_problem
from tests.facts import cloudevent
from tests.provider import token, trusting
from tests.sites import Site


@pytest.fixture
def customer(site: Site, channel: httpx.Client, request: pytest.FixtureRequest) -> str:
    """Give a customer with a profile."""
    who = f"A{zlib.crc32(request.node.nodeid.encode())}"
    event = cloudevent("customer.registered", {"name": "王小明"}, subject=who)
    assert channel.post("/v1/events", json=event).status_code == 201
    site.caught_up()
    return who


@pytest.fixture(scope="module")
def officer(site: Site) -> httpx.Client:
    """Give the client of a privacy officer."""
    return site.client("privacy:manage")


class TestOfACustomer:
    def test_who_read_it(self, analyst: httpx.Client, officer: httpx.Client, customer: str) -> None:
        """Each reading, the newest first, and nothing that was read."""
        for purpose in ("first", "second"):
            analyst.get(f"/v1/customers/{customer}", headers={"Journey-Purpose": purpose})
        answer = officer.get(f"/v1/customers/{customer}/reads")

        told = answer.json()["items"]
        assert [each["purpose"] for each in told] == ["second", "first"]
        assert {each["customer"] for each in told} == {customer}
        assert told[0]["fields"] == ["customer.registered.name"]
        assert "王小明" not in answer.text

    def test_pages(self, analyst: httpx.Client, officer: httpx.Client, customer: str) -> None:
        """Page by page, each reading once."""
        for number in range(5):
            analyst.get(f"/v1/customers/{customer}", headers={"Journey-Purpose": f"number-{number}"})
        address, found = f"/v1/customers/{customer}/reads?limit=2", []
        while address:
            page = officer.get(address).json()
            found += [each["purpose"] for each in page["items"]]
            address = page["next"]

        assert found == [f"number-{number}" for number in reversed(range(5))]

    def test_nobody_has(self, officer: httpx.Client, customer: str) -> None:
        """A customer whom nobody has read has no readings."""
        assert officer.get(f"/v1/customers/{customer}/reads").json() == {"items": [], "next": None}

    def test_not_for_analysts(self, analyst: httpx.Client, customer: str) -> None:
        """Who reads journeys does not see who else does."""
        assert_problem(analyst.get(f"/v1/customers/{customer}/reads"), "insufficient-scope")
        assert_problem(analyst.get("/v1/reads"), "insufficient-scope")


class TestOfAll:
    def test_of_one_caller(self, site: Site, officer: httpx.Client, customer: str) -> None:
        """What one caller has read, since a moment."""
        staff = site.client("cases:work", "journeys:read")
        caller = staff.headers["authorization"].split()[1][:11]
        staff.get(f"/v1/customers/{customer}")
        (told,) = officer.get("/v1/reads", params={"caller": caller}).json()["items"]

        assert (told["caller"], told["customer"]) == (caller, customer)
        assert told["scopes"] == ["cases:work", "journeys:read"]
        since = {"caller": caller, "since": told["at"]}
        assert len(officer.get("/v1/reads", params=since).json()["items"]) == 1
        until = {"caller": caller, "until": told["at"]}
        assert officer.get("/v1/reads", params=until).json()["items"] == []

    def test_each_is_chained(self, analyst: httpx.Client, officer: httpx.Client, customer: str) -> None:
        """An auditor who keeps a number with its link can tell later whether the records are still those."""
        for _ in range(3):
            analyst.get(f"/v1/customers/{customer}")
        first = officer.get("/v1/reads?limit=3").json()["items"]
        analyst.get(f"/v1/customers/{customer}")
        again = officer.get("/v1/reads?limit=4").json()["items"]

        assert [each["number"] for each in again] == [first[0]["number"] + 1, *(e["number"] for e in first)]
        assert [each["link"] for each in again[1:]] == [each["link"] for each in first]
        assert len({each["link"] for each in again}) == 4

    def test_bad_filters(self, officer: httpx.Client) -> None:
        """What is no filter is refused."""
        assert_problem(officer.get("/v1/reads?kind=own"), "invalid-parameter", "#/query/kind")
        assert_problem(officer.get("/v1/reads?since=today"), "invalid-parameter", "#/query/since")
        assert_problem(officer.get("/v1/reads?cursor=x"), "invalid-parameter", "#/query/cursor")


class TestCustomersThemselves:
    @pytest.fixture
    def app(self, tmp_path: Path) -> Iterator[Running]:
        """Give an app with a customer whom staff and they themselves have read."""
        settings = Settings(data=tmp_path / "data", roles=frozenset({"api"}), **trusting(tmp_path))
        with running_app(settings) as app:
            event = cloudevent("customer.registered", {"name": "王小明"}, subject="customer-1")
            app.call("POST /v1/events", token("events:write", source=event["source"], sub="web"), event)
            app.service.engine.prepare()
            app.service.engine.catch_up()
            staff = token("journeys:read", sub="li.na")
            app.call("GET /v1/customers/customer-1", staff, journey_purpose="credit-review")
            app.call("GET /v1/customers/customer-1", token("status:read", sub="customer-1"))
            yield app

    def test_why_and_what(self, app: Running) -> None:
        """They are told why and what, and not which member of staff it was."""
        answer = app.call("GET /v1/customers/customer-1/reads", token("status:read", sub="customer-1"))
        own, staff = answer.json()["items"]

        assert (own["by"], own["purpose"]) == ("customer", "get_customer")
        assert (staff["by"], staff["purpose"]) == ("staff", "credit-review")
        assert staff["fields"] == ["customer.registered.name"]
        assert b"li.na" not in answer.content

    def test_of_nobody_else(self, app: Running) -> None:
        """Others' readings are not there for them."""
        other = token("status:read", sub="customer-2")

        assert app.call("GET /v1/customers/customer-1/reads", other).status == 404
        assert app.call("GET /v1/reads", other).status == 403
