"""How the reactor stands, for operators: read from its tables, whichever process it runs in."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from journey.event_log import EventLog
from journey.events import Position
from journey.reacting import parking, table


class Standing(NamedTuple):
    """How far policies have got."""

    position: Position
    lag: float
    """For how many seconds the first event, or the first moment of the clock, waits that nobody has met."""
    parked: Mapping[str, int]
    """By policy: customers for whom it is not asked."""
    retry_at: datetime | None
    """When the first of them is tried again; None where only a start does."""


def standing(views: sa.Engine, log: EventLog, now: datetime) -> Standing | None:
    """Return how the reactor stands; None where there was never one."""
    reached = table.checkpoint(views)
    if reached is None:
        return None
    unmet = [event.recorded_at for event in log.read_all(reached.position, 1) if not event.damaged]
    moment = table.first_moment(views)
    since = min([*unmet, *([moment] if moment is not None else [])], default=now)
    parked = parking.parked(views)
    retry_at = min((each.retry_at for each in parked if each.retry_at is not None), default=None)
    counts = Counter(each.policy for each in parked)
    return Standing(reached.position, max(0.0, (now - since).total_seconds()), counts, retry_at)
