"""`GET /v1/customers/{id}/timeline`: the journey, filtered, page by page, as of any moment."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest

from tests.api.posting import CHINESE, assert_problem, new_customer, post
from tests.api.stories import opened, reviewed, told, visits
from tests.databases import database_settings
from tests.facts import cloudevent
from tests.sites import Site, serving


def _timeline(analyst: httpx.Client, customer: str, **query: Any) -> list[dict[str, Any]]:
    answer = analyst.get(f"/v1/customers/{customer}/timeline", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def _times(items: list[dict[str, Any]]) -> list[str]:
    return [item["occurred_at"][11:19] for item in items]


class TestTimeline:
    def test_nobody_without_the_right_key(self, site: Site) -> None:
        """A journey is for analysts."""
        assert_problem(site.anonymous().get("/v1/customers/C1/timeline"), "unauthorized")
        assert_problem(site.client("status:read").get("/v1/customers/C1/timeline"), "insufficient-scope")

    def test_every_event_in_the_order_in_which_it_happened(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client
    ) -> None:
        """An event that came late stands where it happened; all cases and channels are there."""
        customer = new_customer()
        application = opened(channel, customer)
        visits(channel, customer, "13:00:00", "11:00:00")
        head = site.caught_up()

        answer = analyst.get(f"/v1/customers/{customer}/timeline")

        items = answer.json()["items"]
        assert answer.json()["next"] is None
        assert "stale" not in answer.json()
        assert _times(items) == ["11:00:00", "12:00:00", "13:00:00"]
        assert items[1]["case"] == application["case"]
        assert items[1]["data"]["product"] == "personal-loan"
        assert answer.headers["journey-position"] == str(head)
        assert float(answer.headers["journey-lag"]) == 0
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["content-language"] == "en"
        assert "link" not in answer.headers

    def test_in_both_languages(self, site: Site, channel: httpx.Client, analyst: httpx.Client) -> None:
        """What happened is said in words; what customers wrote stays as it is."""
        application = opened(channel)
        site.caught_up()
        address = f"/v1/customers/{application['customer']}/timeline"
        english, chinese = (
            analyst.get(address, headers={"Accept-Language": tag}) for tag in ("en", "zh-CN,zh;q=0.9")
        )

        assert "Personal loan" in english.json()["items"][0]["says"]
        assert not CHINESE.search(english.text)
        assert CHINESE.search(chinese.json()["items"][0]["says"])
        assert chinese.headers["content-language"] == "zh-CN"

    def test_nobody_there(self, site: Site, analyst: httpx.Client) -> None:
        """An unknown customer is not one without events."""
        head = site.caught_up()

        answer = analyst.get("/v1/customers/nobody/timeline")

        assert_problem(answer, "not-found")
        assert answer.headers["journey-position"] == str(head)

    def test_as_lines(self, site: Site, channel: httpx.Client, analyst: httpx.Client) -> None:
        """A list may be had with a line for each item; the next page is in the header."""
        customer = new_customer()
        visits(channel, customer, "12:00:00", "13:00:00", "14:00:00")
        site.caught_up()
        address = f"/v1/customers/{customer}/timeline"

        answer = analyst.get(address, params={"limit": 2}, headers={"Accept": "application/x-ndjson"})

        assert answer.headers["content-type"] == "application/x-ndjson"
        assert _times([orjson.loads(line) for line in answer.content.splitlines()]) == [
            "12:00:00",
            "13:00:00",
        ]
        assert _times(analyst.get(answer.links["next"]["url"]).json()["items"]) == ["14:00:00"]


@pytest.fixture(scope="module")
def journey(site: Site, channel: httpx.Client) -> dict[str, Any]:
    """Give a journey over several channels, stages and cases."""
    application = opened(channel)
    customer = application["customer"]
    reviewed(channel, application)
    visits(channel, customer, "13:00:00")
    told(
        channel,
        "consultation.requested",
        {"topic": "rates", "category": "loan", "question": "How much?"},
        subject=customer,
        channel="phone",
        time="2026-11-20T14:00:00Z",
    )
    site.caught_up()
    return application


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "types"),
        [
            ({"stage": "review"}, ["review.started"]),
            ({"type": "interaction.recorded"}, ["interaction.recorded"]),
            ({"channel": "phone"}, ["consultation.requested"]),
            ({"stage": "review", "channel": "phone"}, []),
            ({"since": "2026-11-20T13:00:00Z"}, ["interaction.recorded", "consultation.requested"]),
            (
                {"since": "2026-11-20T21:00:00+08:00", "until": "2026-11-20T22:00:00+08:00"},
                ["interaction.recorded"],
            ),
            ({"until": "2026-11-20T13:00:00Z"}, ["application.submitted", "review.started"]),
            ({"as_of": "2026-11-20T13:00:00Z", "since": "2026-11-20T12:30:00Z"}, ["interaction.recorded"]),
            ({"since": "0001-01-01T00:00:00+14:00", "until": "0001-01-02T00:00:00Z"}, []),
            ({"until": "9999-12-31T23:59:59-14:00", "stage": "review"}, ["review.started"]),
            ({"type": "no.such"}, []),
        ],
    )
    def test_each_narrows_the_journey(
        self, analyst: httpx.Client, journey: dict[str, Any], query: dict[str, str], types: list[str]
    ) -> None:
        """Several together must all hold; `since` counts, `until` does not."""
        assert [item["type"] for item in _timeline(analyst, journey["customer"], **query)] == types

    def test_by_case_as_people_write_it(self, analyst: httpx.Client, journey: dict[str, Any]) -> None:
        """Small letters and spaces mean the same number."""
        for number in (journey["case"], journey["case"].lower(), journey["case"].replace("-", " ")):
            items = _timeline(analyst, journey["customer"], case=number)

            assert [item["type"] for item in items] == ["application.submitted", "review.started"]

    def test_a_plus_sign_that_was_not_encoded(self, analyst: httpx.Client, journey: dict[str, Any]) -> None:
        """In a query a plus is a space; the offset is understood all the same."""
        query = "since=2026-11-20T21:00:00+08:00&until=2026-11-20T22:00:00+08:00"
        answer = analyst.get(f"/v1/customers/{journey['customer']}/timeline?{query}")

        assert [item["type"] for item in answer.json()["items"]] == ["interaction.recorded"]


class TestPages:
    def test_from_page_to_page(self, site: Site, channel: httpx.Client, analyst: httpx.Client) -> None:
        """Following `next`, or the header, gives every item once, whatever comes in between."""
        customer = new_customer()
        minutes = count(10)
        visits(channel, customer, *(f"12:{next(minutes)}:00" for _ in range(7)))
        site.caught_up()
        address = f"/v1/customers/{customer}/timeline?limit=3&type=interaction.recorded"
        seen: list[str] = []
        while address:
            answer = analyst.get(address)
            seen += _times(answer.json()["items"])
            assert len(answer.json()["items"]) <= 3
            assert answer.json()["next"] == answer.links.get("next", {}).get("url")
            address = answer.json()["next"]
            visits(channel, customer, "11:00:00")  # before what was seen: it moves no page
            site.caught_up()

        assert seen == [f"12:{minute}:00" for minute in range(10, 17)]

    def test_a_cursor_may_be_the_whole_address(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client
    ) -> None:
        """Whoever puts `next` where the cursor belongs is understood."""
        customer = new_customer()
        visits(channel, customer, "12:00:00", "13:00:00", "14:00:00")
        site.caught_up()
        first = analyst.get(f"/v1/customers/{customer}/timeline", params={"limit": 1}).json()
        cursor = first["next"].partition("cursor=")[2]

        for given in (cursor, first["next"], f"{site.url}{first['next']}"):
            assert _times(_timeline(analyst, customer, limit=5, cursor=given)) == ["13:00:00", "14:00:00"]

    def test_events_of_one_moment_are_not_lost_between_pages(
        self, site: Site, channel: httpx.Client, analyst: httpx.Client
    ) -> None:
        """The order is total: of one moment, by position."""
        customer = new_customer()
        positions = visits(channel, customer, *["12:00:00"] * 5)
        site.caught_up()
        seen, address = [], f"/v1/customers/{customer}/timeline?limit=2"
        while address:
            page = analyst.get(address).json()
            seen += [item["position"] for item in page["items"]]
            address = page["next"]

        assert seen == positions


class TestAsOf:
    def test_what_was_known_when(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        """`as_of` goes by when it happened, `as_known_at` by when it was recorded."""
        now = [datetime(2026, 11, 20, 15, tzinfo=UTC)]
        directory = tmp_path_factory.mktemp("as-of")
        database = database_settings("sqlite", directory)
        with database as settings, serving(settings, clock=lambda: now[0]) as site:
            channel, analyst = site.client("events:write"), site.client("journeys:read")
            visits(channel, "C1", "12:00:00")
            now[0] += timedelta(hours=1)
            visits(channel, "C1", "11:00:00", "15:30:00")
            site.caught_up()

            def seen(**query: str) -> list[str]:
                return _times(_timeline(analyst, "C1", **query))

            assert seen(as_of="2026-11-20T12:00:00Z") == ["11:00:00", "12:00:00"]
            assert seen(as_known_at="2026-11-20T15:00:00Z") == ["12:00:00"]
            assert seen(as_known_at="2026-11-20T16:00:00Z") == ["11:00:00", "12:00:00", "15:30:00"]
            assert seen(as_of="2026-11-20T11:30:00Z", as_known_at="2026-11-20T15:59:00Z") == []
            assert seen(as_of="2026-11-20T14:59:59Z") == ["11:00:00", "12:00:00"]


def test_a_customer_whose_id_is_like_an_address(
    site: Site, channel: httpx.Client, analyst: httpx.Client
) -> None:
    """Slashes in an id do not hide the journey."""
    customer = f"分行/{new_customer()}"
    post(channel, cloudevent(subject=customer))
    site.caught_up()

    assert len(_timeline(analyst, quote(customer, safe=""))) == 1
    assert len(_timeline(analyst, quote(customer))) == 1
