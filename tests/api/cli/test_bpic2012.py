"""The shipped mapping of the BPI Challenge 2012."""

from collections import Counter
from gzip import open as open_gzip
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import orjson
import pytest

from api.cli.batches import batches
from api.cli.mapping import load_mapping
from journey.touchpoints import TOUCHPOINTS

LOG = Path(__file__).parents[4] / "shared/data/bpic2012/BPI_Challenge_2012.xes.gz"

RECORD = {
    "trace:concept:name": "173688",
    "trace:AMOUNT_REQ": "20000",
    "concept:name": "A_SUBMITTED",
    "lifecycle:transition": "COMPLETE",
    "time:timestamp": "2011-10-01T00:38:44.546+02:00",
    "org:resource": "112",
    "#index": "1",
}

TYPES = {
    ("A_SUBMITTED", "COMPLETE"): "application.submitted",
    ("A_PARTLYSUBMITTED", "COMPLETE"): "review.started",
    ("A_PREACCEPTED", "COMPLETE"): "review.step_completed",
    ("A_ACCEPTED", "COMPLETE"): "review.step_completed",
    ("A_FINALIZED", "COMPLETE"): "review.step_completed",
    ("A_APPROVED", "COMPLETE"): "review.approved",
    ("A_DECLINED", "COMPLETE"): "review.rejected",
    ("A_CANCELLED", "COMPLETE"): "application.withdrawn",
    ("A_REGISTERED", "COMPLETE"): "delivery.started",
    ("A_ACTIVATED", "COMPLETE"): "delivery.completed",
    ("O_SELECTED", "COMPLETE"): "offer.made",
    ("O_CREATED", "COMPLETE"): "offer.made",
    ("O_SENT", "COMPLETE"): "offer.sent",
    ("O_SENT_BACK", "COMPLETE"): "offer.returned",
    ("O_ACCEPTED", "COMPLETE"): "offer.accepted",
    ("O_DECLINED", "COMPLETE"): "offer.declined",
    ("O_CANCELLED", "COMPLETE"): "offer.cancelled",
    ("W_Nabellen offertes", "SCHEDULE"): "work.scheduled",
    ("W_Nabellen offertes", "START"): "work.started",
    ("W_Nabellen offertes", "COMPLETE"): "work.completed",
}


def event(**changes: str) -> Any:
    """Return the event of the usual record with some fields changed."""
    [made] = load_mapping("bpic2012").events({**RECORD, **changes})
    return made


def test_first_event() -> None:
    """The first event of the log arrives whole."""
    assert event() == {
        "specversion": "1.0",
        "type": "application.submitted",
        "source": "/imports/bpic2012",
        "id": "173688/1",
        "subject": "bpic2012-173688",
        "case": "BPI-173688",
        "time": "2011-10-01T00:38:44.546+02:00",
        "channel": "web",
        "activity": "A_SUBMITTED",
        "lifecycletransition": "COMPLETE",
        "authid": "112",
        "data": {"product": "bpic2012-loan", "amount": 20000, "currency": "EUR"},
    }


@pytest.mark.parametrize(("activity", "type_"), TYPES.items())
@pytest.mark.parametrize("resource", ["112", ""])
def test_activity(activity: tuple[str, str], type_: str, resource: str) -> None:
    """Each activity becomes a valid event of its type, with or without a resource."""
    name, transition = activity
    made = event(**{"concept:name": name, "lifecycle:transition": transition, "org:resource": resource})

    assert made["type"] == type_
    TOUCHPOINTS[type_].model_validate_json(orjson.dumps(made["data"]))
    assert made.get("authid", "") == resource


@pytest.mark.real_data
@pytest.mark.skipif(not LOG.exists(), reason="the public log is not beside the checkout")
def test_whole_log() -> None:
    """The whole log has as many events of each activity as its publisher counted."""
    counted: Counter[str] = Counter()
    with LOG.open("rb") as file:
        for batch in batches(LOG, file, load_mapping("bpic2012"), 1000):
            assert not batch.unmapped
            assert not batch.broken
            counted.update(orjson.loads(line)["activity"] for line in batch.events)

    assert counted == publishers_counts()
    assert counted.total() == 262_200


def publishers_counts() -> Counter[str]:
    """Return the totals that the log carries in its own heading."""
    with open_gzip(LOG) as file:
        for _, element in ET.iterparse(file):  # noqa: S314  # a published file
            if element.get("key") == "meta_concept:named_events_total":
                return Counter({each.attrib["key"]: int(each.attrib["value"]) for each in element})
    raise AssertionError("the log does not say how many events it has")
