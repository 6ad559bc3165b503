"""`kill -9` of reactors at random points: no event of a policy twice, none missing."""

import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from journey.event_log import EventLog, open_event_log
from journey.events import Position, RecordedEvent
from journey.settings import Settings
from journey.storage import only_writer, storage_of
from tests.journey.reacting.places import house
from tests.journey.reacting.working import EXPECTED_OF_ONE, NOW, happen
from tests.processes import surroundings

KILLS = 25
CUSTOMERS = 6
"""To so many more customers things happen before each kill."""


@contextmanager
def reactors(settings: Settings, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run reactors in processes of their own."""
    command = [sys.executable, "-m", "tests.journey.reacting.working", settings.model_dump_json()]
    running = [
        subprocess.Popen(command, env=surroundings(), cwd=Path(__file__).parents[3], stdout=subprocess.PIPE)
        for _ in range(count)
    ]
    try:
        yield running
    finally:
        for each in running:
            each.kill()
            each.communicate()


@contextmanager
def reading(settings: Settings) -> Iterator[EventLog]:
    """Open the log for reading, whoever writes it."""
    log = open_event_log(storage_of(settings), settings, writer=False)
    yield log
    log.close()


@pytest.mark.timeout(900)
def test_kills_at_random_points_lose_nothing_and_double_nothing(settings: Settings) -> None:
    """Reactors are killed while they work, two at once where the database lets two write."""
    storage = storage_of(settings)
    _happen(settings, 0, 0)
    moments = random.Random(20261122)  # noqa: S311  # a load, not a secret
    interrupted = 0
    for number in range(KILLS):
        _happen(settings, number * CUSTOMERS, CUSTOMERS)
        further = moments.randrange(CUSTOMERS * EXPECTED_OF_ONE.total())
        with reactors(settings, 1 if storage.embedded else 2) as running, reading(settings) as log:
            until = log.head() + further
            for each in running:
                assert each.stdout is not None
                assert each.stdout.readline() == b"begun\n"
            # How far they are decides, and not how long they take.
            while (head := log.head()) < until and running[0].poll() is None:
                log.wait_for_append(head, 0.02)
            for each in running:
                each.send_signal(signal.SIGKILL)
                each.wait()
        with reading(settings) as log:
            events = log.read_all(Position(0), 100_000)
        done = sum(each.source.startswith("/policies/") for each in events)
        interrupted += done < (number + 1) * CUSTOMERS * EXPECTED_OF_ONE.total()

    assert interrupted > KILLS // 5, "most reactors had nothing left to do when they were killed"
    log = open_event_log(storage, settings)
    with house(log, settings, NOW) as here:
        here.react()
        before = here.all()
        _check(before)
        here.react(here.reactor(), here.reactor())
        assert here.all() == before
    log.close()


def _happen(settings: Settings, first: int, count: int) -> None:
    """Let things happen while no reactor works; the first time of all one has begun before."""
    storage = storage_of(settings)
    with only_writer(storage):
        log = open_event_log(storage, settings)
        with house(log, settings, NOW) as here:
            if count == 0:
                here.react()
            happen(here, first, count)
        log.close()


def _check(events: list[RecordedEvent]) -> None:
    """See that each customer has exactly what one reactor would have given, in whatever order."""
    assert max(Counter((each.source, each.id) for each in events).values()) == 1
    by_customer: dict[str, Counter[tuple[str, str]]] = {}
    for each in events:
        of_one = by_customer.setdefault(each.stream_id, Counter())
        if each.source.startswith("/policies/"):
            of_one[each.source, each.type] += 1
    assert len(by_customer) == KILLS * CUSTOMERS
    assert {stream: dict(of_one) for stream, of_one in by_customer.items() if of_one != EXPECTED_OF_ONE} == {}
