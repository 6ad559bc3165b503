"""`POST /v1/events` with one event, in each of its modes."""

from typing import Any

import httpx
import pytest

from tests.api.posting import (
    STRUCTURED,
    assert_problem,
    new_customer,
    post,
    post_batch,
    post_binary,
    recorded,
)
from tests.facts import cloudevent
from tests.sites import Site


def _application(customer: str, **attributes: Any) -> dict[str, Any]:
    data = {"product": "personal-loan", "amount": 100000, "currency": "CNY", "materials": ["identity_card"]}
    return cloudevent("application.submitted", data, subject=customer, **attributes)


def _started(customer: str, case: str | None, **attributes: Any) -> dict[str, Any]:
    data = {"reviewer": "li.na", "team": "credit"}
    return cloudevent("review.started", data, subject=customer, case=case, **attributes)


class TestWhoMayPost:
    def test_nobody_without_a_key(self, site: Site) -> None:
        """A stranger is asked for a key, and nothing is written."""
        with recorded(site) as new:
            answer = post(site.anonymous(), cloudevent())

        assert_problem(answer, "unauthorized")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert new == []

    def test_nobody_whose_key_only_reads(self, site: Site) -> None:
        """Reading everything does not allow to write."""
        with recorded(site) as new:
            answer = post(site.client("journeys:read", "ops:admin"), cloudevent())

        assert_problem(answer, "insufficient-scope")
        assert 'scope="events:write"' in answer.headers["www-authenticate"]
        assert new == []

    def test_a_channel_cannot_speak_for_another(self, site: Site) -> None:
        """A key that is bound to a source is refused for every other source."""
        client = site.client("events:write", source="/channels/mobile")
        with recorded(site) as new:
            refused = post(client, cloudevent(source="/channels/counter"))
            taken = post(client, cloudevent(source="/channels/mobile"))

        assert assert_problem(refused, "source-not-yours")["source"] == "/channels/mobile"
        assert taken.status_code == 201
        assert [event.source for event in new] == ["/channels/mobile"]


class TestStructured:
    @pytest.mark.parametrize(
        "media_type",
        [
            "application/cloudevents+json",
            "application/json",
            "Application/CloudEvents+JSON; charset=UTF-8",
            'APPLICATION/JSON;charset="utf-8"',
            "application/json ; profile=x; charset=utf8",
        ],
    )
    def test_an_event_is_appended(self, site: Site, channel: httpx.Client, media_type: str) -> None:
        """The answer tells where the event stands, in body and headers; the log has what was sent."""
        customer = new_customer()
        event = cloudevent(subject=customer, correlationid="c-1", sequence=7)
        with recorded(site) as new:
            answer = post(channel, event, media_type)

        (stored,) = new
        assert answer.status_code == 201, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["etag"] == '"1"'
        assert answer.headers["journey-position"] == str(stored.position)
        assert answer.json() == {
            "id": event["id"],
            "customer": customer,
            "type": "interaction.recorded",
            "case": None,
            "version": 1,
            "position": stored.position,
            "duplicate": False,
            "deviation": None,
        }
        assert (stored.id, stored.source, stored.stream_id) == (event["id"], event["source"], customer)
        assert (stored.data, stored.time, stored.channel) == (event["data"], event["time"], "web")
        assert stored.attributes == {"correlationid": "c-1", "sequence": "7"}

    def test_an_opening_event_is_given_a_case_number(self, site: Site, channel: httpx.Client) -> None:
        """The number is in the answer and in the event, and continues the case."""
        customer = new_customer()
        with recorded(site) as new:
            number = post(channel, _application(customer)).json()["case"]
            following = post(channel, _started(customer, number))

        assert number.startswith("APP-20261120-")
        assert following.status_code == 201, following.text
        assert following.headers["etag"] == '"2"'
        assert [event.case for event in new] == [number, number]

    def test_a_case_number_may_be_written_as_people_write_it(self, site: Site, channel: httpx.Client) -> None:
        """Small letters and spaces mean the same number; the log has it as it was given."""
        customer = new_customer()
        number = post(channel, _application(customer)).json()["case"]
        with recorded(site) as new:
            answer = post(channel, _started(customer, number.lower().replace("-", " ")))

        assert answer.json()["case"] == number
        assert [event.case for event in new] == [number]

    def test_null_attributes_are_absent_ones(self, site: Site, channel: httpx.Client) -> None:
        """So says the JSON format of CloudEvents."""
        event = cloudevent(subject=new_customer())
        event |= {"traceparent": None, "case": None, "dataschema": None, "channel": None}
        with recorded(site) as new:
            answer = post(channel, event)

        assert answer.status_code == 201, answer.text
        assert (new[0].attributes, new[0].channel, new[0].case) == ({}, None, None)

    def test_headers_do_not_make_a_structured_event_binary(self, site: Site, channel: httpx.Client) -> None:
        """A structured event may repeat its attributes in headers; what counts is the body."""
        event = cloudevent(subject=new_customer())
        with recorded(site) as new:
            answer = post(channel, event, headers={"ce-id": "other", "ce-specversion": "1.0"})

        assert (answer.status_code, answer.json()["id"]) == (201, event["id"])
        assert [stored.id for stored in new] == [event["id"]]


