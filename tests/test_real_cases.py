"""Logs of calls and of complaints, imported over HTTP: the service tells what their files tell."""

import csv
import gzip
from collections import Counter
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from journey.deadlines import ClockFact, explain
from journey.event_log import open_event_log
from journey.rule_sets import load_rule_sets
from journey.settings import Settings
from journey.storage import storage_of
from projections import case_progress
from projections.case import Case
from tests.api.cli.excerpts import CALLS, COMPLAINTS
from tests.facts import cloudevent
from tests.processes import Server, journey, new_key, place, server
from tests.test_real_data import rows, whole

DATA = Path(__file__).parents[2] / "shared" / "data"
REAL_CALLS = DATA / "technion" / "january.txt.gz"
REAL_COMPLAINTS = DATA / "cfpb" / "cfpb_payday_personal_2827.csv.gz"
IMPROVED = "1999-01-10T00:00:00+02:00", "1999-01-16T00:00:00+02:00", "1999-01-17T00:00:00+02:00"
"""When an improvement was announced, begun and in effect: ten days are left of the month, and more before."""
ASKED = 40
"""Of how many cases the status is asked for over HTTP; the others are read from the rows behind it."""
LATER = datetime(2026, 1, 1, tzinfo=UTC)


def real(path: Path) -> Any:
    """Return a parameter that is left out where the public log is absent."""
    absent = pytest.mark.skipif(not path.exists(), reason="the public log is not beside the checkout")
    return pytest.param(path, marks=[pytest.mark.real_data, pytest.mark.timeout(1800), absent])


def at(path: Path | str, directory: Path, name: str) -> Path:
    """Return a real file as it is, or the text of an excerpt as a file of that name."""
    if isinstance(path, Path):
        return path
    written = directory / name
    written.write_bytes(gzip.compress(path.encode()))
    return written


class Imported(NamedTuple):
    """What came of an import that ran twice."""

    cases: dict[str, Case]
    """By number."""
    answers: dict[str, Any]
    """What the service answered about some of them."""
    events: Counter[str]
    """By type."""
    effect: dict[str, Any]
    """What an improvement in the middle of January came to, by measure."""


def imported(settings: Settings, file: Path, mapping: str, plural: str) -> Imported:
    """Import a file twice into a service of its own, and return what there is then."""
    key = new_key(settings, "events:write", "status:read", "journeys:read", "cases:work")
    storage = storage_of(settings)
    with server(settings, JOURNEY_RULE_SET="us") as running:
        runs = [
            journey("import", str(file), "--mapping", mapping, JOURNEY_URL=running.url, JOURNEY_KEY=key)
            for _ in range(2)
        ]
        for run in runs:
            assert run.returncode == 0, run.stdout + run.stderr
        log = open_event_log(storage, settings, writer=False)
        events = whole(log)
        log.close()
        assert figures(runs[0])["accepted"] == len(events)
        assert figures(runs[1]) == {**figures(runs[0]), "accepted": 0, "duplicate": len(events)}
        assert not any(event.deviation for event in events)

        answers = _asked(
            running, key, plural, [event.case for event in events if event.case], events[-1].position
        )
        effect = _effect(running, key)
        # The state of a case is its row's last column.
        told = [case_progress.from_row({"state": row[-1]}) for row in rows(storage, "case_progress")]
    verified = journey("verify", *place(settings), JOURNEY_RULE_SET="us")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    cases = {case.number: case for case in told}
    return Imported(cases, answers, Counter(event.type for event in events), effect)


def figures(run: Any) -> dict[str, int]:
    """Return what an import says that became of its records."""
    names = ("records read", "accepted", "duplicate", "rejected", "unmapped", "not convertible", "deviations")
    lines = [line.strip() for line in run.stdout.splitlines()]
    found = {name: line.removeprefix(name) for line in lines for name in names if line.startswith(name)}
    return {name: int(found[name].replace(",", "")) for name in names}


