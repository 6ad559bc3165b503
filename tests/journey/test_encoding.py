"""What the log stores of an event, byte for byte, and what makes two sendings the same event."""

from typing import Any

import orjson
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from journey.encoding import content_digest, from_state, to_state
from journey.errors import DamagedEvent
from journey.events import Event, RecordedEvent
from journey.touchpoints import TOUCHPOINTS
from tests.facts import NOON, event, submitted, visit
from tests.strategies import payloads

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
TOLD = Event(
    source="/bank/mobile",
    id="9f1c",
    stream_id="客户-1",
    touchpoint=TOUCHPOINTS["application.submitted"].model_validate({"product": "personal-loan"}),
    data={"product": "personal-loan", "materials": [], "amount": 1e5},
    time="2026-11-20t20:00:00.5+08:00",
    occurred_at=NOON,
    case="APP-1",
    channel="mobile",
    attributes={"correlationid": "𠮷\u2028", "xflag": True},
    deviation="in -, expected nothing",
    process="personal-loan@2026-11",
)
STORED = (
    '{"id":"9f1c","source":"/bank/mobile","time":"2026-11-20t20:00:00.5+08:00",'
    '"recordedtime":"2026-11-20T12:00:00.000000+00:00","case":"APP-1","channel":"mobile",'
    '"deviation":"in -, expected nothing","process":"personal-loan@2026-11",'
    '"attributes":{"correlationid":"𠮷\u2028","xflag":true},'
    '"data":{"product":"personal-loan","materials":[],"amount":100000.0}}'
)


def read(state: bytes, type_: str = "interaction.recorded") -> RecordedEvent:
    """Read stored bytes as the third event of a customer."""
    return from_state("C1", 3, 17, type_, state)


class TestState:
    def test_bytes_stay_the_same_for_ever(self) -> None:
        """The bytes of an event are part of the log's format: they must never come out differently."""
        assert to_state(TOLD, NOON).decode() == STORED

    def test_smallest(self) -> None:
        """What an event does not have is not stored."""
        told = visit(id="1")._replace(channel=None, data={}, time="2026-11-20T12:00:00Z")

        assert to_state(told, NOON) == (
            b'{"id":"1","source":"/channels/test","time":"2026-11-20T12:00:00Z",'
            b'"recordedtime":"2026-11-20T12:00:00.000000+00:00","data":{}}'
        )

    @given(st.data())
    def test_round_trip(self, data: st.DataObject) -> None:
        """Every event of every type is read as it was written."""
        type_ = data.draw(st.sampled_from(sorted(TOUCHPOINTS)))
        told = event(type_, data.draw(payloads(type_)), case=data.draw(st.none() | st.just("A")))
        recorded = read(to_state(told, NOON), type_)

        assert not recorded.damaged
        assert (recorded.stream_id, recorded.version, recorded.position) == ("C1", 3, 17)
        assert recorded.recorded_at == NOON
        for name in ("source", "id", "type", "time", "occurred_at", "data", "case", "channel", "touchpoint"):
            assert getattr(recorded, name) == getattr(told, name)
        assert (recorded.attributes, recorded.deviation, recorded.process) == ({}, None, None)

    def test_everything(self) -> None:
        """Every attribute comes back."""
        recorded = read(to_state(TOLD, NOON), TOLD.type)

        for name in ("source", "id", "time", "data", "case", "channel", "attributes", "deviation", "process"):
            assert getattr(recorded, name) == getattr(TOLD, name)

    def test_an_improvement_that_was_stored_without_a_case(self) -> None:
        """Its stream tells the number: it goes on like those of today. Customers' streams tell none."""
        state = to_state(visit(id="1"), NOON)

        assert from_state("improvement:7", 1, 17, "improvement.announced", state).case == "7"
        assert read(state).case is None


class TestDamage:
    @given(st.binary() | JSON.map(orjson.dumps))
    @example(b"")
    @example(b"[]")
    def test_whatever_is_stored_is_read(self, state: bytes) -> None:
        """Bytes that are no event's give a damaged event at its place, and never an exception."""
        recorded = read(state)

        assert recorded.damaged
        assert (recorded.stream_id, recorded.version, recorded.position) == ("C1", 3, 17)
        with pytest.raises(DamagedEvent, match="position 17"):
            _ = recorded.touchpoint

    @given(st.sampled_from(["id", "source", "time", "recordedtime", "data", "attributes"]), JSON)
    def test_wrong_kind_of_value(self, name: str, value: Any) -> None:
        """A value of a wrong kind in a known place is damage as well."""
        assume(not isinstance(value, dict if name in {"data", "attributes"} else str))

        assert read(orjson.dumps({**orjson.loads(STORED), name: value})).damaged

    @pytest.mark.parametrize("time", ["", "noon", "2026-11-20T12:00:00", "2026-13-01T00:00:00Z"])
    @pytest.mark.parametrize("name", ["time", "recordedtime"])
    def test_wrong_time(self, name: str, time: str) -> None:
        """A time that is none, or has no offset, is damage."""
        assert read(orjson.dumps({**orjson.loads(STORED), name: time})).damaged

    @pytest.mark.parametrize("name", ["id", "source", "time", "recordedtime", "data"])
    def test_missing(self, name: str) -> None:
        """Whatever must be there is missed."""
        stored = orjson.loads(STORED)
        del stored[name]

        assert read(orjson.dumps(stored)).damaged

    def test_content_that_its_type_does_not_declare(self) -> None:
        """Content that does not fit its type is read, and cannot be used as what it is not."""
        for recorded in (
            read(to_state(TOLD, NOON), "review.approved"),
            read(to_state(TOLD, NOON), "unknown"),
        ):
            assert not recorded.damaged
            with pytest.raises(DamagedEvent, match="position 17"):
                _ = recorded.touchpoint


class TestDigest:
    def test_stays_the_same_for_ever(self) -> None:
        """Digests are stored: an event that is sent again after years must have the same one."""
        expected = "70453788cee25d58a5fcc3425c4db67fdf99cd2963b9722d0f7bbcc8560ed149"

        assert content_digest(TOLD).hex() == expected

    def test_order_of_keys_does_not_count(self) -> None:
        """The same content in another order is the same event."""
        turned = TOLD._replace(data=dict(reversed([*TOLD.data.items()])))

        assert to_state(turned, NOON) != to_state(TOLD, NOON)
        assert content_digest(turned) == content_digest(TOLD)

    @pytest.mark.parametrize("change", [{"case": None}, {"deviation": None}, {"process": "other"}])
    def test_what_the_service_adds_does_not_count(self, change: dict[str, Any]) -> None:
        """What the service adds, or may have added, makes no other event."""
        assert content_digest(TOLD._replace(**change)) == content_digest(TOLD)

    @pytest.mark.parametrize(
        "change",
        [
            {"source": "/bank/web"},
            {"id": "9f1d"},
            {"stream_id": "客户-2"},
            {"time": "2026-11-20T20:00:00.5+08:00"},
            {"channel": "web"},
            {"channel": None},
            {"attributes": {}},
            {"data": {**TOLD.data, "amount": 100000}},
            {"data": {**TOLD.data, "amount": 100000.01}},
            {"touchpoint": submitted().touchpoint.model_copy(), "data": {}},
            {"touchpoint": visit().touchpoint},
        ],
    )
    def test_what_the_source_tells_counts(self, change: dict[str, Any]) -> None:
        """Every difference in what the source told makes another event."""
        assert content_digest(TOLD._replace(**change)) != content_digest(TOLD)
