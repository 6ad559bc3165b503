"""The reactor: a loop that follows the log, asks the policies, and moves its checkpoint when all is appended.

Any number may run. What they append has ids that derive from what it is for, so the log takes it once; of two
that move the checkpoint one wins. That one leads, where databases have a lock for it, only saves work.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
import structlog

from journey.causes import cause, trace
from journey.errors import CheckpointMoved
from journey.event_log import EventLog
from journey.in_threads import to_its_end
from journey.policies.configuration import Configuration
from journey.policies.customer import LOGIC
from journey.policies.policy import Policy
from journey.reacting import table
from journey.reacting.asking import Asking, Done, Means, ReactorCounts, Work
from journey.reacting.facts import Record
from journey.reacting.folding import Fold
from journey.reacting.leading import leading
from journey.reacting.looking import Looker, Sight
from journey.reacting.retrying import retry_all, retry_rested
from journey.sealing.keyring import Keyring
from journey.submissions import Writer

_AT_ONCE = 64
"""For how many customers events wait for the writer at once."""
_POLL = 0.25
_PAUSE_AFTER_FAILURE = 1.0

_log = structlog.get_logger()


class Place(NamedTuple):
    """Where a reactor reads and writes."""

    log: EventLog
    views: sa.Engine
    appender: Writer
    keyring: Keyring
    record: Record


class Reactor:
    """Lives in the event loop of the writer."""

    def __init__(
        self,
        place: Place,
        configuration: Configuration,
        policies: Sequence[Policy],
        clock: Callable[[], datetime],
    ) -> None:
        self.counts = ReactorCounts()
        self.failure: str | None = None
        """What the loop failed at last, None while it goes well."""
        self._place, self._configuration, self._clock = place, configuration, clock
        self._policies = [each for each in policies if each.name not in configuration.switched_off]
        self._looker: Looker | None = None
        self._task: asyncio.Task[None] | None = None

    def prepare(self) -> None:
        """See that the tables are ready: what comes after the first time of all is acted upon."""
        folding = f"{LOGIC} {self._configuration.history}"
        names = " ".join(each.name for each in self._policies)
        looking = hashlib.sha256(f"{names} {self._configuration.model_dump_json()}".encode()).hexdigest()
        table.prepare(self._place.views, self._place.log.head(), folding, looking)

    def start(self) -> None:
        """Begin, in the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End; what was not finished is done at the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def catch_up(self) -> None:
        """Do everything that there is to do now."""
        while await self.step():
            pass

    async def step(self) -> bool:
        """Do some of what there is to do; tell whether there may be more."""
        looker = await self._prepared()
        async with leading(self._place.views) as leads:
            if not leads:
                return False
            # Before looking: whoever is well again is asked about what comes next like all others.
            now = self._clock()
            retried = await retry_rested(looker, self._means(looker), now)
            sight = await to_its_end(looker.look, now)
            if not sight.work and sight.before.position == sight.after.position:
                return retried
            done = await self._asked(looker, sight.work)
            try:
                await to_its_end(self._write, sight, done)
            except CheckpointMoved:
                return True
        return True

    async def retry_parked(self) -> int:
        """Ask again for customers who are parked, from where they were; return how many are well again."""
        looker = await self._prepared()
        return await retry_all(looker, self._means(looker))

    async def _prepared(self) -> Looker:
        if self._looker is None:
            place, configuration = self._place, self._configuration
            await to_its_end(self.prepare)
            began_after = (await to_its_end(table.known_checkpoint, place.views)).began_after
            fold = Fold(configuration.history, began_after)
            looker = Looker(place.log, place.views, configuration, self._policies, fold)
            await retry_all(looker, self._means(looker))
            self._looker = looker
        return self._looker

    def _means(self, looker: Looker) -> Means:
        return Means(
            self._place.log,
            self._place.appender,
            self._place.keyring,
            self._place.record,
            self._configuration,
            self._policies,
            self._clock,
            looker.fold,
            self.counts,
        )

    async def _asked(self, looker: Looker, work: Sequence[Work]) -> list[Done]:
        """Ask about customers at once; what one of them must wait for is raised when all have ended."""
        means, free = self._means(looker), asyncio.Semaphore(_AT_ONCE)

        async def ask(each: Work) -> Done:
            async with free:
                return await Asking(means, each).all()

        ended = await asyncio.gather(*map(ask, work), return_exceptions=True)
        for each in ended:
            if isinstance(each, BaseException):
                raise each
        return [each for each in ended if isinstance(each, Done)]

    def _write(self, sight: Sight, done: Sequence[Done]) -> None:
        rows = [each.row for each in done]
        newly = [*sight.damaged, *(each for of_one in done for each in of_one.parked)]
        table.advance(self._place.views, sight.before, sight.after, rows, newly)

    async def _run(self) -> None:
        while True:
            try:
                seen = await to_its_end(self._place.log.head)
                if not await self.step():
                    await to_its_end(self._place.log.wait_for_append, seen, _POLL)
                self.failure = None
            except Exception as error:  # noqa: BLE001  # without this task no case would move by itself any more
                told = cause(error)
                if told != self.failure:
                    _log.warning("reactor_rests", error=told, trace=trace(error))
                self.failure = told
                await asyncio.sleep(_PAUSE_AFTER_FAILURE)
