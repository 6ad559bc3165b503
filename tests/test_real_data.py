"""The main job on a real log: the loan applications of a Dutch bank, as its publisher counted them."""

import gzip
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from journey.event_log import EventLog, open_event_log
from journey.events import Position, RecordedEvent
from journey.settings import Settings
from journey.storage import Storage, storage_of
from projections.checkpoints import live_build
from projections.metadata import METADATA
from tests.processes import journey, new_key, place, server

FILE = Path(__file__).parents[2] / "shared" / "data" / "bpic2012" / "BPI_Challenge_2012.xes.gz"

pytestmark = [
    pytest.mark.first_start,
    pytest.mark.real_data,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not FILE.exists(), reason="the public log is not beside the checkout"),
]

STATES = {
    "A_SUBMITTED": "submitted",
    "A_PARTLYSUBMITTED": "in_review",
    "A_PREACCEPTED": "in_review",
    "A_ACCEPTED": "in_review",
    "A_FINALIZED": "in_review",
    "A_APPROVED": "approved",
    "A_REGISTERED": "delivering",
    "A_ACTIVATED": "delivered",
    "A_DECLINED": "rejected",
    "A_CANCELLED": "withdrawn",
}
"""What the last A_ activity of a trace says of the application."""


def publisher_says() -> tuple[int, int, dict[str, int]]:
    """Read the totals of events, traces and activities that the file's own header tells."""
    with gzip.open(FILE, "rt", encoding="utf-8") as file:
        header = file.read(400_000)
    events = re.search(r'"meta_concept:named_events_total" value="(\d+)">(.*?)</int>', header, re.DOTALL)
    traces = re.search(r'"meta_general:traces_total" value="(\d+)"', header)
    assert events is not None
    assert traces is not None
    activities = dict(re.findall(r'key="([^"]+)" value="(\d+)"', events[2]))
    return int(events[1]), int(traces[1]), {name: int(count) for name, count in activities.items()}


def traces() -> dict[str, list[tuple[str, str]]]:
    """Read each trace's activities and transitions in the order of the file, with nothing of the service."""
    found: dict[str, list[tuple[str, str]]] = {}
    name = re.compile(r'<string key="concept:name" value="([^"]+)"')
    with gzip.open(FILE, "rt", encoding="utf-8") as file:
        text = file.read()
    for trace in re.findall(r"<trace>(.*?)</trace>", text, re.DOTALL):
        head, *events = trace.split("<event>")
        case = name.search(head)
        assert case is not None
        told = []
        for event in events:
            activity = name.search(event)
            transition = re.search(r'"lifecycle:transition" value="([^"]+)"', event)
            assert activity is not None
            assert transition is not None
            told.append((activity[1], transition[1]))
        found[case[1]] = told
    return found


def whole(log: EventLog) -> list[RecordedEvent]:
    """Return every event of the log."""
    events: list[RecordedEvent] = []
    while page := log.read_all(events[-1].position if events else Position(0), 5_000):
        events += page
    return events


def rows(storage: Storage, name: str) -> list[tuple[Any, ...]]:
    """Return the live rows of a projection, all columns but the build, in the order of their keys."""
    views = storage.engine("views", writer=False)
    with views.connect() as connection:
        table = METADATA.tables[name]
        build = live_build(connection, name).build
        columns = [column for column in table.c if column.name != "build"]
        keys = [column for column in table.primary_key if column.name != "build"]
        found = connection.execute(sa.select(*columns).where(table.c.build == build).order_by(*keys)).all()
    views.dispose()
    return [tuple(row) for row in found]


def test_a_real_log_goes_in_once_and_comes_out_as_its_publisher_counted(settings: Settings) -> None:
    """Import, import again, totals, order, final states, deviations, verification, rebuild."""
    total, cases, activities = publisher_says()
    key = new_key(settings, "events:write", "journeys:read", "ops:admin")
    storage = storage_of(settings)
    with server(settings) as running:
        access = {"JOURNEY_URL": running.url, "JOURNEY_KEY": key}
        first = journey("import", str(FILE), "--mapping", "bpic2012", **access)
        assert first.returncode == 0, first.stdout + first.stderr
        second = journey("import", str(FILE), "--mapping", "bpic2012", **access)
        assert second.returncode == 0, second.stdout + second.stderr

        log = open_event_log(storage, settings, writer=False)
        events = whole(log)
        log.close()
        assert len(events) == total
        assert Counter(str(event.attributes["activity"]) for event in events) == activities
        told: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for event in sorted(events, key=lambda event: (event.stream_id, event.version)):
            activity, transition = event.attributes["activity"], event.attributes["lifecycletransition"]
            told[event.stream_id.removeprefix("bpic2012-")].append((str(activity), str(transition)))
        assert len(told) == cases
        assert told == traces()
        deviations = sum(event.deviation is not None for event in events)
        assert 0 < deviations < total // 20

        _wait_until_shown(running.url, key, events[-1].position)
        before = {name: rows(storage, name) for name in ("current_state", "review_progress", "timeline")}
        states = {number: state for number, _, state, *_ in before["review_progress"]}
        expected = {
            f"BPI-{case}": STATES[[activity for activity, _ in trace if activity.startswith("A_")][-1]]
            for case, trace in told.items()
        }
        assert states == expected
        assert len(before["timeline"]) == total
        assert len(before["current_state"]) == cases

        verified = journey("verify", *place(settings))
        assert verified.returncode == 0, verified.stdout + verified.stderr
        rebuilt = journey("rebuild", **access)
        assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
        for name, live in before.items():
            assert rows(storage, name) == live, name


def _wait_until_shown(url: str, key: str, position: int) -> None:
    headers = {"Authorization": f"Bearer {key}", "Prefer": "wait=60"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=90) as client:
        for path in (
            "/v1/customers/bpic2012-173688",
            "/v1/customers/bpic2012-173688/timeline",
            "/v1/applications",
        ):
            for _ in range(5):
                answer = client.get(path, params={"min_position": position})
                assert answer.status_code == 200
                if int(answer.headers["Journey-Position"]) >= position:
                    break
            assert int(answer.headers["Journey-Position"]) >= position
