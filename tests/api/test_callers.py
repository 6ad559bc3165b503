"""Keys and tokens over real HTTP: how they are shown, where they are read, what is told of wrong ones."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
import structlog
from structlog.testing import capture_logs

from api.event_examples import SUBMITTED
from api.heads import Shown
from api.path_examples import APPLICATION
from tests.api.posting import assert_problem, post, recorded
from tests.databases import database_settings
from tests.facts import cloudevent
from tests.provider import token, trusting
from tests.sites import Site, serving

OPERATIONS = (
    ("GET", "/v1/event-types"),
    ("POST", "/v1/events"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a service that trusts the provider, with no limit to failures."""
    directory = tmp_path_factory.mktemp("data")
    further = {**trusting(directory / "provider"), "failures_per_second": 0}
    database = database_settings(request.param, directory / "data", **further)
    with database as settings, serving(settings) as found:
        yield found


class TestWhatIsShown:
    @pytest.mark.parametrize(("method", "path"), OPERATIONS)
    def test_nobody_without_a_valid_key(self, site: Site, method: str, path: str) -> None:
        """None, one that does not exist, another scheme, a secret that is not quite right."""
        key = site.client().headers["authorization"]
        wrong = ["Bearer", "Bearer cj_00000000_abc", "Bearer cj_", key[:-1], key + "x"]
        wrong += [f"Basic {key.partition(' ')[2]}", key.rpartition("_")[0]]
        shown = [[], *([(b"authorization", header.encode())] for header in wrong)]
        for headers in shown:
            answer = site.anonymous().request(method, path, headers=headers)

            assert_problem(answer, "unauthorized")
            assert answer.headers["www-authenticate"] == 'Bearer realm="journey"'

    @pytest.mark.parametrize("shown", ["x", "王", "a.b.c", "cj.a.b"])
    @pytest.mark.parametrize("language", ["en", "zh-CN", "zh-TW"])
    def test_what_is_neither_key_nor_token(self, site: Site, shown: str, language: str) -> None:
        """Is refused in the caller's language, with what to do."""
        headers = [(b"authorization", f"Bearer {shown}".encode()), (b"accept-language", language.encode())]
        told = assert_problem(site.anonymous().get("/v1/event-types", headers=headers), "unauthorized")

        assert told["reason"] == "malformed"

    @pytest.mark.parametrize("language", ["en", "zh-CN"])
    def test_a_refused_token_is_told_why(self, site: Site, language: str) -> None:
        """The reason, for people and for programs, and nothing of the token."""
        for reason, shown in (
            ("expired", token("journeys:read", exp=1)),
            ("audience", token("journeys:read", aud="other")),
            ("tenant", token("journeys:read", tenant="other")),
        ):
            headers = {"Authorization": f"Bearer {shown}", "Accept-Language": language}
            answer = site.anonymous().get("/v1/events", headers=headers)
            told = assert_problem(answer, "unauthorized")

            assert told["reason"] == reason
            assert answer.headers["www-authenticate"] == (
                f'Bearer realm="journey", error="invalid_token", error_description="{reason}"'
            )
            assert not any(part in answer.text for part in shown.split("."))

    def test_a_refusal_has_no_effect(self, site: Site) -> None:
        """Whoever may not rebuild does not."""
        before = site.client("ops:admin").get("/v1/projections/timeline").json()["builds"]

        site.client("events:write").post("/v1/projections/timeline/rebuild")
        site.anonymous().post("/v1/projections/timeline/rebuild")

        after = site.client("ops:admin").get("/v1/projections/timeline").json()["builds"]
        assert [build["build"] for build in after] == [build["build"] for build in before]

    def test_a_failed_attempt_is_logged_without_the_secret(self, site: Site) -> None:
        """Where it came from, why it failed, and which key it was."""
        key = site.client().headers["authorization"].partition(" ")[2]
        expired = token("journeys:read", exp=1, sub="somebody")
        structlog.reset_defaults()
        with capture_logs() as lines:
            for shown in (key[:-1] + "é", expired, "cj_secret-in-the-wrong-place"):
                headers = [(b"authorization", f"Bearer {shown}".encode())]
                site.anonymous().get("/v1/event-types", headers=headers)

        told = [(line["event"], line["reason"], line["address"], line["key"]) for line in lines]
        assert told == [
            ("authentication_failed", "unknown-key", "127.0.0.1", key[:11]),
            ("authentication_failed", "expired", "127.0.0.1", None),
            ("authentication_failed", "unknown-key", "127.0.0.1", None),
        ]
        assert not any(secret in str(lines) for secret in (key[12:-1], *expired.split("."), "secret-in"))


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
        assert site.service.keys.remembered(Shown(key)) is None

        client.get("/v1/event-types")

        assert site.service.keys.remembered(Shown(key)) is not None
        assert site.service.keys.remembered(Shown(key[:-1] + ("a" if key[-1] != "a" else "b"))) is None


class TestACustomer:
    @pytest.fixture
    def customer(self, site: Site) -> httpx.Client:
        """Give the client of a customer, who may read what is their own."""
        post(site.client("events:write"), SUBMITTED)
        post(site.client("events:write"), {**SUBMITTED, "subject": "customer-2", "id": "another"})
        site.caught_up()
        client = site.anonymous()
        client.headers["Authorization"] = f"Bearer {token('status:read', sub='customer-1')}"
        return client

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
