"""What the quick reading takes, the careful one takes just so; what is wrong, only the careful one tells."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.cloudevents import read_carefully, read_event
from api.event_attributes import Reading
from api.problems import Problem
from api.sound_events import sound_event
from journey.events import Event
from journey.settings import Settings
from journey.touchpoints import TOUCHPOINTS
from tests.api.bad_input import ATTRIBUTES, FIELDS
from tests.facts import cloudevent
from tests.strategies import payloads

READING = Reading(Settings(data=Path("unused")), datetime(2026, 11, 22, 12, tzinfo=UTC))
VISIT = cloudevent(id="1")
TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "",
        " a",
        "a ",
        "a\u200bb",
        "a\x7f",
        "e\u0301",
        "客户-1",
        "x" * 201,
        "x" * 301,
        "/渠道",
        "improvement:1",
        "improvement.started",
        "customer.erased",
        "application/json",
        "application/json; charset=utf-8",
        "web",
        "e30=",
        "1.0",
        "app-20261122-7k3m9q7",
        "APP-20261122-7K3M9QZ",
        "2026-11-22T12:05:00Z",
        "2026-11-22t20:05:01+08:00",
        "2026-11-22T12:00:00",
        "20261122T120000Z",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-12:00",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXTS, below, max_size=3),
    max_leaves=8,
)
ATTRIBUTE = st.sampled_from([*VISIT, "case", "correlationid", "datacontenttype", "data_base64", "version"])


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """Draw events of any type, some of whose attributes are replaced by anything, and some fields added."""
    type_ = draw(st.sampled_from(sorted(TOUCHPOINTS)))
    subject = "improvement:7" if type_.startswith("improvement.") else "C1"
    sound = cloudevent(type_, draw(payloads(type_)), subject=subject)
    changes = draw(st.dictionaries(ATTRIBUTE | TEXTS, VALUES, max_size=2))
    data = draw(st.just({}) | st.dictionaries(st.sampled_from([*sound["data"], "x"]), VALUES, max_size=1))
    return {**sound, "data": {**sound["data"], **data}, **changes}


@settings(max_examples=400, deadline=None)
@given(events() | VALUES)
@example(VISIT)
@example(VISIT | {"datacontenttype": ["application/json"], "channel": ["web"], "type": []})
@example(VISIT | {"specversion": 1.0})
@example(VISIT | {"subject": "improvement:1"})
@example({name: value for name, value in VISIT.items() if name != "data"})
def test_takes_nothing_that_the_careful_reading_does_not_take_just_so(value: Any) -> None:
    """Either it says nothing, or both give the same event, down to the types of what is in it."""
    read = sound_event(value, READING)

    assert read is None or _same(read, read_carefully(value, READING))
    assert _outcome(value) == _outcome(value, careful=True)


@pytest.mark.parametrize(
    "type_",
    [name for name, each in sorted(TOUCHPOINTS.items()) if not each.reserved and each.case != "improvement"],
)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_takes_what_is_usual(type_: str, data: st.DataObject) -> None:
    """Events of customers, of every type, with and without what is optional, need no second reading."""
    further: dict[str, Any] = data.draw(
        st.sampled_from([{}, {"case": "A-1"}, {"channel": None, "correlationid": "x"}])
    )

    assert sound_event(cloudevent(type_, data.draw(payloads(type_)), **further), READING)


@pytest.mark.parametrize("name", [*ATTRIBUTES, *FIELDS])
def test_says_nothing_of_what_is_bad(name: str) -> None:
    """Each bad event that we know is left to the careful reading, which refuses it."""
    value = orjson.loads((ATTRIBUTES.get(name) or FIELDS[name])[0])

    assert sound_event(value, READING) is None
    with pytest.raises(Problem):
        read_event(value, READING)


def _outcome(value: Any, *, careful: bool = False) -> object:
    try:
        return (read_carefully if careful else read_event)(value, READING)
    except Problem as problem:
        return problem.code, problem.errors


def _same(one: Event, other: Event) -> bool:
    return one == other and repr(one) == repr(other)
