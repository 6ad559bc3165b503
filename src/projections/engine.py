"""The loop that keeps projections: read after the checkpoint, evolve, write rows and checkpoint together.

A rebuild is the same loop into rows with another build number, beside the ones that readers see.
"""

import threading
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from journey.errors import CheckpointMoved, JourneyError, NoBuildToReturnTo, UnknownProjection
from journey.event_log import EventLog
from journey.events import Position, RecordedEvent, Version
from journey.settings import Settings
from projections import batch, checkpoints
from projections.checkpoints import Build
from projections.projection import Projection

# How many rows of a dropped build one transaction removes: few enough that nobody waits for it.
_DROPPED_ROWS = 5_000
# How long the loop rests after the database failed it, in seconds.
_PAUSE_AFTER_FAILURE = 1.0

_log = structlog.get_logger()


class Engine:
    """Keeps the builds of some projections; any number of engines may run, and none wins twice."""

    def __init__(
        self,
        log: EventLog,
        views: sa.Engine,
        projections: Sequence[Projection[Any]],
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self.failure: str | None = None
        """What the loop failed at last, None while it goes well."""
        self._log = log
        self._views = views
        self._projections = {projection.name: projection for projection in projections}
        self._page = settings.page_events
        self._poll = settings.poll_interval
        self._clock = clock
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Run the loop in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="projections", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the loop after the batch at hand."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Tell whether the loop runs."""
        return self._thread is not None and self._thread.is_alive()

    def run(self) -> None:
        """Keep the projections until told to stop; a failure of the database is waited out."""
        prepared = False
        while not self._stop.is_set():
            try:
                if not prepared:
                    self.prepare()
                    prepared = True
                seen = self._log.head()
                worked = self.step()
                self.failure = None
                if not worked:
                    self._log.wait_for_append(seen, self._poll)
            except (sa.exc.SQLAlchemyError, JourneyError) as error:
                self.failure = type(error).__name__
                _log.exception("projections_failed")
                self._stop.wait(_PAUSE_AFTER_FAILURE)

    def prepare(self) -> None:
        """See that each projection has a build of today's logic, and try parked customers again."""
        head = self._log.head()
        for projection in self._projections.values():
            with self._views.begin() as connection:
                builds = checkpoints.builds(connection, projection.name)
                current = [b for b in builds if b.version == projection.version and b.status != "dropped"]
                if not current:
                    checkpoints.begin_build(
                        connection, projection.name, projection.version, head, self._clock()
                    )
                elif all(build.status == "retired" for build in current):
                    checkpoints.revive(connection, current[-1])
            self.retry_parked(projection.name)

    def step(self) -> bool:
        """Advance every build by at most one page; tell whether there was anything to do."""
        with self._views.connect() as connection:
            builds = checkpoints.builds(connection)
        worked = False
        pages: dict[Position, list[RecordedEvent]] = {}
        for build in builds:
            projection = self._projections.get(build.name)
            if projection is None:
                continue
            if build.status == "dropped":
                worked |= self._remove_some(projection, build)
            elif build.status != "retired" and build.version == projection.version:
                if build.position not in pages:
                    pages[build.position] = self._log.read_all(build.position, self._page)
                worked |= self._advance(projection, build, pages[build.position])
        return worked

    def catch_up(self) -> None:
        """Advance until there is nothing more to do."""
        while self.step():
            pass

    def rebuild(self, name: str) -> int:
        """Begin a new build beside the live one and return its number; a build under way is given up."""
        projection = self._known(name)
        head = self._log.head()
        with self._views.begin() as connection:
            for build in checkpoints.builds(connection, name):
                if build.status == "building":
                    checkpoints.drop(connection, build)
            return checkpoints.begin_build(connection, name, projection.version, head, self._clock())

    def roll_back(self, name: str) -> int:
        """Let the build before the live one catch up and take over again; return its number.

        Raises `NoBuildToReturnTo` when there is none that today's logic could carry on.
        """
        projection = self._known(name)
        with self._views.begin() as connection:
            for build in checkpoints.builds(connection, name):
                if build.status == "retired" and build.version == projection.version:
                    checkpoints.revive(connection, build)
                    return build.build
        raise NoBuildToReturnTo

    def retry_parked(self, name: str) -> int:
        """Fold each parked customer's stream anew and return how many are well again."""
        projection = self._known(name)
        mended = 0
        with self._views.connect() as connection:
            builds = [
                build
                for build in checkpoints.builds(connection, name)
                if build.version == projection.version and build.status in ("live", "building")
            ]
            parked = [
                (build, customer) for build in builds for customer in checkpoints.parked(connection, build)
            ]
        for build, customer in parked:
            mended += self._refold(projection, build, customer.stream_id)
        return mended

    def _advance(self, projection: Projection[Any], build: Build, events: Sequence[RecordedEvent]) -> bool:
        try:
            with self._views.begin() as connection:
                if not _is_leader(connection, build):
                    return False
                if events:
                    self._apply(projection, connection, build, events)
                if build.status == "building" and len(events) < self._page:
                    return self._take_over(connection, build, events) or bool(events)
        except CheckpointMoved:
            return False
        except sa.exc.SQLAlchemyError as error:
            with self._views.begin() as connection:
                checkpoints.note_error(connection, build, type(error).__name__)
            raise
        return bool(events)

    def _apply(
        self,
        projection: Projection[Any],
        connection: sa.Connection,
        build: Build,
        events: Sequence[RecordedEvent],
    ) -> None:
        # First the checkpoint: it locks out another engine, whose rows would be folded upon older ones.
        checkpoints.advance(connection, build, events[-1].position, events[-1].recorded_at)
        now = self._clock()
        skip = frozenset(customer.stream_id for customer in checkpoints.parked(connection, build))
        result = batch.fold(projection, connection, build, events, now, skip)
        batch.write(projection, connection, build, result, now)
        checkpoints.park(connection, build, list(result.parked.values()))

    def _take_over(self, connection: sa.Connection, build: Build, events: Sequence[RecordedEvent]) -> bool:
        """Show a build to readers once it is not behind what they see now."""
        position = events[-1].position if events else build.position
        if position < checkpoints.live_build(connection, build.name).position:
            return False
        checkpoints.switch(connection, build)
        _log.info("build_takes_over", projection=build.name, build=build.build, position=position)
        return True

    def _refold(self, projection: Projection[Any], build: Build, stream_id: str) -> bool:
        """Replace one customer's rows by a fold of the stream up to the build's checkpoint."""
        try:
            with self._views.begin() as connection:
                current = next(
                    b for b in checkpoints.builds(connection, build.name) if b.build == build.build
                )
                checkpoints.advance(connection, current, current.position, None)
                table = projection.table
                connection.execute(
                    table.delete().where(table.c.build == build.build, table.c.stream_id == stream_id)
                )
                checkpoints.unpark(connection, build, stream_id)
                events = [
                    event
                    for event in self._log.read_stream(stream_id, Version(0))
                    if event.position <= current.position
                ]
                now = self._clock()
                result = batch.fold(projection, connection, build, events, now)
                batch.write(projection, connection, build, result, now)
                checkpoints.park(connection, build, list(result.parked.values()))
        except CheckpointMoved:
            return False
        return not result.parked

    def _remove_some(self, projection: Projection[Any], build: Build) -> bool:
        key = projection.table.c[projection.key]
        of_build = projection.table.c.build == build.build
        with self._views.begin() as connection:
            some = sa.select(key).where(of_build).limit(_DROPPED_ROWS)
            gone = connection.execute(projection.table.delete().where(of_build, key.in_(some)))
            if gone.rowcount == 0:
                checkpoints.forget(connection, build)
        return True

    def _known(self, name: str) -> Projection[Any]:
        try:
            return self._projections[name]
        except KeyError:
            raise UnknownProjection(name) from None


def _is_leader(connection: sa.Connection, build: Build) -> bool:
    """Tell whether this transaction may advance the build: on PostgreSQL one at a time, so that none works in vain."""
    if connection.dialect.name != "postgresql":
        return True
    number = zlib.crc32(f"{build.name}/{build.build}".encode())
    return bool(connection.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:n)"), {"n": number}))
