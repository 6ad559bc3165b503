"""`/healthz`, `/readyz`, `/metrics`: what the machines around the service ask."""

from pathlib import Path

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from journey.settings import Settings
from tests.api.posting import assert_problem, new_customer, post
from tests.api.stories import visits
from tests.databases import database_settings
from tests.facts import cloudevent
from tests.journey.writing import until
from tests.sites import Site, serving


class TestHealthz:
    def test_the_process_lives(self, site: Site) -> None:
        """Nobody needs a key to ask."""
        answer = site.anonymous().get("/healthz")

        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


class TestReadyz:
    def test_ready(self, site: Site, channel: httpx.Client) -> None:
        """The lag of each projection is told."""
        visits(channel, new_customer(), "12:00:00")
        site.caught_up()

        answer = site.anonymous().get("/readyz")

        assert answer.status_code == 200
        assert answer.json() == {
            "status": "ready",
            "lag": {
                "case_progress": 0.0,
                "current_state": 0.0,
                "improvements": 0.0,
                "review_progress": 0.0,
                "timeline": 0.0,
            },
            "parked": {},
        }

    def test_projections_that_are_far_behind(self, tmp_path: Path) -> None:
        """503 above the lag that the operator set."""
        behind = database_settings("sqlite", tmp_path / "data", roles=frozenset({"api"}), ready_max_lag=0.0)
        with behind as settings, serving(settings) as site:
            before = site.anonymous().get("/readyz")
            site.service.engine.prepare()
            visits(site.client(), "C1", "12:00:00")
            answer = site.anonymous().get("/readyz")
            site.service.engine.catch_up()
            after = site.anonymous().get("/readyz")

        assert (before.status_code, before.json()["reason"]) == (503, "lag")
        assert (answer.status_code, answer.json()["reason"]) == (503, "lag")
        assert answer.json()["lag"]["timeline"] > 0
        assert after.status_code == 200

    def test_an_engine_that_ended(self, tmp_path: Path) -> None:
        """503: answers grow old, and nobody would notice."""
        with database_settings("sqlite", tmp_path / "data") as settings, serving(settings) as site:
            site.service.engine.stop()

            answer = site.anonymous().get("/readyz")

            assert (answer.status_code, answer.json()["reason"]) == (503, "projections")
            assert site.anonymous().get("/healthz").status_code == 200

    def test_erasures_that_fail(self, tmp_path: Path) -> None:
        """Degraded until they go on: a promise to a customer waits, and everybody may still ask."""
        with database_settings("sqlite", tmp_path / "data") as settings, serving(settings) as site:
            worker = site.service.privacy
            sound = worker.desk
            worker.desk = sound._replace(destroyer=NotImplemented)
            until(lambda: bool(worker.failures), "what nobody foresaw is noticed")
            failing = site.anonymous().get("/readyz")
            worker.desk = sound
            until(lambda: not worker.failures, "the work goes on")
            after = site.anonymous().get("/readyz")

        assert (failing.status_code, failing.json()["status"]) == (200, "degraded")
        assert failing.json()["privacy"] == "failing"
        assert (after.json()["status"], "privacy" in after.json()) == ("ready", False)

    def test_a_database_that_is_gone(self) -> None:
        """503 for readiness, and a problem to be tried again for all others; no fault of the service."""
        with database_settings("postgres", Path()) as settings, serving(settings) as site:
            client = site.client()
            visits(client, "C1", "12:00:00")
            site.caught_up()
            _drop(settings)

            ready = site.anonymous().get("/readyz")
            posted = post(client, cloudevent(subject="C1"))
            answers = [
                client.get(path) for path in ("/v1/customers/C1", "/v1/applications", "/v1/projections")
            ]
            followed = client.get("/v1/events")

            assert (ready.status_code, ready.json()["reason"]) == (503, "database")
            for answer in (*answers, followed, posted):
                assert answer.status_code == 503, answer.text
                assert answer.json()["retryable"] is True
                assert answer.headers["retry-after"] == "1"
            for answer in answers:
                assert_problem(answer, "database-unavailable")
            assert site.anonymous().get("/healthz").status_code == 200


def _drop(settings: Settings) -> None:
    """Take the database away from a service that is running."""
    assert settings.database is not None
    address, _, rest = settings.database.rpartition("/")
    name, question, query = rest.partition("?")
    with psycopg.connect(f"{address}/postgres{question}{query}", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


class TestMetrics:
    def test_nobody_but_operators(self, site: Site) -> None:
        """Figures tell more than one thinks."""
        assert_problem(site.anonymous().get("/metrics"), "unauthorized")
        assert_problem(site.client("journeys:read").get("/metrics"), "insufficient-scope")

    def test_the_figures(self, site: Site, channel: httpx.Client) -> None:
        """In the format of Prometheus; what is counted is what happened."""
        operator = site.client("ops:admin")
        before = _figures(operator)
        event = cloudevent(subject=new_customer())
        post(channel, event)
        post(channel, event)
        post(channel, cloudevent("review.approved", {}, subject="x", case="NONE-7"))
        post(channel, cloudevent("review.approved", {}, subject="x", case="NONE-7"), lifecycle="record")
        head = site.caught_up()

        after = _figures(operator)

        def grown(name: str) -> float:
            return after[name, ""] - before[name, ""]

        assert grown("journey_events_appended_total") == 2
        assert grown("journey_events_duplicate_total") == 1
        assert grown("journey_events_refused_total") == 1
        assert grown("journey_events_deviating_total") == 1
        assert grown("journey_commits_total") == 2
        assert after["journey_log_position", ""] == head
        assert after["journey_events_waiting", ""] == 0
        for name in site.service.projections:
            assert after["journey_projection_position", name] == head
            assert after["journey_projection_lag_seconds", name] == 0
            assert after["journey_projection_parked", name] == 0


def _figures(operator: httpx.Client) -> dict[tuple[str, str], float]:
    answer = operator.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    families = list(text_string_to_metric_families(answer.text))
    assert all(family.documentation for family in families)
    return {
        (sample.name, sample.labels.get("projection", "")): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize("path", ["/healthz", "/v1/event-types", "/v1/nothing"])
def test_no_answer_is_more_than_data(site: Site, path: str) -> None:
    """A browser neither guesses what it is nor runs anything in it; also not in problems."""
    answer = site.client().get(path)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_pages_bring_a_policy_of_their_own(site: Site) -> None:
    """There is one policy on a page, which allows its style, and nothing is told to where its links lead."""
    page = site.anonymous().get("/problems")

    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cross-origin-opener-policy"] == "same-origin"
    assert page.headers.get_list("content-security-policy")[0].startswith("default-src 'none'; style-src")
    assert len(page.headers.get_list("content-security-policy")) == 1