class TestBinary:
    def test_attributes_come_percent_encoded(self, site: Site, channel: httpx.Client) -> None:
        """Chinese, quotes, spaces and percent signs arrive as they were meant."""
        subject, authid = "客户-王小明 100%", 'teller "A" \\ 1'
        event = cloudevent(subject=subject, authid=authid)
        with recorded(site) as new:
            answer = post_binary(channel, event)

        assert answer.status_code == 201, answer.text
        assert answer.json()["customer"] == subject
        assert new[0].stream_id == subject
        assert new[0].attributes == {"authid": authid}
        assert new[0].data == event["data"]

    def test_values_in_quotes_are_unquoted(self, site: Site, channel: httpx.Client) -> None:
        """Older senders quote what has spaces; so the binding tells to unquote first, then to decode once."""
        event = cloudevent(subject=new_customer())
        headers = {"ce-authid": '"li \\"na\\"%20%2541"'}
        with recorded(site) as new:
            answer = post_binary(channel, event, headers=headers)

        assert answer.status_code == 201, answer.text
        assert new[0].attributes == {"authid": 'li "na" %41'}

    def test_plain_utf_8_is_understood(self, site: Site, channel: httpx.Client) -> None:
        """Senders that do not encode at all send UTF-8, which nothing else can be mistaken for."""
        event = cloudevent(subject=new_customer())
        headers = [(b"ce-" + name.encode(), str(event[name]).encode()) for name in event if name != "data"]
        headers += [(b"ce-authid", "李娜".encode()), (b"content-type", b"application/json")]
        with recorded(site) as new:
            answer = channel.post("/v1/events", json=event["data"], headers=headers)

        assert answer.status_code == 201, answer.text
        assert new[0].attributes == {"authid": "李娜"}

    @pytest.mark.parametrize(
        "media_type", [None, "application/json; charset=UTF-8", "APPLICATION/VND.BANK+JSON"]
    )
    def test_data_are_json_also_where_nobody_says_so(
        self, site: Site, channel: httpx.Client, media_type: str | None
    ) -> None:
        """An event that does not name the type of its data has JSON."""
        event = cloudevent(subject=new_customer())
        headers = {f"CE-{name}": str(value) for name, value in event.items() if name != "data"}
        if media_type:
            headers["content-type"] = media_type
        with recorded(site) as new:
            answer = channel.post("/v1/events", content=b'{"touchpoint":"x","action":"y"}', headers=headers)

        assert answer.status_code == 201, answer.text
        assert new[0].data == {"touchpoint": "x", "action": "y"}

    def test_no_body_means_no_data(self, site: Site, channel: httpx.Client) -> None:
        """A type without required fields needs none."""
        customer = new_customer()
        invitation = {"kind": "questionnaire", "about": "APP-1", "medium": "sms"}
        number = post(channel, cloudevent("feedback.invited", invitation, subject=customer)).json()["case"]
        event = cloudevent("feedback.expired", {}, subject=customer, case=number)
        del event["data"]
        with recorded(site) as new:
            answer = post_binary(channel, event)

        assert answer.status_code == 201, answer.text
        assert [stored.data for stored in new] == [{}]


class TestTheSameEventAgain:
    def test_the_way_of_sending_does_not_matter(self, site: Site, channel: httpx.Client) -> None:
        """Structured, then as plain JSON, binary, batched: one event, and always the original answer."""
        event = _application(new_customer(), sequence=3)
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
        event = _application(new_customer())
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
        event = _application(new_customer())
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
            unlawful = post(channel, _started(customer, "MY-1"), validate_only=True)
            reused = post(channel, {**known, "time": "2026-11-20T13:00:00Z"}, validate_only=True)
            repeated = post(channel, known, validate_only=True)

        assert_problem(unlawful, "illegal-transition")
        assert_problem(reused, "event-id-reused")
        assert (repeated.status_code, repeated.json()["duplicate"]) == (200, True)
        assert new == []


class TestLifecycle:
    def _unlawful(self, client: httpx.Client, customer: str, **options: Any) -> httpx.Response:
        number = post(client, _application(customer)).json()["case"]
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


class TestOptions:
    def test_the_limits_are_told(self, site: Site, channel: httpx.Client) -> None:
        """A sender learns how large its batches may be; only who may write may ask."""
        assert_problem(site.anonymous().options("/v1/events"), "unauthorized")
        assert_problem(site.client("journeys:read").options("/v1/events"), "insufficient-scope")

        answer = channel.options("/v1/events")

        settings = site.service.settings
        assert answer.status_code == 200
        assert answer.headers["allow"] == "GET, OPTIONS, POST"
        assert answer.json() == {
            "max_event_bytes": settings.max_event_bytes,
            "max_batch_events": settings.max_batch_events,
            "max_batch_bytes": settings.max_batch_bytes,
            "max_depth": settings.max_depth,
            "future_tolerance_seconds": settings.future_tolerance,
        }