def _asked(running: Server, key: str, plural: str, numbers: list[str], head: int) -> dict[str, Any]:
    found = {}
    with running.client(key) as client:
        for number in dict.fromkeys(numbers[:: max(1, len(numbers) // ASKED)]):
            for _ in range(5):
                wait = {"Prefer": "wait=20"}
                answer = client.get(f"/v1/{plural}/{number}", params={"min_position": head}, headers=wait)
                assert answer.status_code == 200, answer.text
                if int(answer.headers["Journey-Position"]) >= head:
                    break
            assert int(answer.headers["Journey-Position"]) >= head
            found[number] = answer.json()
    return found


def _effect(running: Server, key: str) -> dict[str, Any]:
    """Announce an improvement of consultations by phone; return what changed with it, by measure."""
    number, area = "IN-JANUARY", {"stage": "consultation", "channel": "phone"}
    promised = {"plan": "p", "expected_by": "1999-01-16", "expected_effect": "e"}
    with running.client(key) as client:
        for type_, moment in zip(("announced", "started", "completed"), IMPROVED, strict=True):
            data = {"area": area, **(promised if type_ == "announced" else {})}
            told = cloudevent(f"improvement.{type_}", data, subject=f"improvement:{number}", time=moment)
            answer = client.post("/v1/events", json=told | {"channel": "system"})
            assert answer.status_code == 201, answer.text
        asked = {"days": 10, "min_position": answer.json()["position"]}
        wait = {"Prefer": "wait=20, handling=strict"}
        found = client.get(f"/v1/improvements/{number}/effect", params=asked, headers=wait).json()
    return {each["measure"]: each for each in found["measures"]}


@pytest.mark.first_start
@pytest.mark.parametrize("path", [CALLS, real(REAL_CALLS)], ids=["excerpt", "january"])
def test_calls(settings: Settings, tmp_path: Path, path: Path | str) -> None:
    """Who was served, who gave up, and how long each waited is what the file says of each call."""
    file = at(path, tmp_path, "january.txt.gz")
    with gzip.open(file, "rt", encoding="ascii", newline="") as text:
        calls = list(csv.DictReader(text, delimiter="\t"))
    said = {
        f"CALL-{call['date']}-{call['vru+line']}-{call['call_id']}": (
            "resolved" if call["outcome"] == "AGENT" else "abandoned",
            float(call["q_time"]),
            call["outcome"] == "HANG" and call["q_start"] == "0:00:00",
        )
        for call in calls
        if call["outcome"] != "PHANTOM"
    }

    found = imported(settings, file, "technion", "consultations")

    told = {
        number: (case.state, case.waited_s, case.facts.get("left_because") is not None)
        for number, case in found.cases.items()
    }
    assert told == said
    assert all(answer["waiting"]["waited_s"] == said[number][1] for number, answer in found.answers.items())
    assert found.answers.keys() <= said.keys()
    periods = {"before": ("990106", "990116"), "after": ("990117", "990127")}
    for side, (first, end) in periods.items():
        here = [call for call in calls if first <= call["date"] < end and call["outcome"] != "PHANTOM"]
        waits = sorted(float(call["q_time"]) for call in here if call["outcome"] == "AGENT")
        left = sum(call["outcome"] == "HANG" for call in here)
        median, ninth, share = (
            found.effect[name][side] for name in ("waited_p50", "waited_p90", "abandoned")
        )
        assert (median["n"], median["of"], share["n"]) == (len(waits), len(here), len(here))
        if waits:
            assert median["value"] == waits[ceil(0.5 * len(waits)) - 1]
            assert ninth["value"] == waits[ceil(0.9 * len(waits)) - 1]
        if here:
            assert share["value"] == pytest.approx(left / len(here))
    phantoms = sum(call["outcome"] == "PHANTOM" for call in calls)
    assert found.events["interaction.recorded"] == phantoms == len(calls) - len(said)
    if isinstance(path, Path):
        states = Counter(state for state, _, _ in told.values())
        assert states == {"resolved": 27_060, "abandoned": 4_299}
        assert sum(before_the_queue for _, _, before_the_queue in told.values()) == 1_198
        waits = [float(call["q_time"]) for call in calls if call["outcome"] == "PHANTOM"]
        waits += [waited for _, waited, _ in told.values() if waited]
        # What its description counts, phantoms included.
        assert (len(waits), round(sum(waits) / len(waits), 3)) == (16_905, 68.368)


@pytest.mark.first_start
@pytest.mark.parametrize("path", [COMPLAINTS, real(REAL_COMPLAINTS)], ids=["excerpt", "payday"])
def test_complaints(settings: Settings, tmp_path: Path, path: Path | str) -> None:
    """Which response was timely is what the file says, by the rules that the complaints carry."""
    file = at(path, tmp_path, "complaints.csv.gz")
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        complaints = {f"CFPB-{each['Complaint ID']}": each for each in csv.DictReader(text)}
    timely = {number: each["Timely response?"] == "Yes" for number, each in complaints.items()}
    closed = {
        number: each["Company response to consumer"].startswith("Closed")
        for number, each in complaints.items()
    }
    rules = load_rule_sets("us")

    found = imported(settings, file, "cfpb", "complaints")

    deadlines = {
        number: explain([ClockFact.from_json(fact) for fact in case.clock], rules, as_of=LATER)
        for number, case in found.cases.items()
    }
    assert {number: each and each.status == "met" for number, each in deadlines.items()} == timely
    assert {each and each.rules for each in deadlines.values()} == {"us@2011-07"}
    assert {number: case.state for number, case in found.cases.items()} == {
        number: "closed" if answered else "assigned" for number, answered in closed.items()
    }
    for number, answer in found.answers.items():
        assert answer["description"] == (
            complaints[number]["Consumer complaint narrative"]
            or "The consumer did not consent to its publication."
        )
        assert (answer["due_at"] is None) == closed[number]
    if isinstance(path, Path):
        assert Counter(timely.values()) == {True: 2_719, False: 108}
        # Counted from the day on which the bureau got a complaint, its dates and its flag do not agree.
        assert sum(timely[number] and days(each) > 15 for number, each in complaints.items()) == 357


def days(complaint: dict[str, str]) -> int:
    """Return how many days the bureau kept a complaint before it sent it on."""
    received, sent = (
        datetime.strptime(complaint[column], "%m/%d/%y").replace(tzinfo=UTC)
        for column in ("Date received", "Date sent to company")
    )
    return (sent - received).days
