"""Records readings for the requests of one event loop: all that wait at once share a commit."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from journey.errors import ReadsUnrecorded
from journey.reads.records import Reading
from journey.reads.table import ReadRecords

# How many readings of customers' own data are remembered, so that each is recorded once an hour.
_MOST_REMEMBERED = 50_000

_Own = tuple[str, str, tuple[str, ...], str]


class _Waiting(NamedTuple):
    readings: Sequence[Reading]
    done: "asyncio.Future[None]"


class ReadRecorder:
    """Lets nobody go on before what they are told is recorded."""

    def __init__(self, records: ReadRecords, clock: Callable[[], datetime]) -> None:
        self.records = records
        self.recorded = 0
        """How many records were written."""
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None
        self._own: OrderedDict[_Own, None] = OrderedDict()

    async def record(self, readings: Sequence[Reading]) -> None:
        """Return when the readings are recorded, durably; raise `ReadsUnrecorded` where they cannot be.

        Of customers' readings of their own data one is recorded each hour, for each operation and fields.
        """
        new = [each for each in readings if not (each.own and self._known(each) in self._own)]
        if not new:
            return
        waiting = _Waiting(new, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._writing is None:
            self._writing = asyncio.ensure_future(self._write())
        await waiting.done

    async def stop(self) -> None:
        """Return when nothing is being written any more."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._commit(group)
        finally:
            self._writing = None

    async def _commit(self, group: Sequence[_Waiting]) -> None:
        readings = [each for waiting in group for each in waiting.readings]
        failure: Exception | None = None
        try:
            await asyncio.to_thread(self.records.append, readings)
        except Exception as error:  # noqa: BLE001  # whatever it is, nobody is told what is not recorded
            failure = error
        else:
            self.recorded += len(readings)
            self._remember(readings)
        for waiting in group:
            if waiting.done.done():
                continue
            if failure is None:
                waiting.done.set_result(None)
            else:
                unrecorded = ReadsUnrecorded()
                unrecorded.__cause__ = failure
                waiting.done.set_exception(unrecorded)

    def _remember(self, readings: Sequence[Reading]) -> None:
        for each in readings:
            if each.own:
                self._own[self._known(each)] = None
        while len(self._own) > _MOST_REMEMBERED:
            self._own.popitem(last=False)

    def _known(self, reading: Reading) -> _Own:
        hour = self._clock().strftime("%Y-%m-%dT%H")
        return (reading.stream_id, reading.operation, reading.fields, hour)
