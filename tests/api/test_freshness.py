"""Every answer from a projection says how fresh it is, and a reader may wait for its own write."""

import threading
import time
from typing import Any

import httpx
import pytest

from projections.engine import Engine
from tests.api.posting import assert_problem
from tests.api.stories import opened, reviewed, visits
from tests.sites import Site


@pytest.fixture
def application(standing_still: Site) -> dict[str, Any]:
    """Give an application that the projections show, and whose review they do not show yet."""
    channel = standing_still.client("events:write")
    application = opened(channel, "C1")
    standing_still.service.engine.catch_up()
    return {**application, "unseen": reviewed(channel, application)["position"]}


def _addresses(application: dict[str, Any]) -> list[str]:
    customer = f"/v1/customers/{application['customer']}"
    return [customer, f"{customer}/timeline", f"/v1/applications/{application['case']}", "/v1/applications"]


class TestHeaders:
    def test_position_and_lag(self, standing_still: Site, application: dict[str, Any]) -> None:
        """The position is what is shown, the lag how long the first event not shown has waited."""
        client = standing_still.client()
        for address in (*_addresses(application), "/v1/customers/none", "/v1/applications/NONE"):
            answer = client.get(address)

            assert answer.headers["journey-position"] == str(application["position"])
            assert 0 < float(answer.headers["journey-lag"]) < 60
            assert "journey-parked" not in answer.headers

        standing_still.service.engine.catch_up()
        for address in _addresses(application):
            answer = client.get(address)
            assert answer.headers["journey-position"] == str(application["unseen"])
            assert float(answer.headers["journey-lag"]) == 0

    def test_streams_begin_with_them(self, standing_still: Site, application: dict[str, Any]) -> None:
        """So that a follower knows from where."""
        client = standing_still.client()
        for address in ("/v1/customers/C1/stream", f"/v1/applications/{application['case']}/stream"):
            with client.stream("GET", address) as answer:
                assert answer.headers["journey-position"] == str(application["position"])
                assert float(answer.headers["journey-lag"]) > 0


class TestMinPosition:
    @pytest.mark.parametrize("as_header", [True, False], ids=["header", "parameter"])
    def test_an_answer_that_is_behind_says_so(
        self, standing_still: Site, application: dict[str, Any], *, as_header: bool
    ) -> None:
        """Without more time to wait, the old answer comes with a mark, and another tag than without."""
        client = standing_still.client()
        wanted = str(application["unseen"])
        asked: dict[str, Any] = (
            {"headers": {"Journey-Min-Position": wanted}}
            if as_header
            else {"params": {"min_position": wanted}}
        )
        for address in _addresses(application):
            plain, behind = client.get(address), client.get(address, **asked)

            assert behind.status_code == 200
            assert behind.json() == {**plain.json(), "stale": True}
            assert "stale" not in plain.json()
            assert behind.headers["journey-position"] == str(application["position"])
            if "etag" in plain.headers:
                assert behind.headers["etag"] != plain.headers["etag"]

    def test_who_is_strict_gets_no_old_answer(
        self, standing_still: Site, application: dict[str, Any]
    ) -> None:
        """503, to be tried again, with the position that there is."""
        client = standing_still.client(Prefer="handling=strict")
        for address in _addresses(application):
            for tag in ("en", "zh-CN"):
                answer = client.get(
                    address,
                    params={"min_position": application["unseen"]},
                    headers={"Accept-Language": tag},
                )

                told = assert_problem(answer, "projection-behind")
                assert (told["position"], told["wanted"]) == (application["position"], application["unseen"])
                assert answer.headers["journey-position"] == str(application["position"])
                assert answer.headers["retry-after"] == "1"

    @pytest.mark.parametrize("prefer", ["wait=20", "handling=strict, wait=20", 'Wait="20"; handling=strict'])
    def test_a_reader_waits_for_its_own_write(
        self, standing_still: Site, application: dict[str, Any], prefer: str
    ) -> None:
        """The answer comes when the projection has got there, and shows the write."""
        client = standing_still.client(Prefer=prefer)
        answers: list[httpx.Response] = []
        query = {"min_position": application["unseen"]}
        address = f"/v1/applications/{application['case']}"
        asking = threading.Thread(target=lambda: answers.append(client.get(address, params=query)))
        asking.start()
        standing_still.client().get("/v1/projections")
        assert answers == []

        standing_still.service.engine.catch_up()
        asking.join(15)

        (answer,) = answers
        assert (answer.status_code, answer.json()["state"]) == (200, "in_review")
        assert "stale" not in answer.json()

    def test_the_wait_is_as_long_as_was_asked(
        self, standing_still: Site, application: dict[str, Any]
    ) -> None:
        """Then the answer comes as it is."""
        started = time.monotonic()
        answer = standing_still.client(Prefer="wait=1").get(
            f"/v1/applications/{application['case']}", params={"min_position": application["unseen"]}
        )

        assert answer.json()["stale"] is True
        assert time.monotonic() - started >= 1

    def test_what_is_shown_already_needs_no_wait(
        self, standing_still: Site, application: dict[str, Any]
    ) -> None:
        """A position that was passed long ago changes nothing."""
        client = standing_still.client(Prefer="wait=20, handling=strict")
        for address in _addresses(application):
            answer = client.get(address, params={"min_position": application["position"]})

            assert answer.status_code == 200
            assert "stale" not in answer.json()

    def test_the_journey_of_a_customer_who_is_new(self, standing_still: Site) -> None:
        """Who waits for the first event of a customer finds the customer."""
        (position,) = visits(standing_still.client("events:write"), "new", "12:00:00")
        client = standing_still.client("journeys:read", Prefer="wait=20")
        answers: list[httpx.Response] = []
        query = {"min_position": position}
        asking = threading.Thread(
            target=lambda: answers.append(client.get("/v1/customers/new/timeline", params=query))
        )
        asking.start()
        standing_still.service.engine.catch_up()
        asking.join(15)

        assert len(answers[0].json()["items"]) == 1

    def test_the_journey_of_a_customer_who_is_not_known_yet(self, standing_still: Site) -> None:
        """Whether there is such a customer another projection tells: it must have got there, too."""
        service = standing_still.service
        (position,) = visits(standing_still.client(), "new", "12:00:00")
        timeline = [service.projections["timeline"]]
        views = service.engine._views  # noqa: SLF001  # the one engine that may write them
        Engine(service.log, views, timeline, service.settings, service.clock).catch_up()
        client = standing_still.client(Prefer="handling=strict")

        answer = client.get("/v1/customers/new/timeline", params={"min_position": position})

        assert_problem(answer, "projection-behind")
        service.engine.catch_up()
        answer = client.get("/v1/customers/new/timeline", params={"min_position": position})
        assert len(answer.json()["items"]) == 1
