"""What customers are called, and what they wrote, never gets into a problem or a log, whatever goes wrong.

Each personal field of each type holds words of its own that occur nowhere else. They go to a real process
in every form, right and wrong; then the database fails, and quotes them in its messages.
"""

import itertools
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import orjson
import psycopg
import pytest

from api.keys import SCOPES
from journey.settings import Settings
from journey.touchpoints import TOUCHPOINTS
from tests.api.posting import BATCHED, LINES, new_customer, post
from tests.databases import new_postgres_database
from tests.documents import ROOT
from tests.facts import cloudevent
from tests.processes import Server, new_key, server

CANARY = re.compile(r"canary\d", re.IGNORECASE)
FIXTURES = ROOT / "tests/journey/fixtures/events"
PERSONAL = [
    (type_, field) for type_ in sorted(TOUCHPOINTS) for field in sorted(TOUCHPOINTS[type_].personal_fields())
]
UNSTORABLE, UNSHOWABLE = "unstorable", "unshowable"
QUOTING_DATABASE = f"""
CREATE FUNCTION quote_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.originator_id LIKE '{UNSTORABLE}%' THEN
        RAISE EXCEPTION 'not %', convert_from(NEW.state, 'UTF8');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER quote_event BEFORE INSERT ON stored_events FOR EACH ROW EXECUTE FUNCTION quote_event();
CREATE FUNCTION quote_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.stream_id LIKE '{UNSHOWABLE}%' THEN
        RAISE EXCEPTION 'not %', NEW::text USING DETAIL = NEW::text, ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER quote_row BEFORE INSERT OR UPDATE ON current_state FOR EACH ROW EXECUTE FUNCTION quote_row();
"""
_numbers = itertools.count(1)


class Served(NamedTuple):
    """A process, someone who may do everything, and what it has logged."""

    server: Server
    client: httpx.Client
    messages: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give a process on a database that quotes rows in its messages."""
    keys = tmp_path_factory.mktemp("keys")
    settings = Settings(data=None, database=new_postgres_database(), key_directory=keys)
    key = new_key(settings, *SCOPES)
    messages = tmp_path_factory.mktemp("served") / "messages"
    with (
        messages.open("wb") as stream,
        server(settings, messages=stream) as running,
        running.client(key) as client,
    ):
        with psycopg.connect(str(settings.database), autocommit=True) as connection:
            connection.execute(QUOTING_DATABASE)
        yield Served(running, client, messages)


def canary() -> str:
    """Return a word that was never used before."""
    return f"Canary{next(_numbers)}"


def wrong(value: Any) -> Iterator[Any]:
    """Give a canary in every form that no personal field takes."""
    word = canary()
    yield from (
        {word: word},
        {"name": {word: 1}},
        [word],
        [{word: [word]}],
        word * 1000,
        word + "\x00",
        {word: None},
    )
    yield {"__proto__": word, word: {word: word}}
    if not isinstance(value, str):
        yield from (word, f"1990 {word}")


def data_of(type_: str, **changed: Any) -> dict[str, Any]:
    """Return the data of a stored event of a type, with some fields changed."""
    version = TOUCHPOINTS[type_].schema_version
    data: dict[str, Any] = orjson.loads((FIXTURES / f"{type_}.v{version}.json").read_bytes())
    return {**data, **changed}


def unhurt(answer: httpx.Response, worst: int = 499) -> httpx.Response:
    """Return an answer that is no failure of the service, up to the `worst` status, and holds no canary."""
    assert answer.status_code <= worst, answer.text
    assert not CANARY.search(answer.text), answer.text
    assert not CANARY.search(str(answer.headers))
    return answer


def a_year_or(value: str, field: str) -> Any:
    """Return what a field takes: a year of birth is the only one that is no text."""
    return 1987 if field == "birth_year" else value


def test_they_are_found_where_they_may_be(served: Served) -> None:
    """The test would see a canary: the customer's own journey shows what was recorded."""
    customer, word = new_customer(), canary()
    event = cloudevent("customer.registered", {"name": word}, subject=customer)
    position = post(served.client, event).json()["position"]
    found = served.client.get(
        f"/v1/customers/{customer}/timeline?min_position={position}", headers={"Prefer": "wait=20"}
    )
    recorded = served.client.get(f"/v1/events?after={position - 1}")

    assert CANARY.search(found.text + recorded.text)


