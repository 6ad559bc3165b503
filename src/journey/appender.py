"""One writer: takes the events that wait, decides each, and commits them together.

Waiting requests share one commit, and nothing else: a refusal or conflict of one event never fails its
neighbours. An outcome is told only when it is known: committed, refused, or unknown.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from journey.committing import Committer
from journey.errors import QueueFull
from journey.event_log import EventLog
from journey.processes import Processes
from journey.sealing.sealer import Sealer
from journey.settings import Settings
from journey.submissions import Appended, Counts, Outcome, Submission, Waiting

__all__ = ["Appended", "Appender", "Counts", "Outcome", "Submission"]

_log = structlog.get_logger()

# So many go into one commit together, however many wait.
_FEW_EVENTS = 8


class Appender:
    """The writer of one process: a bounded queue, and the journeys it has met lately.

    It lives in the event loop that its callers live in, and no other: a hop between threads costs as much as
    a commit. While one group is being committed, the next one gathers.
    """

    def __init__(
        self,
        log: EventLog,
        processes: Processes,
        settings: Settings,
        clock: Callable[[], datetime],
        sealer: Sealer | None = None,
    ) -> None:
        self.counts = Counts()
        self._settings = settings
        self._log = log.writer
        self._committer = Committer(
            log.writer, processes, clock, self.counts, settings.cached_journeys, sealer=sealer
        )
        self._queue: deque[Waiting] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._stopping = False
        self._answered = 0
        """Events of the group before: whoever sent them has had an answer and may have more to send."""

    async def stop(self) -> None:
        """Take no more, and return when everything that waits is written."""
        self._stopping = True
        if self._writing is not None:
            await self._writing

    def submit(self, submission: Submission) -> asyncio.Future[list[Outcome]]:
        """Queue a submission; the future gives one outcome per event, in order.

        Raises `QueueFull` when more events wait than may; an empty queue takes a submission of any size.
        """
        waiting = self.counts.waiting
        if self._stopping or (waiting and waiting + len(submission.events) > self._settings.queue_events):
            raise QueueFull
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Outcome]] = loop.create_future()
        self._queue.append(Waiting(submission, future))
        self.counts.waiting += len(submission.events)
        if self._writing is None:
            self._writing = loop.create_task(self._write_all())
        return future

    async def _write_all(self) -> None:
        """Write groups until nothing waits."""
        # Whatever has arrived in this moment joins the first group.
        await asyncio.sleep(0)
        while self._queue:
            group = self._next_group()
            if wanted := [each for each in group if not each.future.cancelled()]:
                await self._serve(wanted)
        self._writing = None
        self._answered = 0

    def _next_group(self) -> list[Waiting]:
        """Take no more than one commit may hold; where there is much to do, half of what is under way."""
        most = self._settings.group_events
        if self._log.works_beside:
            # If all went into one commit, all would be answered, and ask again, at once: the process would
            # have nothing to do while the database writes, and the database nothing while the process reads.
            most = min(most, max(_FEW_EVENTS, (self.counts.waiting + self._answered) // 2))
        group: list[Waiting] = []
        size = 0
        while self._queue:
            more = len(self._queue[0].submission.events)
            if size and size + more > most:
                break
            group.append(self._queue.popleft())
            size += more
        self.counts.waiting -= size
        self._answered = size
        return group

    async def _serve(self, group: Sequence[Waiting]) -> None:
        """Give every caller of a group its outcomes."""
        try:
            outcomes = await self._committer.settle([each.submission for each in group])
        except Exception as error:  # noqa: BLE001  # a defect must end neither the writer nor the neighbours
            if len(group) > 1:
                for each in group:
                    await self._serve([each])
                return
            _log.exception("append_failed")
            group[0].tell(error)
            return
        for each, answers in zip(group, outcomes, strict=True):
            self.counts.add(answers)
            each.tell(answers)
