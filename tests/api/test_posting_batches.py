"""`POST /v1/events` with several events: an outcome for each."""

from typing import Any

import httpx
import pytest

from journey.settings import Settings
from tests.api.posting import (
    BATCHED,
    LINES,
    assert_problem,
    new_customer,
    post,
    post_batch,
    post_lines,
    recorded,
)
from tests.facts import cloudevent
from tests.sites import Site

APPLICATION = {"product": "personal-loan", "amount": 100000, "currency": "CNY", "materials": []}


def _visits(number: int) -> list[dict[str, Any]]:
    customer = new_customer()
    return [cloudevent(subject=customer) for _ in range(number)]


def _statuses(answer: httpx.Response) -> list[str]:
    return [item["status"] for item in answer.json()["items"]]


def _case(customer: str, case: str) -> list[dict[str, Any]]:
    """Return an application and the start of its review."""
    started = {"reviewer": "li.na", "team": "credit"}
    return [
        cloudevent("application.submitted", APPLICATION, subject=customer, case=case),
        cloudevent("review.started", started, subject=customer, case=case),
    ]


class TestBatch:
    def test_who_may_not_post_writes_nothing(self, site: Site) -> None:
        """A batch needs what a single event needs."""
        with recorded(site) as new:
            assert_problem(post_batch(site.anonymous(), _visits(2)), "unauthorized")
            assert_problem(post_batch(site.client("status:read"), _visits(2)), "insufficient-scope")

        assert new == []

    @pytest.mark.parametrize("media_type", [BATCHED, "Application/CloudEvents-Batch+JSON; charset=UTF-8"])
    def test_each_event_has_its_line(self, site: Site, channel: httpx.Client, media_type: str) -> None:
        """All accepted: 200, counts, and per event its place; the header has the last position."""
        events = _visits(3)
        with recorded(site) as new:
            answer = post(channel, events, media_type)

        told = answer.json()
        assert answer.status_code == 200, answer.text
        assert (told["accepted"], told["duplicate"], told["rejected"]) == (3, 0, 0)
        assert answer.headers["journey-position"] == str(new[-1].position)
        assert told["items"] == [
            {
                "index": index,
                "id": event["id"],
                "status": "accepted",
                "customer": event["subject"],
                "case": None,
                "position": stored.position,
                "version": index + 1,
                "deviation": None,
                "retryable": False,
                "problem": None,
            }
            for index, (event, stored) in enumerate(zip(events, new, strict=True))
        ]

    def test_an_empty_batch_is_valid(self, channel: httpx.Client) -> None:
        """Nothing was sent, and nothing went wrong."""
        for options in ({}, {"atomic": True}, {"validate_only": True}):
            answer = post_batch(channel, [], **options)

            assert answer.status_code == 200
            assert answer.json() == {"accepted": 0, "duplicate": 0, "rejected": 0, "items": []}
            assert "journey-position" not in answer.headers

    def test_one_bad_event_does_not_fail_its_neighbours(self, site: Site) -> None:
        """Mixed: 207, and each kind of outcome by its name, with a problem of its own."""
        client, (first, second) = site.client("events:write", source="/channels/test"), _visits(2)
        customer = first["subject"]
        post(client, first)
        approved = cloudevent("review.approved", {}, subject=customer, case="NONE-1")
        batch = [
            first,
            {**first, "time": "2026-11-20T13:00:00Z"},
            cloudevent("interaction.recorded", {"touchpoint": 1}, subject=customer),
            cloudevent(source="/channels/other", subject=customer),
            approved,
            "not an event",
            second,
        ]
        with recorded(site) as new:
            answer = post_batch(client, batch)

        told = answer.json()
        assert answer.status_code == 207, answer.text
        assert (told["accepted"], told["duplicate"], told["rejected"]) == (1, 1, 5)
        assert _statuses(answer) == [
            "duplicate",
            "conflict",
            "rejected",
            "rejected",
            "rejected",
            "rejected",
            "accepted",
        ]
        problems = [item["problem"] for item in told["items"]]
        assert [problem and problem["code"] for problem in problems] == [
            None,
            "event-id-reused",
            "invalid-event",
            "source-not-yours",
            "illegal-transition",
            "invalid-event",
            None,
        ]
        assert problems[2]["instance"] == "/v1/events#2"
        assert {error["pointer"] for error in problems[2]["errors"]} == {"#/data/touchpoint", "#/data/action"}
        assert [item["index"] for item in told["items"]] == list(range(7))
        assert [item["id"] for item in told["items"]][4:] == [approved["id"], None, second["id"]]
        assert [stored.id for stored in new] == [second["id"]]

    def test_problems_speak_the_callers_language(self, channel: httpx.Client) -> None:
        """Items of a batch are told in Chinese to who asks for it."""
        headers = {"Accept-Language": "zh-CN"}
        answer = post_batch(channel, [cloudevent("no.such")], headers=headers)

        (item,) = answer.json()["items"]
        assert item["problem"]["title"] == "没有该事件类型"

    def test_none_valid_is_refused(self, site: Site, channel: httpx.Client) -> None:
        """422, with an item for each event all the same."""
        with recorded(site) as new:
            answer = post_batch(channel, [cloudevent("no.such"), 1])

        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/json"
        assert _statuses(answer) == ["rejected", "rejected"]
        assert answer.json()["rejected"] == 2
        assert new == []

    def test_the_same_event_twice_in_a_batch_is_one(self, site: Site, channel: httpx.Client) -> None:
        """The second is a duplicate of the first, with its answer."""
        (event,) = _visits(1)
        with recorded(site) as new:
            answer = post_batch(channel, [event, event])

        assert _statuses(answer) == ["accepted", "duplicate"]
        assert len({item["position"] for item in answer.json()["items"]}) == 1
        assert len(new) == 1

    def test_later_events_build_on_earlier_ones(self, site: Site, channel: httpx.Client) -> None:
        """A whole case may come in one batch."""
        with recorded(site) as new:
            answer = post_batch(channel, _case(new_customer(), "OWN-1"))

        assert _statuses(answer) == ["accepted", "accepted"]
        assert [stored.type for stored in new] == ["application.submitted", "review.started"]

    def test_a_precondition_goes_with_one_event_only(self, site: Site, channel: httpx.Client) -> None:
        """A batch may concern several streams; a precondition that cannot be kept is refused."""
        headers = {"If-Match": '"0"'}
        with recorded(site) as new:
            assert_problem(post_batch(channel, _visits(1), headers=headers), "precondition-malformed")
            assert_problem(post_lines(channel, _visits(1), headers=headers), "precondition-malformed")

        assert new == []


