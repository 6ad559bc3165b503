"""`POST /v1/events` with one event that is known already, comes too late, or is only to be checked."""

from typing import Any

import httpx
import pytest

from tests.api.posting import (
    STRUCTURED,
    a_review,
    an_application,
    assert_problem,
    new_customer,
    post,
    post_batch,
    post_binary,
    recorded,
)
from tests.facts import cloudevent
from tests.sites import Site


class TestTheSameEventAgain:
    def test_the_way_of_sending_does_not_matter(self, site: Site, channel: httpx.Client) -> None:
        """Structured, then as plain JSON, binary, batched: one event, and always the original answer."""
        event = an_application(new_customer(), sequence=3)
        reordered = dict(reversed(event.items())) | {"datacontenttype": "application/json"}
        with recorded(site) as new:
            first = post(channel, event)
            again = [
                post(channel, reordered),
                post(channel, event, "application/json"),
                post_binary(channel, event),
            ]
            batch = post_batch(channel, [event])

        assert first.status_code == 201
        assert [answer.status_code for answer in (*again, batch)] == [200] * 4
        for answer in again:
            assert answer.json() == {**first.json(), "duplicate": True}
            assert answer.headers["etag"] == first.headers["etag"]
            assert answer.headers["journey-position"] == first.headers["journey-position"]
        (item,) = batch.json()["items"]
        assert (item["status"], item["case"]) == ("duplicate", first.json()["case"])
        assert item["position"] == first.json()["position"]
        assert len(new) == 1

    def test_the_answered_number_may_be_sent_along(self, site: Site, channel: httpx.Client) -> None:
        """Whoever repeats an event with the number that it was given tells the same event."""
        event = an_application(new_customer())
        first = post(channel, event)
        with recorded(site) as new:
            again = post(channel, {**event, "case": first.json()["case"]})

        assert again.status_code == 200
        assert new == []

    @pytest.mark.parametrize("change", [{"time": "2026-11-20T12:00:01Z"}, {"subject": "X"}, {"authid": "y"}])
    @pytest.mark.parametrize("mode", [post, post_binary])
    def test_an_id_is_not_used_twice(
        self, site: Site, channel: httpx.Client, change: dict[str, str], mode: Any
    ) -> None:
        """Other content under a known id is refused, however it comes; the earlier event stands."""
        event = cloudevent(subject=new_customer())
        post(channel, event)
        with recorded(site) as new:
            answer = mode(channel, {**event, **change})

        told = assert_problem(answer, "event-id-reused")
        assert (told["source"], told["id"]) == (event["source"], event["id"])
        assert new == []

    def test_another_source_has_ids_of_its_own(self, site: Site, channel: httpx.Client) -> None:
        """What must be unique is source and id together."""
        event = cloudevent(subject=new_customer())
        with recorded(site) as new:
            answers = [post(channel, event), post(channel, {**event, "source": "/channels/other"})]

        assert [answer.status_code for answer in answers] == [201, 201]
        assert [stored.version for stored in new] == [1, 2]


class TestExpectedVersion:
    def test_the_right_version_is_taken(self, site: Site, channel: httpx.Client) -> None:
        """The version of a stream that nobody has met is 0."""
        customer = new_customer()
        with recorded(site) as new:
            tags = ['"0"']
            for _ in range(3):
                answer = post(channel, cloudevent(subject=customer), headers={"If-Match": tags[-1]})
                assert answer.status_code == 201, answer.text
                tags.append(answer.headers["etag"])

        assert tags == ['"0"', '"1"', '"2"', '"3"']
        assert len(new) == 3

    @pytest.mark.parametrize("mode", [post, post_binary])
    def test_a_stale_version_is_refused_with_the_current_one(
        self, site: Site, channel: httpx.Client, mode: Any
    ) -> None:
        """The sender learns where the stream is now."""
        customer = new_customer()
        post(channel, cloudevent(subject=customer))
        with recorded(site) as new:
            answer = mode(channel, cloudevent(subject=customer), headers={"If-Match": '"0"'})

        told = assert_problem(answer, "version-mismatch")
        assert (told["version"], told["expected_version"]) == (1, 0)
        assert new == []

    def test_an_event_that_is_known_stays_known(self, channel: httpx.Client) -> None:
        """A repeat after a lost answer is answered, although the stream has moved on."""
        event = cloudevent(subject=new_customer())
        post(channel, event, headers={"If-Match": '"0"'})

        again = post(channel, event, headers={"If-Match": '"0"'})

        assert (again.status_code, again.json()["duplicate"]) == (200, True)

    @pytest.mark.parametrize(
        "tag", ["17", '"x"', '"-1"', 'W/"1"', "*", '"1", "2"', '"', '""', '"9999999999999999"']
    )
    def test_anything_but_one_strong_tag_is_refused(
        self, site: Site, channel: httpx.Client, tag: str
    ) -> None:
        """A precondition that cannot be read is not one to ignore."""
        with recorded(site) as new:
            answer = post(channel, cloudevent(subject=new_customer()), headers={"If-Match": tag})

        assert_problem(answer, "precondition-malformed")
        assert new == []


