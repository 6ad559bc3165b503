"""The loop that keeps projections: read after the checkpoint, evolve, write rows and checkpoint together.

A rebuild makes rows with another build number, beside the ones that readers see: by the same loop, and first
customer by customer where the log is long.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from journey.causes import cause
from journey.errors import UnknownProjection
from journey.event_log import EventLog
from journey.settings import Settings
from projections import checkpoints, loading, repair, succession
from projections.checkpoints import Build
from projections.keeper import Keeper
from projections.loading import Place
from projections.projection import Projection
from projections.workers import Catalogue, Workers

# How many parked customers are tried again between two pages, so that nobody waits for many of them.
_RETRIED = 20
# How long it waits at a time for the processes that load, in seconds.
_PAUSE_WHILE_LOADING = 0.1
# How long the loop rests after the database failed it, in seconds.
_PAUSE_AFTER_FAILURE = 1.0
# Where fewer events than these came during a pass, the loop rests so many times as long as the pass took: to
# give each event a pass of its own would take the processor from those who append and read.
_FEW_EVENTS = 200
_REST_PER_PASS = 5.0
_LONGEST_REST = 0.1

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
        *,
        catalogue: Catalogue | None = None,
    ) -> None:
        """Keep projections; where `catalogue` names them too, other processes load builds on PostgreSQL."""
        self.failure: str | None = None
        """What the loop failed at last, None while it goes well."""
        self._log = log
        self._views = views
        self._projections = {projection.name: projection for projection in projections}
        self._poll = settings.poll_interval
        self._clock = clock
        self._place = Place(log, views, self._projections, settings, clock)
        self._keeper = Keeper(self._place)
        # SQLite has one writer, which is this process.
        self._workers: Workers | None
        if catalogue is None or views.dialect.name == "sqlite":
            self._workers = None
        else:
            self._workers = Workers(settings, catalogue)
        self._retries: Iterator[bool] = iter(())
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
        if self._workers is not None:
            self._workers.stop()

    @property
    def alive(self) -> bool:
        """Tell whether the loop runs."""
        return self._thread is not None and self._thread.is_alive()

    def run(self) -> None:
        """Keep the projections until told to stop; whatever fails is waited out and tried again."""
        prepared = False
        while not self._stop.is_set():
            try:
                if not prepared:
                    self.prepare()
                    prepared = True
                seen, began = self._log.head(), time.monotonic()
                if not self.step():
                    busy = self._workers is not None and self._workers.busy
                    self._log.wait_for_append(seen, _PAUSE_WHILE_LOADING if busy else self._poll)
                elif self._log.head() - seen < _FEW_EVENTS:
                    self._stop.wait(min(_REST_PER_PASS * (time.monotonic() - began), _LONGEST_REST))
            except Exception as error:  # noqa: BLE001  # without this thread no projection would move again
                self.failure = cause(error)
                _log.warning("projections_rest", error=self.failure)
                self._stop.wait(_PAUSE_AFTER_FAILURE)

    def prepare(self) -> None:
        """See that each projection has a build of today's logic; then steps try parked customers again."""
        head = self._log.head()
        for projection in self._projections.values():
            with self._views.begin() as connection:
                succession.prepare(connection, projection, head, self._clock())
        self._retries = self._retrying_all()

    def step(self) -> bool:
        """Advance every build by some pages, or one; tell whether there was anything to do.

        A failure of one build is noted with it and holds up no other; it is raised when nothing else is left
        to do.
        """
        with self._views.connect() as connection:
            builds = checkpoints.builds(connection)
        worked = self._retry_some()
        outcomes = [*self._keeper.keep(builds), self._load(builds)]
        worked |= any(outcome is True for outcome in outcomes)
        failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        self.failure = cause(failures[0]) if failures else None
        if failures and not worked:
            raise failures[0]
        return worked

    def catch_up(self) -> None:
        """Advance until there is nothing more to do."""
        while self.step() or self._waited():
            pass

    def rebuild(self, name: str) -> int:
        """Begin a new build beside the live one and return its number; a build under way is given up."""
        projection, head = self._known(name), self._log.head()
        with self._views.begin() as connection:
            return succession.rebuild(connection, projection, head, self._clock())

    def roll_back(self, name: str) -> int:
        """Let the build before the live one catch up and take over again; return its number.

        Raises `NoBuildToReturnTo` when there is none that today's logic could carry on.
        """
        projection = self._known(name)
        with self._views.begin() as connection:
            return succession.roll_back(connection, projection)

    def retry_parked(self, name: str) -> int:
        """Fold each parked customer's stream anew and return how many are well again."""
        return sum(self._retrying(self._known(name)))

    def _retrying(self, projection: Projection[Any]) -> Iterator[bool]:
        return repair.retry_parked(projection, self._views, self._log, self._clock())

    def _load(self, builds: Sequence[Build]) -> bool | Exception:
        """Load a part of the builds that are to be loaded, or see that others do; return whether it did."""
        coming = [build for build in builds if self._place.may_load(build)]
        try:
            if coming and self._workers is None:
                return loading.load_next(self._place)
            if coming and self._workers is not None:
                self._workers.keep_up()
        except Exception as error:  # noqa: BLE001  # whatever it is, what readers see is kept
            for build in coming:
                self._keeper.note(build, error)
            return error
        return False

    def _waited(self) -> bool:
        """Wait a little for other processes where they load; tell whether they do."""
        if self._workers is None or not self._place.loading():
            return False
        self._workers.wait(_PAUSE_WHILE_LOADING)
        return True

    def _retry_some(self) -> bool:
        try:
            return sum(1 for _ in itertools.islice(self._retries, _RETRIED)) > 0
        except Exception:
            self._retries = self._retrying_all()
            raise

    def _retrying_all(self) -> Iterator[bool]:
        return itertools.chain.from_iterable(map(self._retrying, self._projections.values()))

    def _known(self, name: str) -> Projection[Any]:
        try:
            return self._projections[name]
        except KeyError:
            raise UnknownProjection(name) from None
