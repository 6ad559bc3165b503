"""The writer as the processes of one machine share it: one of them writes, the others hand over to it.

Two writers of one log are in each other's way: each must look for what the other has written, and is slower
than one. So whoever holds the lock writes. When it ends, however that happens, another one takes its place,
and what had no answer yet is handed over once more: an event counts once, however often it is told.
"""

import asyncio
import fcntl
import os
from pathlib import Path

import structlog

from journey.appender import Appender
from journey.errors import JourneyError, QueueFull
from journey.handing_over import Frames, read_outcomes, read_submission, write_outcomes, write_submission
from journey.submissions import Counts, Outcome, Submission, Waiting

_log = structlog.get_logger()

# How long to rest before another look for whoever writes, while it begins or ends.
_REST_SECONDS = 0.01


class SharedAppender:
    """A writer like `Appender`, which it is for all processes that share its directory, or hands over to.

    The directory is on this machine, and open to nobody else.
    """

    def __init__(self, own: Appender, directory: Path, most_waiting: int) -> None:
        self._own, self._directory, self._most_waiting = own, directory, most_waiting
        self._waiting: dict[int, Waiting] = {}
        self._number = 0
        self._joining: asyncio.Task[None] | None = None
        self._writer: Frames | None = None
        """The connection to the process that writes."""
        self._lock: int | None = None
        self._server: asyncio.Server | None = None
        self._others: set[Frames] = set()
        """The connections of those who hand over to this process."""
        self._stopping = False
        self._alone = False
        """Whether there is no sharing: nothing depends on it for being right."""

    @property
    def counts(self) -> Counts:
        """What this process has written; and what of its own waits, whoever writes it."""
        return self._own.counts

    @property
    def writes(self) -> bool:
        """Tell whether this process writes by itself."""
        return self._server is not None or self._alone

    def submit(self, submission: Submission) -> asyncio.Future[list[Outcome]]:
        """Hand a submission to the writer, as `Appender.submit` does."""
        if self.writes:
            return self._own.submit(submission)
        counts, more = self.counts, len(submission.events)
        if self._stopping or (counts.waiting and counts.waiting + more > self._most_waiting):
            raise QueueFull
        future: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._number += 1
        self._waiting[self._number] = Waiting(submission, future)
        counts.waiting += more
        if self._writer is not None:
            self._writer.send(self._number, write_submission(submission))
        elif self._joining is None:
            self._joining = asyncio.create_task(self._join())
        return future

    async def stop(self) -> None:
        """Take no more, and return when everything that waits is written, of whomever."""
        self._stopping = True
        if self._waiting:
            await asyncio.wait([each.future for each in self._waiting.values()])
        await self._own.stop()
        await asyncio.sleep(0)  # the last outcomes are told to the others in this turn
        self._leave()

    def _leave(self) -> None:
        """Give up the connections and the lock, as the system does for a process that ends."""
        if self._server is not None:
            self._server.close()
        for each in (*self._others, *filter(None, [self._writer])):
            each.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def _join(self) -> None:
        """Become the one that writes, or find it; then hand over all that waits."""
        try:
            while not (await self._write() or await self._follow()):  # noqa: ASYNC110  # another process tells nobody
                await asyncio.sleep(_REST_SECONDS)
        except OSError as error:
            _log.warning("writer_not_shared", directory=str(self._directory), error=str(error))
            self._alone = True
            self._unlock()  # whoever can share is not to wait for one that cannot be reached
        self._joining = None
        waiting = dict(self._waiting)
        if self._writer is not None:
            for number, each in waiting.items():
                self._writer.send(number, write_submission(each.submission))
            return
        for number, each in waiting.items():
            self._forget(number)
            if not each.future.cancelled():
                self._take_on(each)

    async def _write(self) -> bool:
        """Become the one that writes, if there is none."""
        lock = os.open(self._directory / "writer.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        self._lock = lock
        self._socket.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(self._other, str(self._socket))
        return True

    async def _follow(self) -> bool:
        """Connect to the one that writes, if it can be reached."""
        loop = asyncio.get_running_loop()
        try:
            _, frames = await loop.create_unix_connection(
                lambda: Frames(self._answered, self._lost), str(self._socket)
            )
        except (FileNotFoundError, ConnectionError):
            return False
        # It may have gone again before it was told here that it had come.
        self._writer = frames if frames.is_open else None
        return frames.is_open

    @property
    def _socket(self) -> Path:
        return self._directory / "writer.socket"

    def _other(self) -> Frames:
        frames = Frames(self._asked, self._others.discard)
        self._others.add(frames)
        return frames

    def _asked(self, frames: Frames, number: int, content: bytes) -> None:
        """Take what another process hands over, and answer when that is known."""
        if self._stopping:
            return  # it will hand it over to whoever writes next
        try:
            future = self._own.submit(read_submission(content))
        except Exception as error:  # noqa: BLE001  # a defect must not end the connection of all others
            if not isinstance(error, JourneyError):
                _log.exception("handing_over_failed")
            frames.send(number, write_outcomes(error))
            return
        future.add_done_callback(
            lambda done: frames.send(number, write_outcomes(done.exception() or done.result()))
        )

    def _answered(self, _: Frames, number: int, content: bytes) -> None:
        self._forget(number).tell(read_outcomes(content))

    def _lost(self, frames: Frames) -> None:
        """Look for another that writes; whoever waits is not to notice."""
        if frames is self._writer:
            self._writer = None
        if self._waiting and self._joining is None:
            self._joining = asyncio.create_task(self._join())

    def _forget(self, number: int) -> Waiting:
        waiting = self._waiting.pop(number)
        self.counts.waiting -= len(waiting.submission.events)
        return waiting

    def _take_on(self, waiting: Waiting) -> None:
        """Write what had been meant for another."""
        try:
            written = self._own.submit(waiting.submission)
        except JourneyError as error:
            waiting.tell(error)
            return
        written.add_done_callback(lambda done: waiting.tell(done.exception() or done.result()))
