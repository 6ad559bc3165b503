"""Who may call what: nothing is open without a key, and each route has its row in the table here."""

from datetime import UTC, datetime

import httpx
import pytest
from fastapi import Request
from fastapi.routing import iter_route_contexts

from api.app import create_app
from api.caller import Caller
from api.event_examples import SUBMITTED
from api.keys import SCOPES, Scope
from api.path_examples import APPLICATION
from api.problems import Problem
from api.rates import Rates
from journey.settings import Settings
from tests.api.posting import assert_problem, post, recorded
from tests.databases import database_settings
from tests.facts import cloudevent
from tests.sites import Site, serving

ANY: tuple[Scope, ...] = SCOPES

OPEN = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/problems"), ("GET", "/problems/{code}")}
"""What may be read without a key: whether the service lives, and what its problems mean."""

ALLOWED: dict[tuple[str, str], tuple[Scope, ...]] = {
    ("POST", "/v1/events"): ("events:write",),
    ("OPTIONS", "/v1/events"): ("events:write",),
    ("GET", "/v1/events"): ("journeys:read",),
    ("GET", "/v1/customers/{customer}"): ("journeys:read",),
    ("GET", "/v1/customers/{customer}/timeline"): ("journeys:read",),
    ("GET", "/v1/customers/{customer}/stream"): ("journeys:read",),
    ("GET", "/v1/applications"): ("journeys:read", "cases:work"),
    ("GET", "/v1/applications/{number}"): ("status:read", "journeys:read", "cases:work"),
    ("GET", "/v1/applications/{number}/stream"): ("status:read", "journeys:read", "cases:work"),
    ("GET", "/v1/event-types"): ANY,
    ("GET", "/v1/event-types/{type}"): ANY,
    ("GET", "/v1/processes"): ANY,
    ("GET", "/v1/processes/{product}"): ANY,
    ("GET", "/v1/projections"): ("ops:admin",),
    ("GET", "/v1/projections/{name}"): ("ops:admin",),
    ("POST", "/v1/projections/{name}/rebuild"): ("ops:admin",),
    ("POST", "/v1/projections/{name}/rollback"): ("ops:admin",),
    ("POST", "/v1/projections/{name}/retry"): ("ops:admin",),
    ("GET", "/metrics"): ("ops:admin",),
    ("GET", "/openapi.json"): ANY,
}
"""By route: the scopes of which one is enough."""

PLACES = {
    "{customer}": "customer-1",
    "{number}": APPLICATION,
    "{type}": "application.submitted",
    "{product}": "personal-loan",
    "{name}": "timeline",
    "{code}": "not-found",
}


def _address(path: str) -> str:
    for place, value in PLACES.items():
        path = path.replace(place, value)
    return path


def _status(client: httpx.Client, method: str, path: str) -> int:
    """Ask, and read no more than the head of the answer: a stream has no end."""
    with client.stream(method, _address(path)) as answer:
        return answer.status_code


@pytest.fixture(scope="module")
def by_scope(site: Site) -> dict[Scope, httpx.Client]:
    """Give a client for each scope, which has no other; and something to be seen."""
    post(site.client("events:write"), SUBMITTED)
    site.caught_up()
    return {scope: site.client(scope) for scope in SCOPES}


class TestTable:
    def test_every_route_has_its_row(self) -> None:
        """A route that nobody has decided on fails here."""
        app = create_app(Settings(database="postgresql://nowhere/nothing"))
        contexts = list(iter_route_contexts(app.routes))
        routes = {(method, c.path_format) for c in contexts for method in c.methods or ()}

        assert routes == OPEN | set(ALLOWED)

    @pytest.mark.parametrize(("method", "path"), OPEN)
    def test_what_is_open(self, site: Site, method: str, path: str) -> None:
        """Without a key, and with one that is wrong."""
        stranger = site.anonymous()
        assert _status(stranger, method, path) == 200
        stranger.headers["Authorization"] = "Bearer cj_00000000_x"
        assert _status(stranger, method, path) == 200

    @pytest.mark.parametrize(("method", "path"), ALLOWED)
    def test_nobody_without_a_valid_key(self, site: Site, method: str, path: str) -> None:
        """None, one that does not exist, another scheme, a secret that is not quite right."""
        key = site.client().headers["authorization"]
        wrong = ["Bearer", "Bearer x", "Bearer cj_00000000_abc", "Bearer 王", key[:-1], key + "x"]
        wrong += [f"Basic {key.partition(' ')[2]}", f"Bearer {key.rpartition('_')[0]}"]
        shown = [[], *([(b"authorization", header.encode())] for header in wrong)]
        for headers in shown:
            answer = site.anonymous().request(method, _address(path), headers=headers)

            assert_problem(answer, "unauthorized")
            assert answer.headers["www-authenticate"] == 'Bearer realm="journey"'

    @pytest.mark.parametrize(("method", "path"), ALLOWED)
    def test_each_scope_opens_its_routes_and_no_other(
        self, by_scope: dict[Scope, httpx.Client], method: str, path: str
    ) -> None:
        """Where a scope is missing, the answer says which would do."""
        for scope, client in by_scope.items():
            if scope in ALLOWED[method, path]:
                assert _status(client, method, path) in (200, 202, 409, 415), (scope, path)
            else:
                answer = client.request(method, _address(path))
                told = assert_problem(answer, "insufficient-scope")
                needed = ALLOWED[method, path]
                assert told["scopes"] == list(needed)
                assert answer.headers["www-authenticate"] == (
                    f'Bearer error="insufficient_scope", scope="{" ".join(needed)}"'
                )

    def test_a_refusal_has_no_effect(self, site: Site) -> None:
        """Whoever may not rebuild does not."""
        before = site.client("ops:admin").get("/v1/projections/timeline").json()["builds"]

        site.client("events:write").post("/v1/projections/timeline/rebuild")
        site.anonymous().post("/v1/projections/timeline/rebuild")

        after = site.client("ops:admin").get("/v1/projections/timeline").json()["builds"]
        assert [build["build"] for build in after] == [build["build"] for build in before]


