"""`/v1/projections`: what operators see of the read models, and do with them."""

import time
from dataclasses import replace
from typing import Any

import httpx
import pytest

from journey.events import RecordedEvent
from projections import registry
from projections.projection import Projection
from tests.api.posting import assert_problem, new_customer
from tests.api.stories import opened, told, visits
from tests.sites import Site

NAMES = ["case_progress", "current_state", "improvements", "review_progress", "timeline"]


def _told(operator: httpx.Client, name: str) -> dict[str, Any]:
    answer = operator.get(f"/v1/projections/{name}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    told: dict[str, Any] = answer.json()
    return told


def _live(operator: httpx.Client, name: str, build: int) -> None:
    """Wait until a build is the one that readers see."""
    deadline = time.monotonic() + 20
    while _told(operator, name)["live_build"] != build:
        assert time.monotonic() < deadline, "the build does not take over"


class TestList:
    def test_nobody_but_operators(self, site: Site) -> None:
        """Neither strangers nor analysts."""
        for path in ("/v1/projections", "/v1/projections/timeline"):
            assert_problem(site.anonymous().get(path), "unauthorized")
            assert_problem(site.client("journeys:read").get(path), "insufficient-scope")

    def test_each_with_builds_and_lag(
        self, site: Site, channel: httpx.Client, operator: httpx.Client
    ) -> None:
        """Where the live build is, how far behind, and who is parked."""
        visits(channel, new_customer(), "12:00:00")
        head = site.caught_up()

        page = operator.get("/v1/projections").json()

        assert sorted(item["name"] for item in page["items"]) == NAMES
        assert page["next"] is None
        for item in page["items"]:
            assert item == _told(operator, item["name"])
            assert (item["position"], item["lag"], item["parked"]) == (head, 0, 0)
            (live,) = [build for build in item["builds"] if build["status"] == "live"]
            assert (live["build"], live["position"], live["error"]) == (item["live_build"], head, None)
            assert item["parked_customers"] == []

    def test_no_such_projection(self, operator: httpx.Client) -> None:
        """Not found, whatever is asked of it."""
        assert_problem(operator.get("/v1/projections/nothing"), "not-found")
        for order in ("rebuild", "rollback", "retry"):
            assert_problem(operator.post(f"/v1/projections/nothing/{order}"), "not-found")


class TestOrders:
    @pytest.mark.parametrize("name", NAMES)
    def test_rebuild_and_roll_back(
        self, site: Site, channel: httpx.Client, operator: httpx.Client, name: str
    ) -> None:
        """A new build takes over by itself, the one before can come back; answers stay the same."""
        application = opened(channel)
        question = {"topic": "rates", "category": "common"}
        asked = told(channel, "consultation.requested", question, subject=application["customer"])
        promise = {"area": {}, "plan": "x", "expected_by": "2027-01-31", "expected_effect": "y"}
        improvement = told(channel, "improvement.announced", promise, subject=None)
        site.caught_up()
        addresses = {
            "case_progress": f"/v1/consultations/{asked['case']}",
            "current_state": f"/v1/customers/{application['customer']}",
            "improvements": f"/v1/improvements/{improvement['case']}",
            "review_progress": f"/v1/applications/{application['case']}",
            "timeline": f"/v1/customers/{application['customer']}/timeline",
        }
        before, first = operator.get(addresses[name]), _told(operator, name)["live_build"]

        ordered = operator.post(f"/v1/projections/{name}/rebuild")

        second = ordered.json()["build"]
        assert ordered.status_code == 202
        assert ordered.json() == {"name": name, "build": second, "status": "building"}
        assert second > first
        _live(operator, name, second)
        assert operator.get(addresses[name]).content == before.content
        assert operator.get(addresses[name]).headers.get("etag") == before.headers.get("etag")

        back = operator.post(f"/v1/projections/{name}/rollback")
        assert (back.status_code, back.json()["build"]) == (202, first)
        _live(operator, name, first)
        assert operator.get(addresses[name]).content == before.content

    def test_nothing_to_go_back_to(self, standing_still: Site) -> None:
        """A problem of its own, in both languages."""
        client = standing_still.client("ops:admin")
        for tag in ("en", "zh-CN"):
            answer = client.post("/v1/projections/timeline/rollback", headers={"Accept-Language": tag})

            assert_problem(answer, "rebuild-impossible")

    def test_a_rebuild_shows_while_it_runs(self, standing_still: Site) -> None:
        """The live build goes on answering; both are listed."""
        visits(standing_still.client(), "C1", "12:00:00")
        standing_still.service.engine.catch_up()
        client = standing_still.client()

        build = client.post("/v1/projections/timeline/rebuild").json()["build"]

        told = _told(client, "timeline")
        statuses = {each["build"]: each["status"] for each in told["builds"]}
        assert statuses == {told["live_build"]: "live", build: "building"}
        assert len(client.get("/v1/customers/C1/timeline").json()["items"]) == 1
        standing_still.service.engine.catch_up()
        assert _told(client, "timeline")["live_build"] == build


class TestParked:
    @pytest.fixture
    def trouble(self, monkeypatch: pytest.MonkeyPatch) -> set[str]:
        """Give a set: of the customers in it, services that start later cannot fold the current state."""
        customers: set[str] = set()

        def fragile(projection: Projection[Any]) -> Projection[Any]:
            def evolve(state: Any, event: RecordedEvent) -> Any:
                if event.stream_id in customers:
                    raise ValueError("13800138000 is not told")
                return projection.evolve(state, event)

            return replace(projection, evolve=evolve) if projection.name == "current_state" else projection

        known = registry.projections
        monkeypatch.setattr(
            "api.service.projections", lambda processes: [fragile(each) for each in known(processes)]
        )
        return customers

    def test_a_parked_customer_is_shown_and_tried_again(
        self, trouble: set[str], standing_still: Site
    ) -> None:
        """Lists name who is parked and why; answers say so; after mending, a retry brings them back."""
        service, client = standing_still.service, standing_still.client()
        (first,) = visits(client, "C1", "12:00:00")
        service.engine.catch_up()
        (second,) = visits(client, "C1", "13:00:00")
        visits(client, "C2", "12:00:00")
        trouble.add("C1")
        service.engine.catch_up()

        told = _told(client, "current_state")
        (parked,) = told["parked_customers"]
        assert told["parked"] == 1
        assert (parked["customer"], parked["position"]) == ("C1", second)
        assert parked["type"] == "interaction.recorded"
        assert "13800138000" not in parked["error"]
        answer = client.get("/v1/customers/C1")
        assert (answer.json()["position"], answer.json()["stale"]) == (first, True)
        assert answer.headers["journey-parked"] == str(second)
        assert "stale" not in client.get("/v1/customers/C2").json()

        trouble.clear()
        retried = client.post("/v1/projections/current_state/retry")
        assert (retried.status_code, retried.json()) == (200, {"name": "current_state", "mended": 1})
        mended = client.get("/v1/customers/C1", headers={"If-None-Match": answer.headers["etag"]})
        assert (mended.status_code, mended.json()["position"]) == (200, second)
        assert "journey-parked" not in mended.headers

    def test_the_service_stays_ready(self, trouble: set[str], standing_still: Site) -> None:
        """One customer's trouble is told, and takes nobody else's answers away."""
        visits(standing_still.client(), "C1", "12:00:00")
        trouble.add("C1")
        standing_still.service.engine.catch_up()

        answer = standing_still.anonymous().get("/readyz")

        assert answer.status_code == 200
        assert (answer.json()["status"], answer.json()["parked"]) == ("degraded", {"current_state": 1})
