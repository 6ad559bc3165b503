"""The CloudEvents SDK, in all its modes and both its generations, is a client without special treatment."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cloudevents.core.bindings.http import (
    HTTPMessage,
    from_structured_event,
    to_binary_event,
    to_structured_event,
)
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1.conversion import to_binary as old_to_binary
from cloudevents.v1.conversion import to_structured as old_to_structured
from cloudevents.v1.http import CloudEvent as OldCloudEvent
from cloudevents.v1.pydantic import CloudEvent as PydanticCloudEvent

from tests.api.posting import BATCHED, new_customer, recorded
from tests.sites import Site

DATA = {"touchpoint": "柜面", "action": "visit", "duration_s": 12.5}
MOMENT = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def channel(site: Site) -> httpx.Client:
    """Give the client of a channel that uses the SDK."""
    return site.client("events:write")


def _event(data: Any = None, **attributes: Any) -> CloudEvent:
    whole = {
        "type": "interaction.recorded",
        "source": "/channels/sdk",
        "id": uuid4().hex,
        "specversion": "1.0",
        "time": MOMENT,
        "subject": f"客户 “{new_customer()}” 100%",
        "channel": "counter",
    }
    return CloudEvent(attributes={**whole, **attributes}, data=DATA if data is None else data)


def _old_event(kind: Any = OldCloudEvent, data: Any = None, **attributes: Any) -> Any:
    whole = {"type": "interaction.recorded", "source": "/channels/sdk", "subject": new_customer()}
    return kind({**whole, **attributes}, DATA if data is None else data)


def _send(client: httpx.Client, message: HTTPMessage) -> httpx.Response:
    return client.post("/v1/events", headers=message.headers, content=message.body)


class TestTheSdk:
    @pytest.mark.parametrize("mode", [to_structured_event, to_binary_event])
    @pytest.mark.parametrize("media_type", [None, "application/json", "application/json; charset=utf-8"])
    def test_an_event_arrives_as_it_was_made(
        self,
        site: Site,
        channel: httpx.Client,
        mode: Callable[[CloudEvent], HTTPMessage],
        media_type: str | None,
    ) -> None:
        """Attributes in Chinese with quotes, the time to the microsecond, the data: all are in the log."""
        event = _event(**({"datacontenttype": media_type} if media_type else {}))
        with recorded(site) as new:
            answer = _send(channel, mode(event))

        (stored,) = new
        assert answer.status_code == 201, answer.text
        assert (stored.id, stored.source, stored.stream_id) == (
            event.get_id(),
            event.get_source(),
            event.get_subject(),
        )
        assert (stored.occurred_at, stored.data, stored.channel) == (MOMENT, DATA, "counter")

    @pytest.mark.parametrize("mode", [to_structured_event, to_binary_event])
    def test_data_that_are_bytes_already(
        self, site: Site, channel: httpx.Client, mode: Callable[[CloudEvent], HTTPMessage]
    ) -> None:
        """JSON that the sender has written itself comes as base64 or as the body, and means the same."""
        event = _event(data=b'{"touchpoint": "app.login", "action": "login"}')
        with recorded(site) as new:
            answer = _send(channel, mode(event))

        assert answer.status_code == 201, answer.text
        assert [stored.data for stored in new] == [{"touchpoint": "app.login", "action": "login"}]

    def test_every_mode_tells_the_same_event(self, site: Site, channel: httpx.Client) -> None:
        """Structured, binary, batched, with data as a value or as bytes: one event."""
        event, written = _event(), JSONFormat()
        as_bytes = CloudEvent(event.get_attributes(), data=written.write_data(DATA, "application/json"))
        batch = b"[" + b",".join([written.write(event), written.write(as_bytes)]) + b"]"
        with recorded(site) as new:
            first = _send(channel, to_structured_event(event))
            again = [
                _send(channel, mode(each))
                for mode in (to_binary_event, to_structured_event)
                for each in (event, as_bytes)
            ]
            batched = channel.post("/v1/events", headers={"Content-Type": BATCHED}, content=batch)

        assert first.status_code == 201, first.text
        assert [answer.status_code for answer in again] == [200] * 4, [answer.text for answer in again]
        assert [item["status"] for item in batched.json()["items"]] == ["duplicate", "duplicate"]
        assert len(new) == 1

    def test_extensions_of_every_kind(self, site: Site, channel: httpx.Client) -> None:
        """Numbers and truths are written in the same way in both modes."""
        event = _event(sequence=7, authtype="user", authid="李娜", dataschema="https://bank.example/schema")
        with recorded(site) as new:
            answers = [_send(channel, mode(event)) for mode in (to_structured_event, to_binary_event)]

        assert [answer.status_code for answer in answers] == [201, 200], answers[1].text
        assert new[0].attributes == {
            "sequence": "7",
            "authtype": "user",
            "authid": "李娜",
            "dataschema": "https://bank.example/schema",
        }

    def test_an_event_without_data(self, site: Site, channel: httpx.Client) -> None:
        """A type without required fields needs none, in either mode."""
        for mode in (to_structured_event, to_binary_event):
            invitation = {"kind": "questionnaire", "about": "APP-1", "medium": "sms"}
            event = _event(type="feedback.invited", data=invitation)
            number = _send(channel, mode(event)).json()["case"]
            attributes = {
                **event.get_attributes(),
                "id": uuid4().hex,
                "type": "feedback.expired",
                "case": number,
            }
            with recorded(site) as new:
                answer = _send(channel, mode(CloudEvent(attributes)))

            assert answer.status_code == 201, answer.text
            assert [stored.data for stored in new] == [{}]

    def test_the_log_can_be_read_with_it(self, site: Site, channel: httpx.Client) -> None:
        """What the service gives out are CloudEvents again."""
        event = _event()
        position = _send(channel, to_structured_event(event)).json()["position"]

        page = site.client("journeys:read").get("/v1/events", params={"after": position - 1, "limit": 1})

        written = httpx.Response(200, json=page.json()["items"][0]).content
        read = from_structured_event(HTTPMessage({"content-type": "application/cloudevents+json"}, written))
        assert read.get_id() == event.get_id()
        assert read.get_time() == MOMENT
        assert read.get_data() == DATA


class TestItsOlderGeneration:
    @pytest.mark.parametrize("kind", [OldCloudEvent, PydanticCloudEvent])
    @pytest.mark.parametrize("mode", [old_to_structured, old_to_binary])
    def test_an_event_arrives(self, site: Site, channel: httpx.Client, kind: Any, mode: Any) -> None:
        """It gives ids and times by itself, and does not percent-encode."""
        attributes = {"source": "/channels/sdk", "type": "interaction.recorded", "subject": new_customer()}
        event = (
            kind(attributes=attributes, data=DATA) if kind is PydanticCloudEvent else kind(attributes, DATA)
        )
        headers, body = mode(event)
        with recorded(site) as new:
            answer = channel.post("/v1/events", headers=headers, content=body)

        assert answer.status_code == 201, answer.text
        assert [(stored.id, stored.data) for stored in new] == [(event["id"], DATA)]

    def test_both_modes_tell_the_same_event(self, site: Site, channel: httpx.Client) -> None:
        """Also with bytes as data."""
        event = _old_event(data=b'{"touchpoint": "x", "action": "y"}')
        with recorded(site) as new:
            messages = [old_to_structured(event), old_to_binary(event, bytes)]
            answers = [
                channel.post("/v1/events", headers=headers, content=body) for headers, body in messages
            ]

        assert [answer.status_code for answer in answers] == [201, 200], [each.text for each in answers]
        assert len(new) == 1
