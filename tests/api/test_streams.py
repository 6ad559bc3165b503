"""Server-sent events: the status of an application, and a journey, as they come."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fastapi.routing
import fastapi.sse
import httpx
import orjson
import pytest

from tests.api.posting import assert_problem, new_customer
from tests.api.stories import opened, reviewed, told, visits
from tests.sites import Site

Told = tuple[str, int, dict[str, Any]]
"""Kind, id and data of an event."""


@contextmanager
def _following(client: httpx.Client, address: str, **headers: str) -> Iterator[Iterator[Told]]:
    with client.stream("GET", address, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        yield _events(answer.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[Told]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield fields["event"], int(fields["id"]), orjson.loads(fields["data"])
            fields = {}


class TestOfAnApplication:
    def test_nobody_without_the_right_key(self, site: Site) -> None:
        """Refused before the stream begins."""
        assert_problem(site.anonymous().get("/v1/applications/A-1/stream"), "unauthorized")
        assert_problem(site.client("events:write").get("/v1/applications/A-1/stream"), "insufficient-scope")

    def test_nobody_there(self, site: Site, analyst: httpx.Client) -> None:
        """A stream of nothing does not begin; the answer says what was looked through."""
        head = site.caught_up()

        answer = analyst.get("/v1/applications/NONE/stream")

        assert_problem(answer, "not-found")
        assert answer.headers["journey-position"] == str(head)

    def test_now_and_with_each_change(self, site: Site, channel: httpx.Client, analyst: httpx.Client) -> None:
        """The first event is the status as it is, with its position as id; then one for each change."""
        application = opened(channel)
        address = f"/v1/applications/{application['case']}"
        site.caught_up()
        with _following(analyst, f"{address}/stream") as events:
            kind, id_, status = next(events)
            assert (kind, id_) == ("status", application["position"])
            assert status == analyst.get(address).json()

            opened(channel)  # another application: nothing to tell
            review = reviewed(channel, application)
            kind, id_, status = next(events)

        assert (kind, id_, status["state"]) == ("status", review["position"], "in_review")

    def test_it_resumes_where_it_was_left(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client
    ) -> None:
        """What is known is not sent again; what came meanwhile is."""
        application = opened(channel)
        customer, number = application["customer"], application["case"]
        site.caught_up()
        address, known = f"/v1/applications/{number}/stream", str(application["position"])
        review = reviewed(channel, application)
        site.caught_up()

        with _following(analyst, address, **{"Last-Event-ID": known}) as events:
            assert next(events)[1] == review["position"]
        with _following(analyst, address, **{"Last-Event-ID": str(review["position"])}) as events:
            data = {"step": "identity_check", "outcome": "passed", "reviewer": "li.na"}
            step = told(channel, "review.step_completed", data, subject=customer, case=number)
            assert next(events)[1] == step["position"]

    def test_in_chinese(self, site: Site, channel: httpx.Client, analyst: httpx.Client) -> None:
        """In the caller's language."""
        number = opened(channel)["case"]
        site.caught_up()
        with _following(analyst, f"/v1/applications/{number}/stream", **{"Accept-Language": "zh"}) as events:
            assert next(events)[2]["product_name"] == "个人消费贷款"

    @pytest.mark.parametrize("known", ["x", "-1", "99999999999999999999"])
    def test_an_id_that_is_no_position(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client, known: str
    ) -> None:
        """Refused before the stream begins."""
        number = opened(channel)["case"]
        site.caught_up()
        answer = analyst.get(f"/v1/applications/{number}/stream", headers={"Last-Event-ID": known})

        assert_problem(answer, "invalid-parameter", "#/header/Last-Event-ID")


class TestOfAJourney:
    def test_nobody_without_the_right_key(self, site: Site) -> None:
        """Refused before the stream begins."""
        assert_problem(site.anonymous().get("/v1/customers/C1/stream"), "unauthorized")
        assert_problem(site.client("status:read").get("/v1/customers/C1/stream"), "insufficient-scope")
        assert_problem(site.client("journeys:read").get("/v1/customers/nobody/stream"), "not-found")

    def test_the_journey_so_far_and_what_follows(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client
    ) -> None:
        """Events come in the order in which they were recorded, with their positions as ids."""
        customer = new_customer()
        positions = visits(channel, customer, "13:00:00", "12:00:00")
        site.caught_up()
        with _following(analyst, f"/v1/customers/{customer}/stream") as events:
            seen = [next(events), next(events)]
            visits(channel, new_customer(), "12:00:00")
            positions += visits(channel, customer, "14:00:00")
            seen.append(next(events))

        assert [kind for kind, _, _ in seen] == ["touchpoint"] * 3
        assert [id_ for _, id_, _ in seen] == positions
        assert [item["occurred_at"][11:13] for _, _, item in seen] == ["13", "12", "14"]
        items = {item["position"]: item for _, _, item in seen}
        site.caught_up()
        page = analyst.get(f"/v1/customers/{customer}/timeline").json()["items"]
        assert {item["position"]: item for item in page} == items

    def test_a_long_journey_has_no_gaps(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client
    ) -> None:
        """However many events came while nobody followed, each is sent once."""
        customer = new_customer()
        positions = visits(channel, customer, *["12:00:00"] * 130)
        site.caught_up()
        address = f"/v1/customers/{customer}/stream"
        with _following(analyst, address, **{"Last-Event-ID": str(positions[4])}) as events:
            seen = [next(events)[1] for _ in positions[5:]]

        assert seen == positions[5:]


class TestHeartbeat:
    def test_the_framework_sends_one_every_fifteen_seconds(self) -> None:
        """Long enough to cost nothing, short enough that no proxy takes the stream for dead."""
        assert fastapi.sse._PING_INTERVAL == 15  # noqa: SLF001  # the framework offers it to tests
        assert fastapi.sse.KEEPALIVE_COMMENT.startswith(b":")

    def test_a_stream_without_news_is_kept_alive(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A comment comes, which readers of the stream pass over."""
        monkeypatch.setattr(fastapi.routing, "_PING_INTERVAL", 0.05)
        number = opened(channel)["case"]
        site.caught_up()
        with analyst.stream("GET", f"/v1/applications/{number}/stream") as answer:
            lines = answer.iter_lines()
            assert next(line for line in lines if line.startswith(":")) == ": ping"
