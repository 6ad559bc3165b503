"""Follows the log for steps of privacy, and sees to it that what was asked is done, now or when it is due."""

import asyncio
import contextlib

import structlog

from journey.causes import cause, trace
from journey.erasure.ledger import Ledger
from journey.erasure.record import TYPES
from journey.erasure.steps import Desk, advance, end_epoch
from journey.errors import JourneyError
from journey.events import Position
from journey.in_threads import to_its_end

_log = structlog.get_logger()

_POSITIONS = 200_000
"""How many positions are looked through at once."""
_INTERVAL = 1.0


class PrivacyWorker:
    """Does the work of privacy in the event loop of the writer; several may, in as many processes."""

    def __init__(self, desk: Desk, ledger: Ledger) -> None:
        self.desk, self._ledger = desk, ledger
        self.failures: frozenset[str] = frozenset()
        """What failed the last time; each was logged when it was new, and not each second again."""
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End; what is under way goes on at the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def wake(self) -> None:
        """Look at once, because something was asked."""
        self._woken.set()

    async def catch_up(self) -> None:
        """Look at the log to its end, and do everything that is due.

        What fails, of whatever, is logged where it is news and tried again in a moment: no step is lost, and
        nobody else's waits for it.
        """
        failures: dict[str, str] = {}
        try:
            while await to_its_end(self._follow):
                pass
            for work in await to_its_end(self._ledger.due, self.desk.clock()):
                try:
                    again = await advance(self.desk, work.stream_id)
                    await to_its_end(self._ledger.look_again, work, again)
                except Exception as error:  # noqa: BLE001  # one customer's must hold up no other's
                    failures[_told(error)] = trace(error)
            await to_its_end(end_epoch, self.desk)
        except Exception as error:  # noqa: BLE001  # without this task nobody would be erased any more
            failures[_told(error)] = trace(error)
        for told in sorted(failures.keys() - self.failures):
            _log.warning("privacy_work_failed", error=told, trace=failures[told])
        self.failures = frozenset(failures)

    def _follow(self) -> bool:
        """Look at some of the log; tell whether there is more."""
        log, position = self.desk.log, self._ledger.position()
        head = log.head()
        until = Position(min(head, position + _POSITIONS))
        if until > position:
            self._ledger.take(log.touched(TYPES, position, until), until)
        return until < head

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            await self.catch_up()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _INTERVAL)


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, JourneyError) else cause(error)