@pytest.mark.parametrize(("type_", "field"), PERSONAL, ids=str)
class TestEachPersonalField:
    def test_in_every_form(self, served: Served, type_: str, field: str) -> None:
        """Right, conflicting, wrong, too large, malformed: singly, in a batch, as lines."""
        client, customer = served.client, new_customer()
        right = data_of(type_, **{field: a_year_or(canary(), field)})
        first = cloudevent(type_, right, subject=customer, id=f"{type_}-{field}")
        other = {**first, "data": {**right, field: a_year_or(canary(), field), "invented": canary()}}
        conflicting = {
            **first,
            "data": data_of(type_, **{field: 1988 if field == "birth_year" else canary()}),
        }
        bad = [
            cloudevent(type_, data_of(type_, **{field: value}), subject=customer)
            for value in wrong(right[field])
        ]
        bad += [other, cloudevent(type_, {**right, "invented": 1}, subject=customer, time="then")]

        unhurt(post(client, first, lifecycle="record"))
        unhurt(post(client, conflicting, lifecycle="record"))
        for event in bad:
            unhurt(post(client, event))
        sound = [event for event in bad if b"u0000" not in orjson.dumps(event)]
        unhurt(post(client, bad, BATCHED))
        unhurt(post(client, sound, BATCHED))
        unhurt(post(client, b"\n".join(map(orjson.dumps, bad)), LINES))
        for body in broken(orjson.dumps(first), canary().encode()):
            unhurt(post(client, body))
            unhurt(post(client, b"[" + body + b"]", BATCHED))
            unhurt(post(client, body, LINES))
            unhurt(post(client, body, "application/json"))


def broken(event: bytes, word: bytes) -> Iterator[bytes]:
    """Give bodies that are no sound JSON, each with a canary where it breaks."""
    start = event.index(b'"data":') + len(b'"data":')
    head = event[:start]
    yield head + b'{"name":"' + word
    yield head + b'{"name":{"' + word + b'":1,"' + word + b'":2}}}'
    yield head + b'{"name":' + word + b"}}"
    yield head + b'{"name":"' + word + b'\xff"}}'
    yield head + b'{"name":"' + word + b'\\ud800"}}'
    yield head + b'{"name":{"' + word + b'":NaN}}}'
    yield head + b'{"name":{"' + word + b'":"\x01"}}}'
    yield head + b'{"name":' + b'{"' + word + b'":' * 1 + b"[" * 100 + b"]" * 100 + b"}}}"
    yield head + b'{"name":"' + word * 20_000 + b'"}}'


def test_the_database_fails(served: Served) -> None:
    """Neither who sent what cannot be stored nor the operator sees the row that the database quotes."""
    for number in range(3):
        event = cloudevent("customer.registered", {"name": canary()}, subject=f"{UNSTORABLE}{number}")
        unhurt(post(served.client, event), 503)
        unhurt(post(served.client, [event, event], BATCHED), 503)
        unhurt(post(served.client, orjson.dumps(event), LINES))


def test_a_projection_fails(served: Served) -> None:
    """The customer is parked, and neither log nor operator's view quote the row that could not be written."""
    event = cloudevent("customer.registered", {"name": canary()}, subject=UNSHOWABLE)
    assert post(served.client, event).status_code == 201
    deadline = time.monotonic() + 30
    while UNSHOWABLE not in unhurt(served.client.get("/v1/projections")).text:
        assert time.monotonic() < deadline, "nobody is parked"

    unhurt(served.client.get("/readyz"), 503)
    unhurt(served.client.get("/metrics"))


def test_nothing_is_in_the_log(served: Served) -> None:
    """What the process has logged while all of that happened names kinds and places, and quotes nobody."""
    logged = served.messages.read_text()

    assert not CANARY.search(logged)
    assert "customer_parked" in logged
