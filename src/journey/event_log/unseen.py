"""The oldest event that somebody has not seen, as a part of other statements on PostgreSQL."""

from datetime import datetime

from journey.encoding import from_state

AFTER = (
    "(SELECT state FROM stored_events WHERE notification_id > {position} ORDER BY notification_id LIMIT 1)"
)
"""The stored bytes of the first event after a position; NULL where there is none."""


def recorded_at(state: bytes) -> datetime | None:
    """Return when an event was recorded, from its stored bytes; None where they cannot be read."""
    event = from_state("", 0, 0, "", state)
    return None if event.damaged else event.recorded_at