class TestAtomic:
    def test_all_or_none(self, site: Site, channel: httpx.Client) -> None:
        """One event that the rules refuse refuses all; the others say that they were aborted."""
        events = [*_visits(2), cloudevent("review.approved", {}, subject="x", case="NONE-2"), *_visits(1)]
        with recorded(site) as new:
            answer = post_batch(channel, events, atomic=True)

        assert answer.status_code == 422
        assert _statuses(answer) == ["aborted", "aborted", "rejected", "aborted"]
        assert answer.json()["items"][0]["problem"]["code"] == "batch-aborted"
        assert new == []

    def test_an_event_that_cannot_be_read_counts_too(self, site: Site, channel: httpx.Client) -> None:
        """Reading is part of what must go well for all."""
        with recorded(site) as new:
            answer = post_batch(channel, [*_visits(1), {}], atomic=True)

        assert _statuses(answer) == ["aborted", "rejected"]
        assert new == []

    def test_all_well_is_written_in_order(self, site: Site, channel: httpx.Client) -> None:
        """What is known already does not stand in the way."""
        events = _visits(4)
        post(channel, events[0])
        with recorded(site) as new:
            answer = post_batch(channel, events, atomic=True)

        assert answer.status_code == 200
        assert _statuses(answer) == ["duplicate", "accepted", "accepted", "accepted"]
        assert [stored.id for stored in new] == [event["id"] for event in events[1:]]

    def test_more_than_one_commit_holds_are_still_one(self, site: Site, channel: httpx.Client) -> None:
        """A batch of thousands that fails at its end leaves nothing behind."""
        events = [*_visits(2500), cloudevent("review.approved", {}, subject="x", case="NONE-3")]
        with recorded(site) as new:
            answer = post_batch(channel, events, atomic=True)

        assert answer.status_code == 422
        assert new == []


class TestValidateOnly:
    @pytest.mark.parametrize("send", [post_batch, post_lines])
    def test_a_whole_case_is_checked_event_upon_event(
        self, site: Site, channel: httpx.Client, send: Any
    ) -> None:
        """Later events are checked against earlier ones, however long the batch; nothing is written."""
        customer = new_customer()
        events = [*_case(customer, "LONG-1")[:1], *_visits(1200), *_case(customer, "LONG-1")[1:]]
        with recorded(site) as new:
            answer = send(channel, events, validate_only=True)

        assert answer.status_code == 200
        assert b'"status":"rejected"' not in answer.content
        assert answer.content.count(b'"status":"accepted"') == 1202
        assert new == []


class TestLimits:
    def test_too_many_events(self, site: Site, channel: httpx.Client) -> None:
        """The limit is told, and nothing of the batch is written."""
        limit = site.service.settings.max_batch_events
        with recorded(site) as new:
            answer = post_batch(channel, [{}] * (limit + 1))

        told = assert_problem(answer, "batch-too-large")
        assert (told["limit"], told["unit"]) == (limit, "events") == (10_000, "events")
        assert "10000" in told["detail"]
        assert new == []

    def test_one_event_of_a_batch_too_large(self, site: Site, channel: httpx.Client) -> None:
        """An event may be no larger in a batch than alone; its neighbours do not mind."""
        events = [cloudevent(subject=new_customer(), data={"touchpoint": "x" * 70_000}), *_visits(1)]
        with recorded(site) as new:
            answer = post_batch(channel, events)

        problem = answer.json()["items"][0]["problem"]
        assert _statuses(answer) == ["rejected", "accepted"]
        assert (problem["code"], problem["limit"]) == (
            "event-too-large",
            Settings(database="x").max_event_bytes,
        )
        assert len(new) == 1

    @pytest.mark.parametrize("media_type", [BATCHED, LINES])
    def test_lines_in_one_go_are_limited_like_a_batch(
        self, site: Site, channel: httpx.Client, media_type: str
    ) -> None:
        """What must be decided together must fit together."""
        body = b"[" + b" " * (8 * 1024 * 1024) + b"]"
        with recorded(site) as new:
            answer = post(channel, body, media_type, atomic=True)

        told = assert_problem(answer, "batch-too-large")
        assert (told["limit"], told["unit"]) == (8 * 1024 * 1024, "bytes")
        assert new == []
