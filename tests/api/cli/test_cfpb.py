"""The shipped mapping of the Consumer Complaint Database."""

import io
from pathlib import Path
from typing import Any

import orjson

from api.cli.batches import batches
from api.cli.mapping import load_mapping
from journey.touchpoints import TOUCHPOINTS
from tests.api.cli.excerpts import COMPLAINTS


def complaints() -> dict[str, list[Any]]:
    """Return the events of each complaint, by its case."""
    content = io.BytesIO(COMPLAINTS.encode())
    [batch] = batches(Path("complaints.csv"), content, load_mapping("cfpb"), 1000)
    assert not batch.broken
    assert not batch.unmapped
    found: dict[str, list[Any]] = {}
    for line in batch.events:
        event = orjson.loads(line)
        TOUCHPOINTS[event["type"]].model_validate_json(orjson.dumps(event["data"]))
        found.setdefault(event["case"], []).append(event)
    return found


def test_closed_in_time() -> None:
    """A timely response is put at the end of the fifteen days, which is said beside it."""
    registered, assigned, answered, closed = complaints()["CFPB-11"]

    assert registered == {
        "specversion": "1.0",
        "type": "complaint.registered",
        "source": "/imports/cfpb",
        "id": "11/complaint.registered",
        "subject": "cfpb-11",
        "case": "CFPB-11",
        "time": "2023-03-01T00:00:00-05:00",
        "channel": "web",
        "product": "Title loan",
        "issue": "Charged fees or interest you didn't expect",
        "received": "2023-02-28T00:00:00-05:00",
        "timely": "Yes",
        "data": {
            "category": "charged-fees-or-interest-you-didn-t-expect",
            "severity": "unknown",
            "description": 'I paid {$10.00} in XXXX.\n\nThey want "more".',
            "contact": "Complaint 11 in the bureau's portal",
        },
    }
    assert assigned["data"] == {
        "department": "company",
        "handler": "Loans & Co, Inc.",
        "due_at": "2023-03-16T23:59:59-04:00",
    }
    assert answered["data"] == {"result": "Closed with monetary relief", "medium": "email"}
    for event in (answered, closed):
        assert (event["time"], event["bound"]) == ("2023-03-16T23:59:59-04:00", "latest")
    assert closed["data"] == {"attempts": 0, "reason": "Closed with monetary relief"}


def test_closed_late() -> None:
    """Any other response is put at the moment after the fifteen days, with what the company says of it."""
    registered, _, answered, _ = complaints()["CFPB-12"]

    assert (answered["time"], answered["bound"]) == ("2023-03-18T00:00:00-04:00", "earliest")
    assert answered["data"]["result"] == (
        "Closed with explanation. Company disputes the facts presented in the complaint"
    )
    assert len(registered["data"]["description"]) == 9_000


def test_no_response() -> None:
    """A complaint without a response stays with the company; without consent nothing is told of it."""
    events = complaints()["CFPB-13"]

    assert [event["type"] for event in events] == ["complaint.registered", "complaint.assigned"]
    assert events[0]["data"]["description"] == "The consumer did not consent to its publication."
    assert events[0]["channel"] == "partner"
