"""Does what there is to do for each build: has it loaded, followed, shown to readers, or removed."""

import contextlib
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa
import structlog

from journey.causes import cause, trace
from journey.errors import CheckpointMoved
from journey.event_log import EventLog
from journey.events import Position, RecordedEvent
from projections import checkpoints, isolation, loading, parts, rows, succession
from projections.checkpoints import Build
from projections.loading import Place
from projections.projection import Projection
from projections.states import Recent
from projections.statistics import Statistics

# How many rows of a dropped build one transaction removes: few enough that nobody waits for it.
_DROPPED_ROWS = 5_000

_log = structlog.get_logger()


class Keeper:
    """Keeps builds, side by side where the database takes it: while one is written, others are folded."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._recent = Recent()
        self._statistics = Statistics(place.views, place.projections)
        # SQLite has one writer: there one thread does as much as many.
        self._side_by_side = place.views.dialect.name != "sqlite"
        self._pages_per_pass = place.settings.pages_per_pass if self._side_by_side else 1

    def keep(self, builds: Sequence[Build]) -> list[bool | Exception]:
        """Advance every build by some pages, or one; return of each whether there was anything to do.

        A failure of one build is noted with it, returned in its place, and holds up no other.
        """
        self._statistics.keep(builds)
        pages = _Pages(self._place.log, self._place.settings.page_events)

        def kept(build: Build) -> bool | Exception:
            try:
                return self._keep(build, pages)
            except CheckpointMoved:
                return False
            except Exception as error:  # noqa: BLE001  # whatever it is, the other builds go on
                self.note(build, error)
                return error

        if not self._side_by_side or not builds:
            return [kept(build) for build in builds]
        with ThreadPoolExecutor(len(builds), "projection") as threads:
            return list(threads.map(kept, builds))

    def note(self, build: Build, error: Exception) -> None:
        """Keep with a build what failed, and log it where it is news."""
        told = cause(error)
        if build.error != told:
            _log.error(
                "projection_failed",
                projection=build.name,
                build=build.build,
                error=told,
                trace=trace(error),
            )
        with contextlib.suppress(sa.exc.SQLAlchemyError), self._place.views.begin() as connection:
            checkpoints.note_error(connection, build, told)

    def _keep(self, build: Build, pages: "_Pages") -> bool:
        projection = self._place.projections.get(build.name)
        if projection is None:
            return False
        if build.status == "dropped":
            return self._remove_some(projection, build)
        if build.status == "retired" or build.version != projection.version:
            return False
        if build.status == "loading":
            return loading.end(self._place, build)
        if loading.begin(self._place, build):
            return True
        return self._follow(projection, build, pages)

    def _follow(self, projection: Projection[Any], build: Build, pages: "_Pages") -> bool:
        views, worked = self._place.views, False
        for _ in range(self._pages_per_pass):
            if events := pages.after(build.position):
                build = isolation.apply(projection, views, build, events, self._place.clock(), self._recent)
                worked = True
            if len(events) < pages.size:
                return self._at_the_end(build) or worked
        return worked

    def _at_the_end(self, build: Build) -> bool:
        """Let a build take over that has caught up; tell whether it did."""
        if build.status != "building":
            return False
        with self._place.views.begin() as connection:
            return succession.take_over(connection, build)

    def _remove_some(self, projection: Projection[Any], build: Build) -> bool:
        with self._place.views.begin() as connection:
            # Two engines at it would delete the same rows, and the second would believe that none are left.
            checkpoints.claim(connection, build)
            parts.forget(connection, build)
            if rows.delete_some(projection, connection, build, _DROPPED_ROWS) == 0:
                checkpoints.forget(connection, build)
        return True


class _Pages:
    """The pages of the log that builds come to in a pass: whoever is the first at one reads it for all."""

    def __init__(self, log: EventLog, size: int) -> None:
        self.size = size
        """How many events a page has, unless the log ends with it."""
        self._log = log
        self._known: dict[Position, Future[list[RecordedEvent]]] = {}
        self._lock = threading.Lock()

    def after(self, position: Position) -> list[RecordedEvent]:
        """Return the page after a position."""
        with self._lock:
            is_first = position not in self._known
            page = self._known.setdefault(position, Future())
        if is_first:
            try:
                page.set_result(self._log.read_all(position, self.size))
            except Exception as error:  # noqa: BLE001  # whoever waits for it is told too
                page.set_exception(error)
        return page.result()
