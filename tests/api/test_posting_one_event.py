"""`POST /v1/events` with one event, in each of its modes."""

import httpx
import pytest

from tests.api.posting import (
    a_review,
    an_application,
    assert_problem,
    new_customer,
    post,
    post_binary,
    recorded,
)
from tests.facts import cloudevent
from tests.sites import Site


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
            number = post(channel, an_application(customer)).json()["case"]
            following = post(channel, a_review(customer, number))

        assert number.startswith("APP-20261120-")
        assert following.status_code == 201, following.text
        assert following.headers["etag"] == '"2"'
        assert [event.case for event in new] == [number, number]

    def test_a_case_number_may_be_written_as_people_write_it(self, site: Site, channel: httpx.Client) -> None:
        """Small letters and spaces mean the same number; the log has it as it was given."""
        customer = new_customer()
        number = post(channel, an_application(customer)).json()["case"]
        with recorded(site) as new:
            answer = post(channel, a_review(customer, number.lower().replace("-", " ")))

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
