"""The group commit: submissions are decided upon what the log holds; what they add is committed at once."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from journey.deciding import Draft, Given, Slot, decide_group, doubtful_streams, slots_of
from journey.errors import (
    AppendConflict,
    JourneyError,
    KeysUnavailable,
    LogUnavailable,
    OutcomeUnknown,
    Unstorable,
)
from journey.event_log import Entry, EventKey, Known, LogWriter, entry
from journey.events import Event, Position
from journey.journey_cache import JourneyCache
from journey.processes import Processes
from journey.sealing.sealer import Sealer
from journey.submissions import Counts, Outcome, Submission

# How often a group is decided in a turn of its own: case numbers may turn out to be taken, and the turn may
# be lost with its connection.
_ATTEMPTS = 10
# From how many events on a group is decided in a turn of its own at once where others write too.
_MANY_EVENTS = 200
# For how many groups the writer looks before it decides, after it has met another writer, or an event that
# came again.
_WARY_GROUPS = 64


class _Look(NamedTuple):
    """What is looked up before deciding, besides journeys that are not at hand."""

    streams: bool
    """What others have appended to the streams."""
    keys: bool
    """Whether the events are known already, and whether customers have keys that are not at hand."""


_EVERYTHING = _Look(streams=True, keys=True)


class _Wariness:
    """Whether something was met lately that makes a look worth its price."""

    def __init__(self) -> None:
        self._groups = 0

    def meet(self) -> None:
        """Look for some groups to come."""
        self._groups = _WARY_GROUPS

    def near(self) -> bool:
        """Tell whether to look for the next group."""
        self._groups -= 1
        return self._groups >= 0


class Committer:
    """Decides and commits groups of submissions, one group at a time."""

    def __init__(
        self,
        log: LogWriter,
        processes: Processes,
        clock: Callable[[], datetime],
        counts: Counts,
        cached_journeys: int,
        *,
        sealer: Sealer | None = None,
    ) -> None:
        self._log = log
        self._processes = processes
        self._clock = clock
        self._counts = counts
        self._sealer = sealer
        self._journeys = JourneyCache(log, cached_journeys)
        self._last_recorded_at: datetime | None = None
        self._last_position: Position | None = None
        self._others, self._repeats = _Wariness(), _Wariness()

    async def settle(self, submissions: Sequence[Submission]) -> list[list[Outcome]]:
        """Commit what the submissions add, and return one outcome for each event of each.

        They are committed together; in smaller groups where a value that the database cannot hold would hold
        up the rest.
        """
        try:
            slots = await self._written(submissions)
        except Unstorable as error:
            if not _is_divisible(submissions):
                return _same(submissions, error)
            return await self._settle_in_halves(submissions)
        except JourneyError as error:
            return _same(submissions, error)
        return [[slot.outcome() for slot in of_submission] for of_submission in slots]

    async def _settle_in_halves(self, submissions: Sequence[Submission]) -> list[list[Outcome]]:
        if len(submissions) > 1:
            middle = len(submissions) // 2
            return await self.settle(submissions[:middle]) + await self.settle(submissions[middle:])
        (submission,) = submissions
        middle = len(submission.events) // 2
        earlier, later = submission.events[:middle], submission.events[middle:]
        (outcomes,) = await self.settle([submission._replace(events=earlier)])
        # What could not be written may be sent again: what follows it in its stream is not judged without it.
        failed = {
            event.stream_id: outcome
            for event, outcome in zip(earlier, outcomes, strict=True)
            if isinstance(outcome, LogUnavailable | OutcomeUnknown)
        }
        possible = [event for event in later if event.stream_id not in failed]
        rest = iter((await self.settle([submission._replace(events=possible)]))[0])
        return [outcomes + [failed.get(event.stream_id) or next(rest) for event in later]]

    async def _written(self, submissions: Sequence[Submission]) -> list[list[Slot]]:
        """Decide and write; where others were faster, once more while they may not write.

        What this process remembers is trusted at first. It may be behind the log, and an event may be there
        already: the database refuses such an append. So nothing is looked up beforehand but journeys that are
        not at hand, unless others write too or events have come again lately. A customer's keys that are not
        at hand are made: whether there are some already is looked up on the same occasions as event keys.
        """
        events = [event for each in submissions for event in each.events]
        careful = any(each.validate_only for each in submissions)
        look = _Look(streams=careful or self._others.near(), keys=careful or self._repeats.near())
        owners: dict[str, str] = {}
        # Many events meet another writer's nearly always: to decide them in vain would cost more than a turn.
        if not look.streams or len(events) < _MANY_EVENTS:
            slots = await self._attempt(submissions, events, owners, look)
            if slots is not None:
                return slots
        async with self._log.turn():
            for _ in range(_ATTEMPTS):
                slots = await self._attempt(submissions, events, owners, _EVERYTHING)
                if slots is not None:
                    return slots
        raise LogUnavailable("other writers were faster every time")

    async def _attempt(
        self, submissions: Sequence[Submission], events: Sequence[Event], owners: dict[str, str], look: _Look
    ) -> list[list[Slot]] | None:
        """Decide and write; return None, with what is known then of case numbers, where others were faster.

        What the rules would refuse upon what is remembered is judged again upon a look at everything.
        """
        streams = {event.stream_id for event in events}
        while True:
            wanted = streams if look.streams else self._journeys.lacking(streams)
            known = await self._look({event.key for event in events} if look.keys else (), wanted)
            await self._provide(submissions, look)
            slots = slots_of(submissions, known, self._sealer.digests if self._sealer else None)
            given = self._given(owners)
            draft = decide_group(submissions, slots, given)
            if look == _EVERYTHING or not doubtful_streams(slots):
                break
            look = _EVERYTHING
        if known:
            self._repeats.meet()
        try:
            await self._write(draft, given.recorded_at)
        except AppendConflict:
            self._counts.conflicts += 1
            self._others.meet()
            self._repeats.meet()
            if self._sealer is not None:
                self._sealer.doubt()
            owners.update(await self._log.owners(draft.owners))
            return None
        except KeysUnavailable:
            # What needs no new key is written without those that do.
            if self._sealer is not None:
                self._sealer.rest()
            return None
        await self._journeys.remember(draft.journeys)
        return slots

    async def _look(self, keys: Collection[EventKey], streams: Collection[str]) -> Mapping[EventKey, Known]:
        if not keys and not streams:
            return {}
        while True:
            sight = await self._log.look(keys, self._journeys.versions(streams))
            await self._journeys.take_in(streams, sight.snapshots, sight.events)
            # An event that was appended between two looks is known, and what follows it must see it too, even
            # if it is another stream's, whose key is used again.
            behind = self._journeys.behind(sight.known.values())
            if not behind:
                return sight.known
            streams = {*streams, *behind}

    async def _provide(self, submissions: Sequence[Submission], look: _Look) -> None:
        """Have the keys at hand that sealing needs; what is only validated gets none that is made for it."""
        if self._sealer is None:
            return
        lacking = self._sealer.lacks(event for each in submissions for event in each.events)
        if lacking and look.keys:
            if await self._sealer.look(lacking, self._log.data_keys):
                self._repeats.meet()
            written = (each.events for each in submissions if not each.validate_only)
            lacking = self._sealer.lacks(chain.from_iterable(written))
        await self._sealer.make(lacking)

    def _given(self, owners: dict[str, str]) -> Given:
        """Return what is known now; its time is never earlier than what was recorded before."""
        now = self._clock()
        if self._last_recorded_at is None or now > self._last_recorded_at:
            self._last_recorded_at = now
        return Given(
            journeys=self._journeys.journeys(),
            owners=owners,
            processes=self._processes,
            recorded_at=self._last_recorded_at,
        )

    async def _write(self, draft: Draft, recorded_at: datetime) -> None:
        if not draft.written:
            return
        entries = [self._entry(slot, recorded_at) for slot in draft.written]
        keys = self._sealer.used() if self._sealer is not None else []
        positions = await self._log.append(entries, keys)
        if self._sealer is not None:
            self._sealer.keep(keys)
        self._counts.groups += 1
        for slot, position in zip(draft.written, positions, strict=True):
            slot.position = position
        # A position in between is another writer's: it may have moved any of the journeys at hand.
        if self._last_position is not None and positions[0] != self._last_position + 1:
            self._others.meet()
        self._last_position = positions[-1]

    def _entry(self, slot: Slot, recorded_at: datetime) -> Entry:
        """Return what was decided as it goes into the log, with its personal fields sealed."""
        decided = slot.decided
        assert decided is not None  # noqa: S101  # whatever is written was decided
        assert slot.digest is not None  # noqa: S101  # of a customer who was erased nothing personal is decided
        data = self._sealer.sealed(decided, slot.version) if self._sealer is not None else None
        return entry(decided, slot.version, recorded_at, slot.digest, slot.new_case, data=data)


def _is_divisible(submissions: Sequence[Submission]) -> bool:
    return len(submissions) > 1 or any(not each.atomic and len(each.events) > 1 for each in submissions)


def _same(submissions: Sequence[Submission], error: JourneyError) -> list[list[Outcome]]:
    return [[error for _ in submission.events] for submission in submissions]
