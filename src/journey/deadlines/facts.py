"""What happened to a complaint's time limits: small facts that rows can store."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from journey.calendars import within_reach
from journey.events import Event, RecordedEvent
from journey.touchpoints.complaint import (
    ComplaintAcknowledged,
    ComplaintAnswered,
    ComplaintAppealed,
    ComplaintClosedUnconfirmed,
    ComplaintConfirmed,
    ComplaintExtended,
    ComplaintFactsAdded,
    ComplaintMerged,
    ComplaintRegistered,
    ComplaintResumed,
    ComplaintSuspended,
    ComplaintWithdrawn,
)
from journey.touchpoints.touchpoint import Touchpoint

Kind = Literal[
    "started",
    "acknowledged",
    "suspended",
    "resumed",
    "extended",
    "new_facts",
    "merged",
    "answered",
    "appealed",
    "closed",
    "withdrawn",
]


class ClockFact(NamedTuple):
    """One fact that time limits depend on; it names nobody."""

    kind: Kind
    at: datetime
    """When it happened."""
    recorded_at: datetime | None = None
    """When the log took it; None for one that is only being decided on."""
    version: int | None = None
    """The place of its event in the customer's stream."""
    rules: str | None = None
    """Of a start: the stamp of the rule set that the complaint was registered under."""
    category: str | None = None
    """Of a start: what is complained about."""
    until: datetime | None = None
    """Of an extension: the new end."""
    ground: str | None = None
    """Of an extension or a suspension: why."""
    level: str | None = None
    """Of an extension: who approved it."""
    told_at: datetime | None = None
    """When the customer was told of it."""
    into: str | None = None
    """Of a merger: the complaint that goes on."""

    def as_json(self) -> dict[str, str | int]:
        """Return what is known of it as plain JSON."""
        known = {name: value for name, value in self._asdict().items() if value is not None}
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in known.items()
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "ClockFact":
        """Read what `as_json` wrote."""
        return cls(**{name: _read(name, value) for name, value in stored.items()})


_MOMENTS = frozenset({"at", "recorded_at", "until", "told_at"})


def _read(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name in _MOMENTS else value


def fact_of(event: RecordedEvent) -> ClockFact | None:
    """Return what a recorded event means for time limits; None where it means nothing."""
    fact = told_fact(event)
    return fact and fact._replace(recorded_at=event.recorded_at, version=event.version)


def told_fact(event: Event | RecordedEvent) -> ClockFact | None:
    """Return the same without the place in the log, which an event that is decided on does not have yet."""
    touchpoint = event.touchpoint
    known = _KINDS.get(type(touchpoint))
    if known is None:
        return None
    kind, content = known
    rules = event.process if kind == "started" else None
    return ClockFact(kind=kind, at=within_reach(event.occurred_at), rules=rules, **content(touchpoint))


def _nothing(_: Touchpoint) -> dict[str, Any]:
    return {}


def _started(touchpoint: ComplaintRegistered) -> dict[str, Any]:
    return {"category": touchpoint.category}


def _extended(touchpoint: ComplaintExtended) -> dict[str, Any]:
    return {
        "until": within_reach(touchpoint.new_due_at),
        "ground": touchpoint.ground,
        "level": touchpoint.level,
        "told_at": _told_at(touchpoint),
    }


def _suspended(touchpoint: ComplaintSuspended) -> dict[str, Any]:
    return {"ground": touchpoint.cause, "told_at": _told_at(touchpoint)}


def _resumed(touchpoint: ComplaintResumed) -> dict[str, Any]:
    return {"told_at": _told_at(touchpoint)}


def _told_at(touchpoint: ComplaintExtended | ComplaintSuspended | ComplaintResumed) -> datetime | None:
    return within_reach(touchpoint.notice.told_at) if touchpoint.notice else None


def _merged(touchpoint: ComplaintMerged) -> dict[str, Any]:
    return {"into": touchpoint.into}


# By class, because `isinstance` on pydantic's classes costs more than all the rest.
_KINDS: Mapping[type[Touchpoint], tuple[Kind, Callable[[Any], dict[str, Any]]]] = {
    ComplaintRegistered: ("started", _started),
    ComplaintAcknowledged: ("acknowledged", _nothing),
    ComplaintSuspended: ("suspended", _suspended),
    ComplaintResumed: ("resumed", _resumed),
    ComplaintExtended: ("extended", _extended),
    ComplaintFactsAdded: ("new_facts", _nothing),
    ComplaintMerged: ("merged", _merged),
    ComplaintAnswered: ("answered", _nothing),
    ComplaintAppealed: ("appealed", _nothing),
    ComplaintConfirmed: ("closed", _nothing),
    ComplaintClosedUnconfirmed: ("closed", _nothing),
    ComplaintWithdrawn: ("withdrawn", _nothing),
}
"""What events of each class mean."""
