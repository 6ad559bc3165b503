"""Tries parked customers again, after the code or the database was mended."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from journey.event_log import EventLog
from projections import batch, checkpoints, rows
from projections.checkpoints import Build
from projections.faults import is_of_values
from projections.projection import Projection


def retry_parked(
    projection: Projection[Any], views: sa.Engine, log: EventLog, now: datetime
) -> Iterator[bool]:
    """Fold each parked customer's stream anew, one at a time; tell of each whether it is well again."""
    with views.connect() as connection:
        builds = [
            build
            for build in checkpoints.builds(connection, projection.name)
            if build.version == projection.version and build.status in ("live", "building")
        ]
    for build in builds:
        with views.connect() as connection:
            parked = checkpoints.parked_streams(connection, build)
        for stream_id in sorted(parked):
            yield _refold(projection, views, log, build, stream_id, now=now)


def _refold(
    projection: Projection[Any],
    views: sa.Engine,
    log: EventLog,
    build: Build,
    stream_id: str,
    *,
    now: datetime,
) -> bool:
    """Replace one customer's rows by a fold of the stream up to the build's checkpoint."""
    try:
        with views.begin() as connection:
            held = checkpoints.hold(connection, build)
            if held is None:
                return False
            rows.delete_stream(projection, connection, held, stream_id)
            checkpoints.unpark(connection, held, stream_id)
            events = [event for event in log.read_stream(stream_id) if event.position <= held.position]
            result = batch.fold(projection, connection, held, events, now=now)
            batch.write(projection, connection, held, result)
            checkpoints.park(connection, held, list(result.parked.values()))
    except Exception as error:
        if not is_of_values(error):
            raise
        return False  # its rows can still not be written: all stays as it was
    return not result.parked
