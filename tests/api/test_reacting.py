"""Cases move by themselves behind HTTP, and operators see how policies stand."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from journey.events import Position
from journey.reacting import parking, table
from journey.settings import Settings
from journey.storage import storage_of
from tests.databases import migrated_settings
from tests.facts import NOON, cloudevent
from tests.sites import Site, serving

COMPLAINT = {"category": "fees", "severity": "high", "description": "Too much", "contact": "13800000000"}


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Give settings with every role."""
    roles = frozenset({"api", "project", "react"})
    with migrated_settings(request.param, tmp_path / "data", roles=roles) as found:
        yield found


def until(site: Site, events: int) -> list[str]:
    """Wait until the log has so many events; return their types."""
    deadline = time.monotonic() + 30
    while len(told := site.service.log.read_all()) < events:
        assert time.monotonic() < deadline, f"only {[each.type for each in told]}"
        site.service.log.wait_for_append(told[-1].position, 0.1)
    return [each.type for each in told]


def test_a_complaint_moves_by_itself_until_it_is_late(settings: Settings) -> None:
    """Routed at once, escalated when the clock says so; readiness and metrics tell how policies stand."""
    now = [NOON]

    def clock() -> datetime:
        return now[0]

    with serving(settings, clock=clock) as site:
        client = site.client()
        sent = client.post("/v1/events", json=cloudevent("complaint.registered", COMPLAINT))
        assert (sent.status_code, sent.json()["version"]) == (201, 1)
        assert until(site, 5)[1:] == [
            "complaint.assigned",
            "work.scheduled",
            "notification.requested",
            "notification.requested",
        ]
        now[0] += timedelta(days=20)
        assert until(site, 7)[5:] == ["work.scheduled", "complaint.escalated"]

        deadline = time.monotonic() + 30
        while (ready := client.get("/readyz").json())["policies"]["lag"] > 0:
            assert time.monotonic() < deadline
        assert ready["policies"] == {"lag": 0.0, "parked": {}}
        metrics = client.get("/metrics").text
        assert 'journey_policy_events_total{policy="watch-deadlines"} 2.0' in metrics
        assert "journey_policy_lag_seconds 0.0" in metrics


def test_what_is_appended_is_marked_as_the_services_own(settings: Settings) -> None:
    """A reader of the journey sees which policy did what, and why."""
    with serving(settings, clock=lambda: NOON) as site:
        client = site.client()
        sent = client.post("/v1/events", json=cloudevent("complaint.registered", COMPLAINT, id="cause-1"))
        until(site, 5)
        assigned = client.get("/v1/events", params={"after": 0, "limit": 5}).json()["items"][1]

    assert assigned["type"] == "complaint.assigned"
    assert assigned["source"] == "/policies/route-complaint"
    assert assigned["causationid"] == "cause-1"
    assert assigned["case"] == sent.json()["case"]


def test_what_a_policy_opens_to_pass_it_on_is_told_as_read(settings: Settings) -> None:
    """To auditors by the policy's name, to customers as done by the service."""
    ticket = {"class": "complaint", "product": "card", "problem": "It burns", "contact": "13911112222"}
    with serving(settings, clock=lambda: NOON) as site:
        officer = site.client()
        officer.post("/v1/events", json=cloudevent("ticket.opened", ticket, subject="C7"))
        until(site, 3)
        [read] = officer.get("/v1/customers/C7/reads").json()["items"]
        site.caught_up()
        [told] = officer.get("/v1/customers/C7/export").json()["reads"]

    assert (read["caller"], read["purpose"]) == ("/policies/route-ticket", "complaint.registered")
    assert read["fields"] == ["ticket.opened.contact", "ticket.opened.problem"]
    assert (told["by"], told["purpose"]) == ("service", "complaint.registered")


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_readiness_tells_who_is_parked_and_when_that_is_tried_again(kind: str, tmp_path: Path) -> None:
    """The first of them; once nobody is tried again but by a start, it says so."""
    with (
        migrated_settings(kind, tmp_path / "data", roles=frozenset({"api"})) as settings,
        serving(settings, clock=lambda: NOON) as site,
    ):
        views = storage_of(settings).engine("views", writer=True)
        site.service.engine.prepare()
        table.prepare(views, site.service.log.head(), "as today", "as today")
        waits = [
            parking.parked_now(
                customer, "notify-customer", Position(7), "KeyError", NOON + timedelta(hours=hour)
            )
            for hour, customer in enumerate(("C1", "C2"))
        ]
        with views.begin() as connection:
            parking.park(connection, waits)
        ready = site.anonymous().get("/readyz").json()
        assert (ready["status"], ready["policies"]["parked"]) == ("degraded", {"notify-customer": 2})
        assert ready["policies"]["retry_at"] == "2026-11-20T12:01:00.000000Z"

        for each in waits:
            table.keep_parked(views, each._replace(attempts=parking.ATTEMPTS, retry_at=None))
        assert site.anonymous().get("/readyz").json()["policies"]["retry_at"] is None
        views.dispose()