class TestKeys:
    def test_a_revoked_key_opens_nothing(self, site: Site) -> None:
        """From one request to the next."""
        client = site.client("events:write", "ops:admin")
        prefix = client.headers["authorization"].partition(" ")[2].rpartition("_")[0][:11]
        assert client.get("/v1/event-types").status_code == 200

        assert site.service.keys.revoke(prefix, datetime.now(UTC))

        with recorded(site) as new:
            assert_problem(client.get("/v1/event-types"), "unauthorized")
            assert_problem(post(client, cloudevent()), "unauthorized")
        assert new == []

    def test_a_key_in_the_address_is_not_read(self, site: Site) -> None:
        """Addresses end up in logs; a key that is sent there opens nothing."""
        key = site.client().headers["authorization"].partition(" ")[2]
        for name in ("key", "api_key", "access_token", "token", "Authorization"):
            answer = site.anonymous().get("/v1/event-types", params={name: key})

            assert_problem(answer, "unauthorized")
            assert key not in answer.text

    def test_the_scheme_is_matched_without_regard_to_case(self, site: Site) -> None:
        """So says RFC 9110."""
        key = site.client().headers["authorization"].partition(" ")[2]
        for scheme in ("bearer", "BEARER", "Bearer "):
            answer = site.anonymous().get("/v1/event-types", headers={"Authorization": f"{scheme} {key}"})

            assert answer.status_code == 200

    def test_a_key_that_is_known_is_not_looked_up_again(self, site: Site) -> None:
        """Who sent a request costs no question to the database; a wrong secret is never taken for it."""
        client = site.client()
        key = client.headers["authorization"].partition(" ")[2]
        assert site.service.keys.remembered(key) is None

        client.get("/v1/event-types")

        assert site.service.keys.remembered(key) is not None
        assert site.service.keys.remembered(key[:-1] + ("a" if key[-1] != "a" else "b")) is None


class TestRates:
    def test_one_request_too_many(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        """It is refused with the time to wait, in both languages, and others are not affected."""
        directory = tmp_path_factory.mktemp("rates")
        limited = database_settings("sqlite", directory, max_requests_per_second=0.05)
        with limited as settings, serving(settings) as site:
            client, other = site.client("events:write"), site.client()
            first = post(client, cloudevent(subject="rates"))
            with recorded(site) as new:
                refused = [
                    post(client, cloudevent(subject="rates"), headers={"Accept-Language": tag})
                    for tag in ("en", "zh-CN")
                ]
            assert first.status_code == 201
            for answer in refused:
                assert_problem(answer, "too-many-requests")
                assert 1 <= int(answer.headers["retry-after"]) <= 20
            assert new == []
            assert other.get("/v1/event-types").status_code == 200

    def test_rest_gives_requests_back(self) -> None:
        """Two seconds' worth at most may be saved up."""
        now = [0.0]
        rates = Rates(5, lambda: now[0])

        def taken() -> int:
            for count in range(100):
                try:
                    rates.count("one")
                except Problem:
                    return count
            return 100

        assert taken() == 10
        now[0] = 0.4
        assert taken() == 2
        now[0] = 1000
        assert taken() == 10

    def test_no_limit_counts_nothing(self) -> None:
        """Unless an operator sets one, everybody may ask."""
        rates = Rates(None)
        for _ in range(10_000):
            rates.count("one")


class TestACustomer:
    """Tokens for customers come later; what they may see is decided already."""

    @pytest.fixture
    def customer(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> httpx.Client:
        """Give the client of a customer, who may read what is their own."""
        post(site.client("events:write"), SUBMITTED)
        post(site.client("events:write"), {**SUBMITTED, "subject": "customer-2", "id": "another"})
        site.caught_up()

        async def known(_: Request) -> Caller:
            return Caller(name="token", scopes=frozenset(SCOPES), subject="customer-1")

        monkeypatch.setattr("api.caller.authenticate", known)
        return site.anonymous()

    def test_their_own_is_shown(self, customer: httpx.Client) -> None:
        """Status, profile, journey, list."""
        assert customer.get(f"/v1/applications/{APPLICATION}").status_code == 200
        assert customer.get("/v1/customers/customer-1").status_code == 200
        assert customer.get("/v1/customers/customer-1/timeline").status_code == 200
        items = customer.get("/v1/applications").json()["items"]
        assert {item["customer"] for item in items} == {"customer-1"}
        assert customer.get("/v1/applications?customer=customer-2").json()["items"] == []

    def test_another_customers_is_not_found(self, site: Site, customer: httpx.Client) -> None:
        """Never forbidden, which would tell that it is there."""
        rows = site.service.log.find([(SUBMITTED["source"], "another")])
        number = next(iter(rows.values())).event.case
        for path in (
            f"/v1/applications/{number}",
            f"/v1/applications/{number}/stream",
            "/v1/customers/customer-2",
            "/v1/customers/customer-2/timeline",
            "/v1/customers/customer-2/stream",
        ):
            assert_problem(customer.get(path), "not-found")
