"""What is taken at once is answered as the longer way answers it; all else is left to that way."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from journey.settings import Settings
from tests.api.calling import Running, running_app
from tests.api.posting import STRUCTURED, a_review, an_application, new_customer
from tests.facts import cloudevent
from tests.loops import wait_for

Told = tuple[int, dict[bytes, bytes], Any]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Give an app whose projections stand still."""
    settings = Settings(data=tmp_path_factory.mktemp("data"), roles=frozenset({"api"}))
    with running_app(settings) as running:
        yield running


@pytest.fixture(scope="module")
def key(app: Running) -> str:
    """Give the key of a channel."""
    return app.service.keys.create(["events:write"], app.service.clock())


def scope_of(key: str, path: str = "/v1/events", query: str = "", **headers: str) -> dict[str, Any]:
    """Return a request."""
    told = {"authorization": f"Bearer {key}", "content_type": STRUCTURED, **headers}
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in told.items()],
        "client": ("192.0.2.1", 50_000),
    }


def at_once(running: Running, scope: dict[str, Any], body: bytes) -> Told | None:
    """Answer at once; None where the request is not taken so. Its key is looked up before, if it is one."""
    shown = dict(scope["headers"])[b"authorization"].decode().removeprefix("Bearer ")

    async def answer() -> Told | None:
        await running.service.keys.caller(shown)
        posted = running.app.at_once(scope, body)
        if posted is None:
            return None
        await asyncio.wait([posted.outcomes])
        response = running.app.told(posted)
        return response.status_code, dict(response.raw_headers), orjson.loads(response.body)

    return wait_for(answer())


def called(running: Running, key: str, event: dict[str, Any], **headers: str) -> Told:
    """Answer the longer way."""
    answer = running.call("POST /v1/events", key, event, **headers)
    return answer.status, {k.encode(): v.encode() for k, v in answer.headers.items()}, answer.json()


def alike(told: Told) -> Told:
    """Leave out what tells one event from another, and a moment from the next."""
    status, headers, body = told
    changing = {b"journey-position", b"ratelimit", b"content-length", b"etag"}
    kept = {name: value for name, value in headers.items() if name not in changing}
    text = re.sub(
        r'"(position|version|id|case|customer)":("[^"]*"|\d+)', r'"\1":0', orjson.dumps(body).decode()
    )
    return (
        status,
        kept | dict.fromkeys(changing & headers.keys(), b""),
        re.sub("customer-[0-9]+|QUICK|OTHER", "", text),
    )


