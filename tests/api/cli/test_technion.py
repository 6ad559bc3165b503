"""The shipped mapping of the Technion's call centre log."""

import io
from pathlib import Path
from typing import Any

import orjson

from api.cli.batches import batches
from api.cli.mapping import load_mapping
from journey.touchpoints import TOUCHPOINTS
from tests.api.cli.excerpts import CALLS

SERVED = ["consultation.requested", "consultation.answered", "consultation.resolved"]
LEFT = ["consultation.requested", "consultation.abandoned"]


def calls() -> dict[str, list[Any]]:
    """Return the events of each call, by its line and number."""
    content = io.BytesIO(CALLS.encode())
    [batch] = batches(Path("january.txt"), content, load_mapping("technion"), 1000)
    assert not batch.broken
    assert not batch.unmapped
    assert batch.records == 10
    found: dict[str, list[Any]] = {}
    for line in batch.events:
        event = orjson.loads(line)
        TOUCHPOINTS[event["type"]].model_validate_json(orjson.dumps(event["data"]))
        found.setdefault(event["id"].split("/", 1)[1].rpartition("/")[0], []).append(event)
    return found


def times(call: str) -> list[str]:
    """Return the times of a call's events."""
    return [event["time"] for event in calls()[call]]


def test_served() -> None:
    """A call that an agent takes waits while it queues, and is resolved when service ends."""
    requested, answered, resolved = calls()["AA0101/101"]

    assert requested == {
        "specversion": "1.0",
        "type": "consultation.requested",
        "source": "/imports/technion",
        "id": "990104/AA0101/101/consultation.requested",
        "subject": "technion-700",
        "case": "CALL-990104-AA0101-101",
        "time": "1999-01-04T08:00:05+02:00",
        "channel": "phone",
        "data": {"topic": "regular-activity", "category": "call-centre", "priority": "2"},
    }
    assert (answered["time"], answered["data"]) == ("1999-01-04T08:01:45+02:00", {"agent": "RUTH"})
    assert (resolved["time"], resolved["data"]["outcome"]) == ("1999-01-04T08:03:00+02:00", "served")


def test_outcomes() -> None:
    """The outcome decides, whatever times stand beside it; a phantom is no consultation."""
    made = {call: [event["type"] for event in events] for call, events in calls().items()}

    assert made == {
        **dict.fromkeys(("AA0101/101", "AA0101/102", "AA0102/104", "AA0102/105"), SERVED),
        **dict.fromkeys(("AA0103/106", "AA0103/107"), SERVED),
        **dict.fromkeys(("AA0101/103", "AA0102/101", "AA0103/108"), LEFT),
        "AA0103/109": ["interaction.recorded"],
    }
    assert "case" not in calls()["AA0103/109"][0]


def test_no_queue() -> None:
    """Who never queued waits no time, and is told apart where they hung up."""
    assert times("AA0101/102")[:2] == ["1999-01-04T08:10:09+02:00"] * 2
    assert times("AA0102/101") == ["1999-01-04T08:30:11+02:00"] * 2
    assert calls()["AA0102/101"][1]["data"] == {"waited_reason": "hung-up-before-the-queue"}
    assert calls()["AA0103/108"][1]["data"] == {}


def test_midnight() -> None:
    """Clock times after midnight are of the next day; a clock that is a minute behind is not."""
    assert times("AA0103/106") == [
        "1999-01-31T23:59:28+02:00",
        "1999-02-01T00:00:03+02:00",
        "1999-02-01T00:00:55+02:00",
    ]
    assert times("AA0103/107")[1:] == ["1999-01-31T23:41:05+02:00", "1999-02-01T00:02:04+02:00"]
    assert times("AA0102/104")[0] == "1999-01-04T08:39:21+02:00"


def test_no_times_of_service() -> None:
    """A served call without times of service is resolved when it is answered."""
    assert times("AA0102/105")[1:] == ["1999-01-04T08:50:46+02:00"] * 2


def test_customers() -> None:
    """Callers who are not known, or whose number was spoilt, are customers of their own."""
    customers = {call: events[0]["subject"] for call, events in calls().items()}

    assert customers["AA0101/101"] == customers["AA0101/103"] == "technion-700"
    assert customers["AA0102/104"] == "technion-call-990104-AA0102-104"
    assert len(set(customers.values())) == 9
