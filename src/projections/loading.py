"""Loads builds customer by customer: each event is read once for all of them, and each row written once.

To follow positions is to write a customer's rows again with each page that has an event of theirs. A build
that has no rows yet and a long way to go is given them in the order of customers instead, up to the position
at which the log ends then; from there on it is followed like any other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice, takewhile
from typing import Any

import sqlalchemy as sa

from journey.errors import CheckpointMoved
from journey.event_log import EventLog
from journey.events import Position, RecordedEvent
from journey.settings import Settings
from projections import batch, checkpoints, parts
from projections.checkpoints import Build
from projections.faults import is_of_values
from projections.parts import Part
from projections.projection import Projection


@dataclass(frozen=True, slots=True)
class Place:
    """What loads read from and write to."""

    log: EventLog
    views: sa.Engine
    projections: Mapping[str, Projection[Any]]
    settings: Settings
    clock: Callable[[], datetime]

    def loading(self) -> list[Build]:
        """Return the builds that are being loaded by logic known here."""
        with self.views.connect() as connection:
            return [build for build in checkpoints.builds(connection) if self.may_load(build)]

    def may_load(self, build: Build) -> bool:
        """Tell whether a build is being loaded by logic known here."""
        known = self.projections.get(build.name)
        return build.status == "loading" and known is not None and known.version == build.version


@dataclass(slots=True)
class _Target:
    """A build that a part is being loaded into."""

    build: Build
    projection: Projection[Any]
    parked: set[str] = field(default_factory=set)
    """Customers of the part who are parked by now."""


def begin(place: Place, build: Build) -> bool:
    """Have a build loaded if it has nothing yet and a long way to go; tell whether it was begun."""
    far = place.settings.load_events
    if build.status != "building" or build.position > 0 or place.log.head() < far:
        return False
    with place.views.begin() as connection:
        checkpoints.begin_loading(connection, build)
    return True


def load_next(place: Place) -> bool:
    """Load one part of the log into every build that lacks it; tell whether there was one to be had."""
    builds = place.loading()
    if not builds:
        return False
    with place.views.begin() as connection:
        claimed = parts.claim(connection, builds)
        if claimed is not None:
            _load(place, connection, *claimed)
            return True
    return _plan(place, builds)


def progress(connection: sa.Connection, build: Build) -> float:
    """Tell how much of the log as it was when a build began the build shows, from 0 to 1."""
    if build.status == "loading":
        loaded, all_ = parts.counts(connection, build)
        return loaded / max(all_, 1)
    return min(1.0, build.position / max(build.target, 1))


def end(place: Place, build: Build) -> bool:
    """Let a build that has all its rows be followed by position; tell whether it has them."""
    with place.views.connect() as connection:
        loaded, all_ = parts.counts(connection, build)
        if loaded < all_ or not all_:
            return False
        position = parts.of(connection, [build])[0].position
    last = place.log.read_all(Position(position - 1), 1)
    recorded_at = None if not last or last[0].damaged else last[0].recorded_at.isoformat()
    with place.views.begin() as connection:
        checkpoints.end_loading(connection, build, position, recorded_at)
        parts.forget(connection, build)
    return True


def _plan(place: Place, builds: Sequence[Build]) -> bool:
    """Divide the log for the builds that have no parts yet; tell whether there were any."""
    with place.views.connect() as connection:
        new = [build for build in builds if not parts.of(connection, [build])]
        under_way = parts.of(connection, builds)
    if not new:
        return False
    head = place.log.head()
    if under_way and under_way[0].position + place.settings.load_events > head:
        divided = under_way  # who begins a moment later shares the rest of the reading
    else:
        divided = parts.divided(place.log.cut(place.settings.page_events), head)
    try:
        for build in new:
            with place.views.begin() as connection:
                parts.plan(connection, build, divided)
    except CheckpointMoved:
        pass  # somebody else was faster, or nobody wants it any more
    return True


def _load(place: Place, connection: sa.Connection, part: Part, builds: Sequence[Build]) -> None:
    now, size = place.clock(), 2 * place.settings.page_events
    targets = [_Target(build, place.projections[build.name]) for build in builds]
    events = (
        event
        for event in place.log.read_by_stream(size, after=part.after, until=part.until)
        if event.position <= part.position
    )
    last = None
    while lot := list(islice(events, size)):
        begun = list(takewhile(lambda event: event.stream_id == last, lot))  # noqa: B023  # used up at once
        for target in targets:
            _fold(target, connection, begun, now, fresh=False)
            _fold(target, connection, lot[len(begun) :], now, fresh=True)
        last = lot[-1].stream_id
    parts.mark(connection, builds, part)


def _fold(
    target: _Target, connection: sa.Connection, events: Sequence[RecordedEvent], now: datetime, *, fresh: bool
) -> None:
    """Fold events into rows, in halves where an event breaks it: in the end that event parks its customer.

    `fresh` says that there are no rows yet of the customers: then none are looked for.
    """
    if not events:
        return
    projection = replace(target.projection, from_row=None) if fresh else target.projection
    try:
        with connection.begin_nested():
            skip = frozenset(target.parked)
            result = batch.fold(projection, connection, target.build, events, now=now, skip=skip)
            batch.write(projection, connection, target.build, result)
            checkpoints.park(connection, target.build, list(result.parked.values()))
    except Exception as error:
        if not is_of_values(error):
            raise
        if len(events) == 1:
            customer = batch.parked_by(target.projection, events[0], error, now)
            checkpoints.park(connection, target.build, [customer])
            target.parked.add(customer.stream_id)
            return
        middle = len(events) // 2
        _fold(target, connection, events[:middle], now, fresh=fresh)
        _fold(target, connection, events[middle:], now, fresh=False)
    else:
        target.parked.update(result.parked)
