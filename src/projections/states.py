"""The states of the rows that a batch of events touches, before it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from journey.events import RecordedEvent
from projections import rows
from projections.checkpoints import Build
from projections.projection import Key, Projection

Keyed = tuple[Key, RecordedEvent]
"""An event and the row that it touches."""


def load(
    projection: Projection[Any], connection: sa.Connection, build: Build, keyed: Sequence[Keyed]
) -> dict[Key, Any]:
    """Return the states of those rows that there are, with all at hand that the events need of archives."""
    if projection.from_row is None or not keyed:
        return {}
    found = rows.load(projection, connection, build, [key for key, _ in keyed])
    states = {key: projection.from_row(row) for key, row in found.items()}
    return _with_archived(projection, connection, build, keyed, states)


def _with_archived(
    projection: Projection[Any],
    connection: sa.Connection,
    build: Build,
    keyed: Sequence[Keyed],
    states: dict[Key, Any],
) -> dict[Key, Any]:
    archive = projection.archive
    if archive is None:
        return states
    needed = {
        number: (key, event.stream_id)
        for key, event in keyed
        if key in states and (number := archive.needed(states[key], event)) is not None
    }
    if needed:
        for number, row in rows.load(archive, connection, build, list(needed)).items():
            key, stream_id = needed[number]
            if row["stream_id"] == stream_id:
                states[key] = archive.with_row(states[key], row)
    return states