class TestAnswers:
    @pytest.mark.parametrize("language", ["en", "zh-CN"])
    def test_accepted_repeated_and_refused(self, app: Running, key: str, language: str) -> None:
        """Whatever becomes of a sound event, both ways say the same, header for header."""

        def events(way: str) -> list[dict[str, Any]]:
            customer = new_customer()
            visit = cloudevent(id=f"{way}-{language}", subject=customer)
            other = {**visit, "time": "2026-11-01T08:00:00Z"}
            numbered = an_application(customer, id=f"a-{way}-{language}", case=f"{way}-{language}-1".upper())
            unknown = a_review(customer, f"{way}-{language}-2".upper(), id=f"r-{way}-{language}")
            return [visit, visit, other, numbered, unknown]

        mine = [
            at_once(app, scope_of(key, accept_language=language), orjson.dumps(event))
            for event in events("quick")
        ]
        theirs = [called(app, key, event, accept_language=language) for event in events("other")]

        assert all(told is not None for told in mine)
        assert [alike(told) for told in mine if told] == [alike(told) for told in theirs]
        assert [told[0] for told in theirs] == [201, 200, 409, 201, 409]

    def test_deviations(self, app: Running) -> None:
        """What the caller's key lets the log keep is kept, and marked."""
        key = app.service.keys.create(["events:write"], app.service.clock(), lifecycle="record")
        told = at_once(app, scope_of(key), orjson.dumps(a_review(new_customer(), "APP-NONE-1")))

        assert told is not None
        assert told[0] == 201
        assert told[2]["deviation"]

    def test_writer_that_takes_no_more(self, app: Running, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A queue that is full refuses both ways."""
        event = cloudevent(subject=new_customer())
        monkeypatch.setattr(app.service.appender, "_stopping", True)

        assert at_once(app, scope_of(key), orjson.dumps(event)) is None
        assert called(app, key, event)[0] == 503

    def test_cancelled(self, app: Running, key: str) -> None:
        """What the end of the server cuts off is answered: send it again."""

        async def cancelled() -> Any:
            await app.service.keys.caller(key)
            body = orjson.dumps(cloudevent(id="cancelled", subject=new_customer()))
            posted = app.app.at_once(scope_of(key), body)
            assert posted is not None
            posted.outcomes.cancel()
            return app.app.told(posted)

        answer = wait_for(cancelled())

        assert answer.status_code == 503
        assert dict(answer.raw_headers)[b"retry-after"]

    def test_defect(self, app: Running, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A defect of ours is answered as one, with the number that the operator finds it by."""

        async def defect(_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(app.service.appender._committer, "settle", defect)  # type: ignore[attr-defined]  # noqa: SLF001
        told = at_once(app, scope_of(key), orjson.dumps(cloudevent(subject=new_customer())))

        assert told is not None
        assert told[0] == 500
        assert told[2]["incident"]


class TestCloserLooks:
    def test_nothing_is_done(self, app: Running, key: str) -> None:
        """What is not plain to see is left alone, as if it had not come."""
        restricted = app.service.keys.create(["events:write"], app.service.clock(), source="/another")
        reader = app.service.keys.create(["journeys:read"], app.service.clock())
        event = cloudevent(subject=new_customer())
        sound, head = orjson.dumps(event), app.service.log.head()
        left_alone: list[tuple[dict[str, Any], bytes]] = [
            (scope_of(key, path="/v1/events/"), sound),
            (scope_of(key, query="validate_only=true"), sound),
            (scope_of(key, if_match='"0"'), sound),
            (scope_of(key, content_encoding="gzip"), sound),
            (scope_of(key, content_type="application/cloudevents-batch+json"), b"[" + sound + b"]"),
            (scope_of(key, content_type="application/x-ndjson"), sound),
            (scope_of(key, content_type="application/json", ce_id="1"), sound),
            (scope_of(key, content_type="text/plain"), sound),
            (scope_of("cj_00000000_unknown"), sound),
            (scope_of(reader), sound),
            (scope_of(restricted), sound),
            (scope_of(key), sound[:-1]),
            (scope_of(key), b""),
            (scope_of(key), sound.replace(b'"id"', b'"ID"')),
            (scope_of(key), orjson.dumps({**event, "case": "cjs1.a.b"})),
            (scope_of(key), sound + b" " * app.service.settings.max_event_bytes),
        ]

        taken = [request for request in left_alone if at_once(app, *request) is not None]

        assert taken == []
        assert app.service.log.head() == head
        assert at_once(app, scope_of(key), sound) is not None

    def test_damaged_log(self, app: Running, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of a log that lacks what a witness has seen nothing is taken."""
        monkeypatch.setattr(app.service.guard, "finding", object())

        assert at_once(app, scope_of(key), orjson.dumps(cloudevent(subject=new_customer()))) is None

    def test_counted_once(self, tmp_path: Path) -> None:
        """A request that goes the longer way after all is one request to the limit of its caller."""
        settings = Settings(
            data=tmp_path / "data", roles=frozenset({"api"}), requests_per_second=0.001, request_burst=3
        )
        with running_app(settings) as running:
            key = running.service.keys.create(["events:write"], running.service.clock())
            scope = scope_of(key)
            bad = orjson.dumps({**cloudevent(), "type": "no.such"})

            assert at_once(running, scope, bad) is None
            wait_for(_run(running.app, scope, bad))
            told = at_once(running, scope_of(key), orjson.dumps(cloudevent()))

            assert told is not None
            assert b";r=1;" in told[1][b"ratelimit"]

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_one_too_many(self, tmp_path: Path, language: str) -> None:
        """Who sends more than they may is told so at once, just as the longer way tells it."""
        settings = Settings(
            data=tmp_path / "data", roles=frozenset({"api"}), requests_per_second=0.001, request_burst=1
        )
        with running_app(settings) as running:
            key = running.service.keys.create(["events:write"], running.service.clock())
            scopes = [scope_of(key, accept_language=language) for _ in range(2)]
            event = cloudevent(subject=new_customer())
            first, second = [at_once(running, scope, orjson.dumps(event)) for scope in scopes]
            longer = called(running, key, event, accept_language=language)

            assert first is not None
            assert first[0] == 201
            assert second is not None
            assert second[0] == 429
            assert _without_moment(second) == _without_moment(longer)
            assert running.service.appender.counts.appended == 1


def _without_moment(told: Told) -> Told:
    """Leave out how long there is to wait: it gets shorter."""
    status, headers, body = told
    kept = {name: value for name, value in headers.items() if name not in (b"retry-after", b"ratelimit")}
    return status, kept, re.sub("[0-9]+", "", body["detail"])


async def _run(app: Any, scope: dict[str, Any], body: bytes) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(_: Any) -> None:
        pass

    await app(scope, receive, send)
