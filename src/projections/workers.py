"""Processes that load builds beside the one that orders it, as many as there are processors."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

import structlog

from journey.causes import cause, trace
from journey.event_log import open_event_log
from journey.garbage import search_seldom
from journey.logs import log_to_stderr
from journey.settings import Settings
from journey.storage import storage_of
from projections.loading import Place, load_next
from projections.projection import Projection

Catalogue = Callable[[Settings], Sequence[Projection[Any]]]
"""Names the projections in another process: a function of a module, which that process can import."""

# Nothing of the parent is in them but what they are told: its threads and connections would be dead. Where
# the system has fork, they are forked from a process that has loaded nothing but the modules, once for all.
_APART = (
    multiprocessing.get_context("spawn")
    if sys.platform == "win32"
    else multiprocessing.get_context("forkserver")
)
# How long a process that finds every part taken waits for one to be given up, in seconds.
_PAUSE = 0.1

_log = structlog.get_logger()


class Workers:
    """The processes of one engine; none of them outlives its parent for longer than one part takes."""

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._processes: list[BaseProcess] = []
        _APART.set_forkserver_preload([__name__, catalogue.__module__, "journey.event_log.postgres"])

    def keep_up(self) -> None:
        """See that enough processes run; raise `ProcessError` where one has failed since."""
        ended = [process for process in self._processes if not process.is_alive()]
        self._processes = [process for process in self._processes if process not in ended]
        if any(process.exitcode for process in ended):
            raise multiprocessing.ProcessError("a process that loads builds has failed")
        while len(self._processes) < (self._settings.load_processes or _processors()):
            process = _APART.Process(
                target=_work, args=(self._settings, self._catalogue), name="journey-load", daemon=True
            )
            process.start()
            self._processes.append(process)

    @property
    def busy(self) -> bool:
        """Tell whether any of them runs."""
        return any(process.is_alive() for process in self._processes)

    def wait(self, timeout: float) -> None:
        """Return when a process has ended, or after `timeout` seconds."""
        wait([process.sentinel for process in self._processes], timeout)

    def stop(self) -> None:
        """End the processes; the parts that they are at stay as they were."""
        for process in self._processes:
            process.kill()  # they may have inherited a mask that holds gentler signals back
        for process in self._processes:
            process.join()
        self._processes = []


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _work(settings: Settings, catalogue: Catalogue) -> None:
    """Load parts until there are none left or the parent has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group, and the parent sees to it
    log_to_stderr()
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101  # it is nobody's main process
    projections = {projection.name: projection for projection in catalogue(settings)}
    storage = storage_of(settings)
    log, views = open_event_log(storage, settings, writer=False), storage.engine("views", writer=True)
    place = Place(log, views, projections, settings, lambda: datetime.now(UTC))
    search_seldom()
    try:
        while parent.is_alive() and place.loading():
            if not load_next(place):
                wait([parent.sentinel], _PAUSE)
    except Exception as error:  # noqa: BLE001  # told by the exit code
        _log.error("loading_failed", error=cause(error), trace=trace(error))
        sys.exit(1)
    finally:
        views.dispose()
        log.close()
