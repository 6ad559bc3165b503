"""What was acknowledged survives `kill -9`, once, and the read models still are what the log says."""

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from journey.event_log import open_event_log
from journey.events import Position, RecordedEvent
from journey.processes import load_definitions
from journey.settings import Settings
from journey.storage import storage_of
from projections.registry import projections
from projections.verification import Checked, verify
from tests.databases import database_settings
from tests.facts import cloudevent
from tests.processes import new_key, server

ROUNDS = 10
WRITERS = 8
CUSTOMERS = 12
ENOUGH = range(60, 400)
"""After how many answers the server is killed, drawn anew in each round."""


@dataclass
class Told:
    """What the channels sent, and what they were answered."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    answered: dict[str, dict[str, Any]] = field(default_factory=dict)
    unanswered: dict[str, dict[str, Any]] = field(default_factory=dict)
    enough: threading.Event = field(default_factory=threading.Event)
    in_order: bool = False
    """Whether some of the processes end in order, and refuse events for now."""


def write(url: str, key: str, told: Told, prefix: str, limit: int) -> None:
    """Post events one after the other until the server is gone, or refuses one for now."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=10) as client:
        for number in range(10_000):
            event = an_event(f"{prefix}-{number}")
            try:
                answer = client.post("/v1/events", json=event)
            except httpx.TransportError:
                with told.lock:
                    told.unanswered[event["id"]] = event
                return
            ends = told.in_order and answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
            assert ends or answer.status_code in (200, 201), answer.text
            with told.lock:
                if ends:
                    told.unanswered[event["id"]] = event
                    return
                told.answered[event["id"]] = answer.json()
                if len(told.answered) >= limit:
                    told.enough.set()


def send_again(client: httpx.Client, told: Told) -> None:
    """Send what had no answer once more."""
    for id_, event in list(told.unanswered.items()):
        answer = client.post("/v1/events", json=event)
        assert answer.status_code in (200, 201), answer.text
        told.answered[id_] = answer.json()
    told.unanswered.clear()


def an_event(id_: str) -> dict[str, Any]:
    """Return an event that its id determines: a visit, or every third time an application."""
    number = sum(id_.encode())
    customer = f"customer-{number % CUSTOMERS}"
    if number % 3:
        return cloudevent(id=id_, subject=customer)
    data = {"product": "personal-loan", "amount": 1000, "currency": "CNY", "materials": []}
    return cloudevent("application.submitted", data, id=id_, subject=customer)


def check_answers(stored: list[RecordedEvent], told: Told) -> None:
    """See that every acknowledged event is stored once, as it was answered, and no event twice."""
    assert max(Counter(event.id for event in stored).values()) == 1
    by_id = {event.id: event for event in stored}
    for id_, answer in told.answered.items():
        event = by_id[id_]
        assert (event.position, event.version, event.case) == (
            answer["position"],
            answer["version"],
            answer["case"],
        )
    by_stream: dict[str, list[int]] = {}
    for event in stored:
        by_stream.setdefault(event.stream_id, []).append(event.version)
    assert all(versions == list(range(1, len(versions) + 1)) for versions in by_stream.values())


def check(settings: Settings, told: Told) -> None:
    """See that the log has every acknowledged event once, as it was answered, and no event twice."""
    storage = storage_of(settings)
    log = open_event_log(storage, settings, writer=False)
    try:
        stored: list[RecordedEvent] = []
        while page := log.read_all(stored[-1].position if stored else Position(0), 5_000):
            stored += page
        check_answers(stored, told)
        views = storage.engine("views", writer=False)
        with views.connect() as connection:
            for projection in projections(load_definitions()):
                assert list(verify(log, connection, projection, Checked())) == []
        views.dispose()
    finally:
        log.close()


@pytest.mark.first_start
@pytest.mark.timeout(900)
def test_ten_kills_under_load_lose_nothing_and_double_nothing(settings: Settings) -> None:
    """Every answered event is there once after each kill; unanswered ones, sent again, count once."""
    rounds = random.Random(20261122)  # noqa: S311  # a load, not a secret
    key = new_key(settings, "events:write", "journeys:read", "ops:admin")
    headers = {"Authorization": f"Bearer {key}"}
    told = Told()
    for number in range(ROUNDS):
        with server(settings) as running:
            with httpx.Client(base_url=running.url, headers=headers, trust_env=False, timeout=30) as client:
                send_again(client, told)
            told.enough.clear()
            limit = len(told.answered) + rounds.choice(ENOUGH)
            writers = [
                threading.Thread(target=write, args=(running.url, key, told, f"r{number}-w{writer}", limit))
                for writer in range(WRITERS)
            ]
            for writer in writers:
                writer.start()
            assert told.enough.wait(60)
            running.kill()
            for writer in writers:
                writer.join(30)
        check(settings, told)
    with server(settings) as running:
        with httpx.Client(base_url=running.url, headers=headers, trust_env=False, timeout=30) as client:
            for event in told.unanswered.values():
                assert client.post("/v1/events", json=event).status_code in (200, 201)
            head = client.get("/v1/events", params={"limit": 1}).json()
            assert head["items"]
            response = client.get(
                "/v1/customers/customer-1", params={"min_position": 1}, headers={"Prefer": "wait=20"}
            )
            assert response.status_code == 200
        check(settings, told)


@pytest.mark.timeout(600)
def test_a_killed_worker_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    """Of workers that share a writer any may be killed, the one that writes too; then the service ends."""
    rounds = random.Random(20261129)  # noqa: S311  # a load, not a secret
    told = Told(in_order=True)
    with database_settings("postgres", tmp_path) as settings:
        key = new_key(settings, "events:write", "journeys:read")
        for number in range(6):
            with server(settings, ["--workers", "3", "--roles", "api"]) as running:
                with running.client(key) as client:
                    send_again(client, told)
                told.enough.clear()
                limit = len(told.answered) + rounds.choice(ENOUGH)
                writers = [
                    threading.Thread(
                        target=write, args=(running.url, key, told, f"k{number}-w{writer}", limit)
                    )
                    for writer in range(WRITERS)
                ]
                for writer in writers:
                    writer.start()
                assert told.enough.wait(60)
                workers = psutil.Process(running.process.pid).children()
                assert len(workers) == 3
                workers[number % 3].kill()
                for writer in writers:
                    writer.join(30)
                assert running.process.wait(30) == 1
        log = open_event_log(storage_of(settings), settings, writer=False)
        stored: list[RecordedEvent] = []
        while page := log.read_all(stored[-1].position if stored else Position(0), 5_000):
            stored += page
        log.close()
    check_answers(stored, told)
