"""The journeys that the writer has met lately, so that deciding on them need not read the log."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping

from journey.errors import DamagedEvent, LogUnavailable
from journey.event_log import Known, LogWriter, Snapshot
from journey.events import RecordedEvent, Version
from journey.journey import Journey, evolve, initial
from journey.snapshots import from_snapshot, to_snapshot

# A stream of so many events more than at its last snapshot gets another: a few hundred are read and folded in
# a few milliseconds. Of a stream that is very long the snapshot is large, and is written less often.
_EVENTS_PER_SNAPSHOT = 500
_VERY_LONG = 25_000
# After how many folded events others get their turn.
_BREATH = 200


class JourneyCache:
    """Journeys as the log told them when they were loaded, and as this process has moved them since.

    Another process may have appended meanwhile: an append upon an old journey conflicts, and a refusal upon
    one is to be doubted.
    """

    def __init__(self, log: LogWriter, size: int) -> None:
        self._log = log
        self._size = size
        self._journeys: OrderedDict[str, Journey | DamagedEvent] = OrderedDict()

    def lacking(self, stream_ids: Collection[str]) -> set[str]:
        """Name the streams whose journeys are not at hand."""
        return {each for each in stream_ids if not isinstance(self._journeys.get(each), Journey)}

    def versions(self, stream_ids: Collection[str]) -> dict[str, Version]:
        """Return the versions at which journeys are at hand, 0 for those that are not."""
        return {each: self._at_hand(each).version for each in stream_ids}

    def journeys(self) -> Mapping[str, Journey | DamagedEvent]:
        """Return the journeys at hand, by stream; in place of one with a damaged event, what damaged it."""
        return self._journeys

    async def take_in(
        self, stream_ids: Collection[str], snapshots: Iterable[Snapshot], events: Iterable[RecordedEvent]
    ) -> None:
        """Move journeys on to what the log was seen to hold."""
        moved: dict[str, Journey | DamagedEvent] = {each: self._at_hand(each) for each in stream_ids}
        unreadable: set[str] = set()
        for snapshot in snapshots:
            journey = from_snapshot(snapshot.stream_id, snapshot.state)
            if journey is None or journey.version != snapshot.version:
                unreadable.add(snapshot.stream_id)
            else:
                moved[snapshot.stream_id] = journey
        for number, event in enumerate(events, 1):
            if number % _BREATH == 0:
                await asyncio.sleep(0)
            if event.stream_id not in unreadable:
                moved[event.stream_id] = _evolved(moved[event.stream_id], event)
        self._journeys.update({each: journey for each, journey in moved.items() if each not in unreadable})
        await self._load_whole(unreadable)

    async def _load_whole(self, stream_ids: Collection[str]) -> None:
        """Load streams whose snapshots are damaged, or of other rules."""
        for each in stream_ids:
            await self._log.forget(each)
            self._journeys.pop(each, None)
            sight = await self._log.look((), {each: Version(0)})
            await self.take_in([each], sight.snapshots, sight.events)

    async def remember(self, journeys: Mapping[str, Journey]) -> None:
        """Keep journeys as they were moved, and let go of those that were moved the longest ago."""
        long = []
        for stream_id, journey in journeys.items():
            if journey.version >= _EVENTS_PER_SNAPSHOT:
                distance = _EVENTS_PER_SNAPSHOT << (journey.version // _VERY_LONG).bit_length()
                if journey.version // distance > self._at_hand(stream_id).version // distance:
                    long.append(Snapshot(stream_id, journey.version, to_snapshot(stream_id, journey)))
            self._journeys[stream_id] = journey
            self._journeys.move_to_end(stream_id)
        while len(self._journeys) > self._size:
            self._journeys.popitem(last=False)
        # The events are in the log: a snapshot that cannot be kept costs time later, and nothing else.
        with contextlib.suppress(LogUnavailable):
            for snapshot in long:
                await self._log.keep(snapshot)

    def behind(self, known: Iterable[Known]) -> set[str]:
        """Name the streams whose journeys at hand are older than an event that the log is known to hold."""
        return {
            each.event.stream_id
            for each in known
            if isinstance(journey := self._journeys.get(each.event.stream_id), Journey)
            and each.event.version > journey.version
        }

    def _at_hand(self, stream_id: str) -> Journey:
        journey = self._journeys.get(stream_id)
        return journey if isinstance(journey, Journey) else initial()


def _evolved(journey: Journey | DamagedEvent, event: RecordedEvent) -> Journey | DamagedEvent:
    if isinstance(journey, DamagedEvent):
        return journey
    try:
        return evolve(journey, event)
    except DamagedEvent as error:
        # A new one, because the raised one would keep every event alive through its traceback.
        return DamagedEvent(str(error))
