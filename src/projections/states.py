"""The states of the rows that a batch of events touches, before it."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from journey.events import RecordedEvent
from projections import rows
from projections.checkpoints import Build
from projections.projection import Key, Projection

Keyed = tuple[Key, RecordedEvent]
"""An event and the row that it touches."""

# How many states of a build are remembered: tens of megabytes.
_REMEMBERED = 10_000


class Recent:
    """The states that an engine left in the rows it wrote last, so that it need not read them again.

    They hold for one checkpoint of a build: where another engine has moved it, the rows are read. Repairs
    change rows without moving the checkpoint, but only those of parked customers, who are not remembered.
    """

    def __init__(self, limit: int = _REMEMBERED) -> None:
        self._limit = limit
        self._known: dict[tuple[str, int], tuple[Build, dict[Key, Any]]] = {}

    def of(self, build: Build) -> dict[Key, Any]:
        """Return what is remembered of a build as it is now, to be looked at only."""
        at, states = self._known.get((build.name, build.build), (build, {}))
        return states if (at.position, at.created_at) == (build.position, build.created_at) else {}

    def remember(self, before: Build, after: Build, states: Mapping[Key, Any]) -> None:
        """Take over the states that a committed batch left; old ones are forgotten."""
        known = self.of(before)
        for key, state in states.items():
            known.pop(key, None)
            if state is not None:
                known[key] = state
        for key in list(known)[: max(0, len(known) - self._limit)]:
            del known[key]
        self._known[after.name, after.build] = (after, known)

    def forget(self, build: Build) -> None:
        """Remember nothing of a build: in the batch somebody was parked."""
        self._known.pop((build.name, build.build), None)


def load(
    projection: Projection[Any],
    connection: sa.Connection,
    build: Build,
    keyed: Sequence[Keyed],
    known: Mapping[Key, Any],
) -> dict[Key, Any]:
    """Return the states of those rows that there are, with all at hand that the events need of archives.

    What is `known` of the build is not read again.
    """
    if projection.from_row is None:
        return {}
    states = {key: known[key] for key, _ in keyed if key in known}
    unknown = [key for key, _ in keyed if key not in states]
    if unknown:
        for key, row in rows.load(projection, connection, build, unknown).items():
            states[key] = projection.from_row(row)
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
