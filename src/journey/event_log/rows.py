"""What goes into the log's tables and comes out of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from journey.encoding import to_state
from journey.events import Event, RecordedEvent

EventKey = tuple[str, str]
"""Source and id: what makes an event one event."""


class Row(NamedTuple):
    """One stored event as the database holds it."""

    stream_id: str
    version: int
    type: str
    state: bytes
    position: int
    link: bytes | None
    """The link that is stored with it; None where it was written behind the service's back."""


class Entry(NamedTuple):
    """One event on its way into the log."""

    stream_id: str
    version: int
    type: str
    state: bytes
    key: EventKey
    digest: bytes
    new_case: str | None
    """The number of the case that begins with this event."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the log knows under an event key."""

    digest: bytes
    event: RecordedEvent


def entry(
    event: Event,
    version: int,
    recorded_at: datetime,
    digest: bytes,
    new_case: str | None,
    *,
    data: Mapping[str, Any] | None = None,
) -> Entry:
    """Return `event` as it goes into the log, with sealed `data` in place of its own where given."""
    state = to_state(event, recorded_at, data)
    return Entry(event.stream_id, version, event.type, state, event.key, digest, new_case)
