"""`GET /v1/events`: the log itself, for other systems to follow, and one event by its key."""

import threading
from typing import Any

import httpx
import orjson

from tests.api.posting import assert_problem, new_customer, post, post_batch
from tests.api.stories import opened
from tests.facts import cloudevent
from tests.sites import Site


class TestFollowing:
    def test_nobody_without_the_right_key(self, site: Site) -> None:
        """The log is everything; who may write to it may not read it."""
        assert_problem(site.anonymous().get("/v1/events"), "unauthorized")
        assert_problem(site.client("events:write", "status:read").get("/v1/events"), "insufficient-scope")

    def test_an_event_comes_out_as_it_went_in(self, channel: httpx.Client, analyst: httpx.Client) -> None:
        """As a CloudEvent, with what the service added."""
        event = cloudevent(subject=new_customer(), authid="李娜", time="2026-11-20T20:00:00.5+08:00")
        position = post(channel, event).json()["position"]

        answer = analyst.get("/v1/events", params={"after": position - 1})

        (told,) = answer.json()["items"]
        assert answer.json()["next"] is None
        assert answer.headers["cache-control"] == "private, no-cache"
        assert {name: told[name] for name in event} == event
        assert told.keys() - event.keys() == {"datacontenttype", "recordedtime", "version", "position"}
        assert (told["version"], told["position"]) == (1, position)

    def test_case_process_and_deviation_are_told(self, channel: httpx.Client, analyst: httpx.Client) -> None:
        """What the rules made of an event stays with it."""
        application = opened(channel)
        late = cloudevent("delivery.completed", {}, subject=application["customer"], case=application["case"])
        post(channel, late, lifecycle="record")

        items = analyst.get("/v1/events", params={"after": application["position"] - 1}).json()["items"]

        assert [item["case"] for item in items] == [application["case"]] * 2
        assert items[0]["process"].startswith("personal-loan@")
        assert items[1]["deviation"] == "in submitted, expected application.withdrawn, review.started"

    def test_from_page_to_page(self, site: Site, channel: httpx.Client, analyst: httpx.Client) -> None:
        """Following `next`, or the header, gives every event once, in the order of positions."""
        before = site.service.log.head()
        customer = new_customer()
        events = [cloudevent(subject=customer) for _ in range(7)]
        post_batch(channel, events)
        seen: list[dict[str, Any]] = []
        address = f"/v1/events?after={before}&limit=3"
        while address:
            answer = analyst.get(address)
            seen += answer.json()["items"]
            assert answer.json()["next"] == answer.links.get("next", {}).get("url")
            address = answer.json()["next"]

        assert [item["id"] for item in seen] == [event["id"] for event in events]
        assert [item["position"] for item in seen] == sorted(item["position"] for item in seen)

    def test_nothing_is_passed_by_while_others_write(self, site: Site, analyst: httpx.Client) -> None:
        """A follower that goes on from the last position it saw misses no event of many writers."""
        before = site.service.log.head()

        def write(name: str) -> None:
            client = site.client("events:write")
            for _ in range(15):
                assert post(client, cloudevent(subject=name)).status_code == 201

        names = [new_customer() for _ in range(4)]
        writers = [threading.Thread(target=write, args=(name,)) for name in names]
        for writer in writers:
            writer.start()
        seen: list[str] = []
        after, more = before, True
        while more:
            writing = any(writer.is_alive() for writer in writers)
            items = analyst.get("/v1/events", params={"after": after, "limit": 10}).json()["items"]
            seen += [item["id"] for item in items]
            after = items[-1]["position"] if items else after
            more = writing or bool(items)

        written = [event.id for event in site.service.log.read_all(before) if event.stream_id in names]
        assert len(written) == 60
        assert [id_ for id_ in seen if id_ in written] == written
        assert len(seen) == len(set(seen))

    def test_as_lines(self, site: Site, channel: httpx.Client, analyst: httpx.Client) -> None:
        """A line for each event, as a bulk load takes it; the next page is in the header."""
        before = site.service.log.head()
        post_batch(channel, [cloudevent(subject=new_customer()) for _ in range(3)])

        for accept in ("application/x-ndjson", "application/json;q=0.5, application/x-ndjson"):
            answer = analyst.get(
                "/v1/events", params={"after": before, "limit": 2}, headers={"Accept": accept}
            )

            lines = [orjson.loads(line) for line in answer.content.splitlines()]
            assert answer.headers["content-type"] == "application/x-ndjson"
            assert len(lines) == 2
            assert answer.links["next"]["url"].endswith(f"after={lines[-1]['position']}&limit=2")

    def test_the_end_of_the_log(self, site: Site, analyst: httpx.Client) -> None:
        """Beyond the last event there is nothing, and no next page; positions have no end."""
        for after in (site.service.log.head(), 2**63 - 1):
            assert analyst.get("/v1/events", params={"after": after}).json() == {"items": [], "next": None}


class TestByKey:
    def test_one_event(self, channel: httpx.Client, analyst: httpx.Client) -> None:
        """Who does not know whether an event was taken can ask, by source and id."""
        event = cloudevent(subject=new_customer(), id="mine/1?", source="/channels/asking")
        position = post(channel, event).json()["position"]

        answer = analyst.get("/v1/events", params={"source": event["source"], "id": event["id"]})

        (told,) = answer.json()["items"]
        assert (told["id"], told["position"]) == (event["id"], position)

    def test_none(self, analyst: httpx.Client) -> None:
        """An unknown key is an empty list, whatever it looks like."""
        for key in ({"source": "/x", "id": "none"}, {"source": "", "id": ""}, {"source": "'", "id": '"'}):
            assert analyst.get("/v1/events", params=key).json()["items"] == []
