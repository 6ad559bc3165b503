"""The journeys that the writer has met lately, so that deciding on them need not read the log."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping

from journey.errors import DamagedEvent
from journey.event_log import EventLog, Known
from journey.events import RecordedEvent
from journey.journey import Journey, evolve, initial


class JourneyCache:
    """Journeys as the log told them when they were loaded, and as this process has moved them since.

    Another process may have appended meanwhile: an append upon an old journey conflicts, and a refusal upon
    one is to be doubted.
    """

    def __init__(self, log: EventLog, size: int) -> None:
        self._log = log
        self._size = size
        self._journeys: OrderedDict[str, Journey | DamagedEvent] = OrderedDict()

    def load(self, stream_ids: Collection[str]) -> set[str]:
        """Load the journeys that are not at hand, all in one query; return whose they are."""
        missing = {stream_id for stream_id in stream_ids if stream_id not in self._journeys}
        if missing:
            self._journeys.update(_folded(missing, self._log.read_streams(missing)))
        return missing

    def journeys(self) -> Mapping[str, Journey | DamagedEvent]:
        """Return the journeys at hand, by stream; in place of one with a damaged event, what damaged it."""
        return self._journeys

    def behind(self, known: Iterable[Known]) -> set[str]:
        """Name the streams whose journeys at hand are older than events that the log is known to hold."""
        return {each.event.stream_id for each in known if self._lacks(each.event)}

    def remember(self, journeys: Mapping[str, Journey]) -> None:
        """Keep journeys as they were moved, and let go of those that were moved the longest ago."""
        for stream_id, journey in journeys.items():
            self._journeys[stream_id] = journey
            self._journeys.move_to_end(stream_id)
        while len(self._journeys) > self._size:
            self._journeys.popitem(last=False)

    def forget(self, stream_ids: Iterable[str]) -> None:
        """Let go of journeys that may be older than the log."""
        for stream_id in stream_ids:
            self._journeys.pop(stream_id, None)

    def _lacks(self, event: RecordedEvent) -> bool:
        journey = self._journeys.get(event.stream_id)
        return isinstance(journey, Journey) and journey.version < event.version


def _folded(stream_ids: Iterable[str], events: Iterable[RecordedEvent]) -> dict[str, Journey | DamagedEvent]:
    journeys: dict[str, Journey | DamagedEvent] = dict.fromkeys(stream_ids, initial())
    for event in events:
        journey = journeys[event.stream_id]
        if isinstance(journey, Journey):
            try:
                journeys[event.stream_id] = evolve(journey, event)
            except DamagedEvent as error:
                # A new one, because the raised one would keep every event alive through its traceback.
                journeys[event.stream_id] = DamagedEvent(str(error))
    return journeys
