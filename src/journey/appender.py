"""One writer: takes the events that wait, decides each, and commits them together.

Waiting requests share one commit, and nothing else: a refusal or conflict of one event never fails its
neighbours. An outcome is told only when it is known: committed, refused, or unknown.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

import structlog

from journey.committing import Committer
from journey.errors import QueueFull
from journey.event_log import EventLog
from journey.processes import Processes
from journey.settings import Settings
from journey.submissions import Appended, Counts, Outcome, Submission

__all__ = ["Appended", "Appender", "Counts", "Outcome", "Submission"]

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Waiting:
    """One request in the queue."""

    submission: Submission
    future: Future[list[Outcome]]


class Appender:
    """The writer of one process: a thread, a bounded queue, and the journeys it has met lately."""

    def __init__(
        self, log: EventLog, processes: Processes, settings: Settings, clock: Callable[[], datetime]
    ) -> None:
        self.counts = Counts()
        self._settings = settings
        self._committer = Committer(log, processes, clock, self.counts, settings.cached_journeys)
        self._queue: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="appender", daemon=True)

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def submit(self, submission: Submission) -> Future[list[Outcome]]:
        """Queue a submission; the future gives one outcome per event, in order.

        Raises `QueueFull` when more events wait than may; an empty queue takes a submission of any size.
        """
        future: Future[list[Outcome]] = Future()
        with self._changed:
            waiting = self.counts.waiting
            if self._stopping or (waiting and waiting + len(submission.events) > self._settings.queue_events):
                raise QueueFull
            self._queue.append(_Waiting(submission, future))
            self.counts.waiting += len(submission.events)
            self._changed.notify()
        return future

    def _run(self) -> None:
        while (group := self._next_group()) is not None:
            if wanted := [each for each in group if each.future.set_running_or_notify_cancel()]:
                self._serve(wanted)

    def _next_group(self) -> list[_Waiting] | None:
        """Wait for work and take as much as one commit may hold; None when stopping with nothing left."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._stopping)
            group: list[_Waiting] = []
            size = 0
            while self._queue:
                more = len(self._queue[0].submission.events)
                if size and size + more > self._settings.group_events:
                    break
                group.append(self._queue.popleft())
                size += more
            self.counts.waiting -= size
            return group or None

    def _serve(self, group: Sequence[_Waiting]) -> None:
        """Give every caller of a group its outcomes."""
        try:
            outcomes = self._committer.settle([each.submission for each in group])
        except Exception as error:  # noqa: BLE001  # a defect must end neither the writer nor the neighbours
            if len(group) > 1:
                for each in group:
                    self._serve([each])
                return
            _log.exception("append_failed")
            group[0].future.set_exception(error)
            return
        for each, answers in zip(group, outcomes, strict=True):
            self.counts.add(answers)
            each.future.set_result(answers)
