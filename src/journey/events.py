"""The two moments of an event: told by a source, and recorded in the log."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, NewType

from pydantic import ValidationError

from journey.errors import DamagedEvent
from journey.strict_json import JSON
from journey.touchpoints import TOUCHPOINTS, read_touchpoint
from journey.touchpoints.touchpoint import Touchpoint
from journey.words import Words

Version = NewType("Version", int)
"""Place of an event in its stream, from 1; 0 is the version of an empty stream."""
Position = NewType("Position", int)
"""Place of an event in the whole log: increasing in the order of commits, gaps allowed."""


_NONE: Mapping[str, JSON] = {}


class Event(NamedTuple):
    """A fact as a source tells it, before the log has it."""

    source: str
    """The channel system that tells it; unique together with `id`."""
    id: str
    stream_id: str
    """The customer."""
    touchpoint: Touchpoint
    """The typed content."""
    data: Mapping[str, JSON]
    """The content as it was sent; this, not `touchpoint`, is stored."""
    time: str
    """When it happened, RFC 3339, exactly as the source wrote it."""
    occurred_at: datetime
    """`time` as an aware instant."""
    case: str | None = None
    channel: str | None = None
    attributes: Mapping[str, JSON] = _NONE
    """Every further CloudEvents attribute, such as `correlationid`."""
    deviation: str | None = None
    """What the lifecycle expected instead; None where the event was lawful."""
    process: str | None = None
    """The version of the process definition, or of a complaint's rule set, that its case was opened under."""

    def as_decided(self, case: str, deviation: str | None, process: str | None) -> "Event":
        """Return the event as the log is to have it."""
        # `_replace` takes three times as long, and this runs for each event of a case.
        return Event(*self[:7], case, self.channel, self.attributes, deviation, process)

    @property
    def type(self) -> str:
        """The name of the event's type."""
        return self.touchpoint.type

    @property
    def key(self) -> tuple[str, str]:
        """What makes the event one event however often it is sent: source and id."""
        return (self.source, self.id)


class _Recorded(NamedTuple):
    stream_id: str
    version: Version
    position: Position
    type: str
    source: str
    id: str
    time: str
    recorded_at: datetime
    data: Mapping[str, JSON]
    schema_version: int = 1
    case: str | None = None
    channel: str | None = None
    attributes: Mapping[str, JSON] = _NONE
    deviation: str | None = None
    process: str | None = None
    damaged: bool = False
    """Whether the stored bytes are not what was appended, or cannot be read; only the place is known then."""


class RecordedEvent(_Recorded):
    """An event as the log holds it."""

    @property
    def occurred_at(self) -> datetime:
        """When it happened, as an aware instant."""
        return datetime.fromisoformat(self.time.upper())

    @cached_property
    def touchpoint(self) -> Touchpoint:
        """The typed content, brought to today's schema version.

        Raises `DamagedEvent` when the stored content is not what its type declares.
        """
        if self.damaged:
            raise DamagedEvent.at(self.position)
        try:
            declared, data = TOUCHPOINTS[self.type], self.data
            if self.schema_version != declared.schema_version:
                data = declared.upcast(dict(data), self.schema_version)
            return read_touchpoint(self.type, data)
        except (KeyError, ValueError, ValidationError) as error:
            raise DamagedEvent(f"event at position {self.position} is not a valid {self.type}") from error

    def sentence(self, names: Mapping[str, Words]) -> Words:
        """Say in one sentence what happened; said once for all who ask with the same names."""
        known: tuple[Mapping[str, Words], Words] | None = self.__dict__.get("_said")
        if known is None or known[0] is not names:
            known = self.__dict__["_said"] = names, self.touchpoint.sentence(names)
        return known[1]
