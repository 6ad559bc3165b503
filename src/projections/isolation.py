"""Applies a page of events to a build in one transaction or, where an event breaks it, in ever smaller ones.

In the end there is a transaction of the one event that breaks it: it parks its customer; all others go on.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from journey.errors import CheckpointMoved
from journey.events import RecordedEvent
from projections import batch
from projections.checkpoints import Build
from projections.faults import is_of_values
from projections.projection import Projection
from projections.states import Recent


def apply(  # noqa: PLR0917  # as `batch.apply`
    projection: Projection[Any],
    views: sa.Engine,
    build: Build,
    events: Sequence[RecordedEvent],
    now: datetime,
    recent: Recent,
) -> Build:
    """Fold events that follow a build's checkpoint into its rows; return the build as it is then.

    `recent` saves reading rows, and remembers those that were written. Raises `CheckpointMoved` when another
    engine was first, and what no event can be blamed for: the database is away, or refuses everything.
    """
    try:
        with views.begin() as connection:
            moved, fold = batch.apply(projection, connection, build, events, now, recent.of(build))
    except CheckpointMoved:
        raise
    except Exception as error:
        if not is_of_values(error):
            raise
        if len(events) == 1:
            with views.begin() as connection:
                return batch.pass_by(projection, connection, build, events[0], error, now=now)
        middle = len(events) // 2
        moved = apply(projection, views, build, events[:middle], now, recent)
        return apply(projection, views, moved, events[middle:], now, recent)
    if fold.parked or projection.from_row is None:
        recent.forget(build)
    else:
        recent.remember(build, moved, batch.put_away(projection, fold))
    return moved
