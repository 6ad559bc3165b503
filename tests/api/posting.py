"""Ways to post events, and what to expect of the answers."""

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from api.problem_texts import PROBLEMS, ProblemCode
from journey.events import RecordedEvent
from tests.facts import cloudevent
from tests.sites import Site

CHINESE = re.compile(r"[\u4e00-\u9fff]")
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
LINES = "application/x-ndjson"

_numbers = itertools.count(1)


def new_customer() -> str:
    """Return the id of a customer whom nobody has met."""
    return f"customer-{next(_numbers)}"


def an_application(customer: str, **attributes: Any) -> dict[str, Any]:
    """Return an application, which opens a case."""
    data = {"product": "personal-loan", "amount": 100000, "currency": "CNY", "materials": ["identity_card"]}
    return cloudevent("application.submitted", data, subject=customer, **attributes)


def a_review(customer: str, case: str | None, **attributes: Any) -> dict[str, Any]:
    """Return the start of an application's review."""
    data = {"reviewer": "li.na", "team": "credit"}
    return cloudevent("review.started", data, subject=customer, case=case, **attributes)


@contextmanager
def recorded(site: Site) -> Iterator[list[RecordedEvent]]:
    """Give the events that come into the log while the block runs; the list is filled at its end."""
    before, found = site.service.log.head(), list[RecordedEvent]()
    yield found
    found.extend(site.service.log.read_all(before, 100_000))


def post(client: httpx.Client, body: Any, media_type: str = STRUCTURED, **more: Any) -> httpx.Response:
    """Post a body: bytes as they are, everything else as JSON. Headers and query come by name."""
    headers = {"Content-Type": media_type, **more.pop("headers", {})}
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return client.post("/v1/events", content=content, headers=headers, params=more)


def post_binary(client: httpx.Client, event: dict[str, Any], **more: Any) -> httpx.Response:
    """Post an event in binary mode."""
    attributes = {name: value for name, value in event.items() if name != "data"}
    headers = {f"ce-{name}": quote(str(value), safe="/:+") for name, value in attributes.items()}
    headers |= {"Content-Type": "application/json", **more.pop("headers", {})}
    content = orjson.dumps(event["data"]) if "data" in event else b""
    return client.post("/v1/events", content=content, headers=headers, params=more)


def post_batch(client: httpx.Client, events: list[Any], **more: Any) -> httpx.Response:
    """Post events as a batch."""
    return post(client, events, BATCHED, **more)


def post_lines(client: httpx.Client, events: list[Any], **more: Any) -> httpx.Response:
    """Post events as lines."""
    return post(client, b"".join(orjson.dumps(event) + b"\n" for event in events), LINES, **more)


def answered_lines(answer: httpx.Response) -> list[dict[str, Any]]:
    """Return the items of an answer in lines."""
    assert answer.status_code == 200
    assert answer.headers["content-type"] == LINES
    return [orjson.loads(line) for line in answer.content.splitlines()]


def assert_problem(answer: httpx.Response, code: ProblemCode, *pointers: str) -> dict[str, Any]:
    """See that an answer is one problem with its whole shape, and names exactly the fields at `pointers`."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told: dict[str, Any] = answer.json()
    assert (answer.status_code, told["code"]) == (PROBLEMS[code].status, code), told
    assert told["type"] == f"/problems/{code}"
    assert told["status"] == answer.status_code
    assert told["retryable"] == PROBLEMS[code].retryable
    assert sorted({error["pointer"] for error in told["errors"]}) == sorted(set(pointers)), told["errors"]
    chinese = answer.headers["content-language"] != "en"
    texts = [told["title"], told["detail"], *(error["detail"] for error in told["errors"])]
    assert all(bool(CHINESE.search(text)) == chinese for text in texts), texts
    return told
