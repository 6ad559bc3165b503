"""Whatever is posted or asked, the service answers, and never with a fault of its own."""

import json
from typing import Any
from urllib.parse import quote

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journey.touchpoints import TOUCHPOINTS
from tests.api.posting import BATCHED, LINES, STRUCTURED
from tests.facts import cloudevent
from tests.strategies import payloads

often = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    # The service outlives the examples: none depends on what another one wrote.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

MEDIA_TYPES = st.sampled_from([STRUCTURED, "application/json", BATCHED, LINES])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below, max_size=4),
    max_leaves=12,
)
ATTRIBUTES = [*cloudevent(), "case", "correlationid", "datacontenttype", "data_base64", "recordedtime"]
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "lifecycle": st.sampled_from(["strict", "record"]),
        "atomic": st.booleans(),
        "validate_only": st.booleans(),
    },
)


@st.composite
def changed_events(draw: st.DrawFn) -> Any:
    """Draw sound events of any type in which some attributes are replaced by anything."""
    type_ = draw(st.sampled_from(sorted(TOUCHPOINTS)))
    event = cloudevent(type_, draw(payloads(type_)), subject=draw(st.sampled_from(["F1", "F2"])))
    changes = draw(st.dictionaries(st.sampled_from(ATTRIBUTES) | st.text(max_size=9), JSON, max_size=3))
    return {**event, **changes}


def _is_answer(answer: httpx.Response) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and answer.headers["content-type"] != "application/json":
        assert answer.headers["content-type"] == "application/problem+json"
    for line in answer.content.splitlines() if answer.headers["content-type"] == LINES else [answer.content]:
        assert isinstance(json.loads(line), dict)


@often
@given(body=st.binary(max_size=300), media_type=MEDIA_TYPES, options=OPTIONS)
def test_any_bytes(channel: httpx.Client, body: bytes, media_type: str, options: dict[str, Any]) -> None:
    """Bytes that mean nothing are refused."""
    _is_answer(channel.post("/v1/events", content=body, headers={"Content-Type": media_type}, params=options))


@often
@given(value=JSON, media_type=MEDIA_TYPES, options=OPTIONS)
def test_any_json(channel: httpx.Client, value: Any, media_type: str, options: dict[str, Any]) -> None:
    """So is JSON that is no event, with numbers and text of every kind."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    _is_answer(channel.post("/v1/events", content=body, headers={"Content-Type": media_type}, params=options))


@often
@given(events=st.lists(changed_events(), min_size=1, max_size=5), media_type=MEDIA_TYPES, options=OPTIONS)
def test_nearly_sound_events(
    channel: httpx.Client, events: list[Any], media_type: str, options: dict[str, Any]
) -> None:
    """Events that are sound but for an attribute or two are taken or refused, each by itself."""
    sent: Any = events if media_type == BATCHED else events[0]
    body = json.dumps(sent, ensure_ascii=media_type == BATCHED).encode("utf-8", "surrogatepass")
    if media_type == LINES:
        body = b"\n".join(json.dumps(event).encode() for event in events)
    _is_answer(channel.post("/v1/events", content=body, headers={"Content-Type": media_type}, params=options))


@often
@given(
    headers=st.dictionaries(
        st.sampled_from([f"ce-{name}" for name in ATTRIBUTES] + ["if-match", "accept-language", "prefer"]),
        # What a header may hold at all.
        st.binary(max_size=30).map(
            lambda raw: bytes(byte for byte in raw if byte > 31 and byte != 127).strip()
        ),
    ),
    body=st.binary(max_size=60) | st.just(b'{"touchpoint": "x", "action": "y"}'),
)
def test_any_headers(channel: httpx.Client, headers: dict[str, bytes], body: bytes) -> None:
    """Events in binary mode with headers of any bytes."""
    sound = {f"ce-{name}": str(value).encode() for name, value in cloudevent().items() if name != "data"}
    sent = {**sound, **headers, "content-type": b"application/json"}
    pairs = [(name.encode(), value) for name, value in sent.items()]
    _is_answer(channel.post("/v1/events", content=body, headers=pairs))


@often
@given(
    path=st.sampled_from(
        [
            "events",
            "applications",
            "complaints",
            "work",
            "work/counts",
            "customers/F1/timeline",
            "customers/F1",
            "event-types",
            "processes/x",
        ]
    ),
    query=st.dictionaries(
        st.sampled_from(
            [
                "limit",
                "cursor",
                "after",
                "source",
                "id",
                "case",
                "since",
                "as_of",
                "type",
                "state",
                "version",
                "order",
                "due",
                "handler",
            ]
        )
        | st.text(max_size=5),
        st.text(max_size=20) | st.integers().map(str) | st.datetimes().map(lambda moment: f"{moment}Z"),
        max_size=4,
    ),
    accept=st.sampled_from(["*/*", "application/json", "application/x-ndjson", "text/csv"]),
)
def test_any_query(analyst: httpx.Client, path: str, query: dict[str, str], accept: str) -> None:
    """Questions with parameters of any text."""
    answer = analyst.get(f"/v1/{path}", params=query, headers={"Accept": accept})

    assert answer.status_code < 500, answer.text


@often
@given(place=st.text(max_size=40))
def test_any_address(operator: httpx.Client, place: str) -> None:
    """Addresses of any text."""
    for path in ("customers", "applications", "tickets", "event-types", "processes", "projections"):
        answer = operator.get(f"/v1/{path}/{quote(place, safe='/')}")
        assert answer.status_code < 500, answer.text
