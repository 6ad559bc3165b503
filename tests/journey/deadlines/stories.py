"""Stories of complaints, one event a line, as tables of deadlines tell them."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from journey.deadlines import ClockFact, fact_of
from journey.events import Position, RecordedEvent, Version
from journey.rule_sets import RuleSets, load_rule_sets
from journey.touchpoints import TOUCHPOINTS

OWN = Path(__file__).parent / "own"
NUMBER = "CMP-1"

_TYPES: Mapping[str, str] = {
    "registered": "complaint.registered",
    "acknowledged": "complaint.acknowledged",
    "suspended": "complaint.suspended",
    "resumed": "complaint.resumed",
    "extended": "complaint.extended",
    "facts": "complaint.facts_added",
    "merged": "complaint.merged",
    "answered": "complaint.answered",
    "appealed": "complaint.appealed",
    "confirmed": "complaint.confirmed",
    "withdrawn": "complaint.withdrawn",
    "escalated": "complaint.escalated",
}

_DATA: Mapping[str, Mapping[str, Any]] = {
    "registered": {"category": "fees", "severity": "normal", "description": "x", "contact": "x"},
    "acknowledged": {"medium": "sms"},
    "suspended": {"cause": "appraisal", "body": "Appraisers"},
    "resumed": {},
    "extended": {"reason": "x", "approved_by": "Li", "level": "head_office"},
    "facts": {"facts": "x"},
    "merged": {},
    "answered": {"result": "x", "medium": "phone"},
    "appealed": {"reason": "x"},
    "confirmed": {"satisfied": True},
    "withdrawn": {"reason": "x"},
    "escalated": {"to": "Li", "cause": "overdue"},
}
_TOLD = frozenset({"suspended", "resumed", "extended"})
"""What the customer is to be told of."""


def rules_of(code: str) -> RuleSets:
    """Return the rule sets that are shipped, and those made up for tests, with one chosen."""
    return load_rule_sets(code, OWN)


def zone_of(code: str) -> ZoneInfo:
    """Return the zone of an institution that works by a rule set."""
    return rules_of(code).by_code[code][-1].calendar.zone


def moment(text: str, zone: ZoneInfo) -> datetime:
    """Read a moment as the institution's clocks show it: `2026-03-01 10:00`, or a day for its midnight."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def told(story: str, zone: ZoneInfo) -> list[RecordedEvent]:
    """Read a story: `2026-03-01 10:00 registered`, and what the event says more.

    A word with `=` is a field of the payload; `untold` leaves the notice out; `known=2026-04-01` says when it
    was recorded, and `process=…` under which rules.
    """
    lines = [line.split() for line in story.strip().splitlines()]
    return [_event(number, words, zone) for number, words in enumerate(lines, 1)]


def facts_of(story: str, zone: ZoneInfo) -> list[ClockFact]:
    """Return what the events of a story mean for time limits."""
    return [fact for event in told(story, zone) if (fact := fact_of(event))]


def _event(number: int, words: list[str], zone: ZoneInfo) -> RecordedEvent:
    day, hour, kind, *more = words
    at = moment(f"{day} {hour}", zone)
    said = dict(word.split("=", 1) for word in more if "=" in word)
    known, process = said.pop("known", None), said.pop("process", None)
    data = {**_DATA[kind], **{name: _value(name, said[name], zone) for name in said}}
    if kind in _TOLD:
        data["notice"] = None if "untold" in more else {"told_at": at.isoformat(), "medium": "sms"}
    type_ = _TYPES[kind]
    return RecordedEvent(
        stream_id="C1",
        version=Version(number),
        position=Position(number),
        type=type_,
        source="/channels/test",
        id=f"e{number}",
        time=at.isoformat(),
        recorded_at=moment(known, zone) if known else at,
        data=data,
        schema_version=TOUCHPOINTS[type_].schema_version,
        case=NUMBER,
        process=process,
    )


def _value(name: str, text: str, zone: ZoneInfo) -> Any:
    if name == "new_due_at":
        return moment(f"{text} 23:59:59", zone).isoformat()
    return None if text == "none" else text