class TestValidateOnly:
    def test_nothing_is_written(self, site: Site, channel: httpx.Client) -> None:
        """The answer is what it would be, and the event can be sent for real afterwards."""
        event = an_application(new_customer())
        with recorded(site) as new:
            checked = post(channel, event, validate_only=True)

        assert checked.status_code == 200, checked.text
        told = checked.json()
        assert (told["valid"], told["position"], told["version"]) == (True, None, 1)
        assert new == []
        taken = post(channel, event)
        assert (taken.status_code, taken.json()["case"]) == (201, told["case"])

    def test_what_would_be_refused_is_refused(self, site: Site, channel: httpx.Client) -> None:
        """Every rule counts: fields, lifecycle, keys."""
        customer = new_customer()
        known = cloudevent(subject=customer)
        post(channel, known)
        with recorded(site) as new:
            unlawful = post(channel, a_review(customer, "MY-1"), validate_only=True)
            reused = post(channel, {**known, "time": "2026-11-20T13:00:00Z"}, validate_only=True)
            repeated = post(channel, known, validate_only=True)

        assert_problem(unlawful, "illegal-transition")
        assert_problem(reused, "event-id-reused")
        assert (repeated.status_code, repeated.json()["duplicate"]) == (200, True)
        assert new == []


class TestLifecycle:
    def _unlawful(self, client: httpx.Client, customer: str, **options: Any) -> httpx.Response:
        number = post(client, an_application(customer)).json()["case"]
        event = cloudevent("review.approved", {}, subject=customer, case=number)
        return post(client, event, **options)

    def test_strict_refuses_and_says_what_is_allowed(self, site: Site, channel: httpx.Client) -> None:
        """The problem names the case, its state and what may come now."""
        customer = new_customer()
        with recorded(site) as new:
            answer = self._unlawful(channel, customer)

        told = assert_problem(answer, "illegal-transition")
        assert (told["case"], told["state"]) == (new[0].case, "submitted")
        assert told["allowed"] == ["application.withdrawn", "review.started"]
        assert len(new) == 1

    def test_record_keeps_the_fact_and_marks_it(self, site: Site, channel: httpx.Client) -> None:
        """What happened is kept; the answer and the event say what had been expected."""
        with recorded(site) as new:
            answer = self._unlawful(channel, new_customer(), lifecycle="record")

        assert answer.status_code == 201, answer.text
        assert answer.json()["deviation"] == "in submitted, expected application.withdrawn, review.started"
        assert new[1].deviation == answer.json()["deviation"]

    def test_a_key_has_a_default_of_its_own(self, site: Site) -> None:
        """A channel that only tells what happened need not say so each time; the call has the last word."""
        client = site.client("events:write", lifecycle="record")
        with recorded(site) as new:
            kept = self._unlawful(client, new_customer())
            refused = self._unlawful(client, new_customer(), lifecycle="strict")

        assert kept.status_code == 201
        assert_problem(refused, "illegal-transition")
        assert len(new) == 3

    def test_a_mode_that_does_not_exist_is_refused(self, site: Site, channel: httpx.Client) -> None:
        """Nobody's events are treated in a way that was not asked for."""
        with recorded(site) as new:
            answer = post(channel, cloudevent(), STRUCTURED, lifecycle="lenient")

        assert_problem(answer, "invalid-parameter", "#/query/lifecycle")
        assert new == []
