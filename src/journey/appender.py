"""One writer: takes the events that wait, decides each, and commits them together.

Waiting requests share one commit, and nothing else: a refusal or conflict of one event never fails its
neighbours. An outcome is told only when it is known: committed, refused, or unknown.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from journey.encoding import content_digest
from journey.errors import (
    AppendConflict,
    BatchAborted,
    CaseOfAnotherCustomer,
    EventIdReused,
    JourneyError,
    LogUnavailable,
    QueueFull,
    StreamMoved,
    Unstorable,
)
from journey.event_log import Entry, EventLog, Known, entry
from journey.events import Event, Position, RecordedEvent, Version
from journey.journey import Journey, LifecycleMode, after, decide, evolve, initial
from journey.processes import Processes
from journey.settings import Settings

# How often a group is decided again because another process was faster, before it is given up.
_ATTEMPTS = 30

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What one request wants appended."""

    events: Sequence[Event]
    mode: LifecycleMode = "strict"
    expected_version: Version | None = None
    """The version that the customer's stream must be at; only with a single event."""
    atomic: bool = False
    """Whether one refused event refuses all."""
    validate_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """The answer for an event that is in the log, now or already before."""

    id: str
    stream_id: str
    type: str
    case: str | None
    version: Version
    position: Position | None
    """None where the event was only validated."""
    deviation: str | None
    duplicate: bool


Outcome = Appended | JourneyError


@dataclass(slots=True)
class _Slot:
    """One event while its group is decided."""

    event: Event
    digest: bytes
    known: Known | None = None
    same_as: "_Slot | None" = None
    error: JourneyError | None = None
    decided: Event | None = None
    version: Version = Version(0)
    position: Position | None = None

    def outcome(self) -> Outcome:
        """Return the answer, once the group is committed."""
        if self.error is not None:
            return self.error
        if self.known is not None:
            return _answer(self.known.event)
        first = self.same_as or self
        assert first.decided is not None  # noqa: S101  # a slot without error, twin or known event was decided
        return Appended(
            id=first.event.id,
            stream_id=first.event.stream_id,
            type=first.event.type,
            case=first.decided.case,
            version=first.version,
            position=first.position,
            deviation=first.decided.deviation,
            duplicate=self.same_as is not None,
        )


@dataclass(slots=True)
class Counts:
    """What the writer has done since it started."""

    groups: int = 0
    appended: int = 0
    duplicates: int = 0
    refused: int = 0
    deviations: int = 0
    conflicts: int = 0
    waiting: int = 0
    """Events that wait for the writer now."""


@dataclass(slots=True)
class _Group:
    """What one attempt to decide a group has come to."""

    journeys: dict[str, Journey] = field(default_factory=dict)
    slots: dict[tuple[str, str], _Slot] = field(default_factory=dict)
    claimed: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    written: list[_Slot] = field(default_factory=list)
    doubtful: set[str] = field(default_factory=set)
    """Streams of refused events whose journeys may be older than the log."""

    def copy(self) -> "_Group":
        return _Group(
            dict(self.journeys),
            dict(self.slots),
            dict(self.claimed),
            list(self.entries),
            list(self.written),
            set(self.doubtful),
        )


class Appender:
    """The writer of one process: a thread, a bounded queue, and the journeys it has met lately."""

    def __init__(
        self, log: EventLog, processes: Processes, settings: Settings, clock: Callable[[], datetime]
    ) -> None:
        self.counts = Counts()
        self._log = log
        self._processes = processes
        self._settings = settings
        self._clock = clock
        self._last_recorded_at: datetime | None = None
        self._journeys: OrderedDict[str, Journey] = OrderedDict()
        self._queue: deque[tuple[Submission, Future[list[Outcome]]]] = deque()
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
            self._queue.append((submission, future))
            self.counts.waiting += len(submission.events)
            self._changed.notify()
        return future

    def _run(self) -> None:
        while group := self._next_group():
            submissions = [submission for submission, _ in group]
            try:
                outcomes = self._handle(submissions)
            except Exception as error:  # noqa: BLE001  # a defect must not end the writer: every waiting caller is told
                _log.exception("append_failed", events=sum(len(s.events) for s in submissions))
                self._journeys.clear()
                for _, future in group:
                    future.set_exception(error)
                continue
            for (_, future), answers in zip(group, outcomes, strict=True):
                future.set_result(answers)

    def _next_group(self) -> list[tuple[Submission, Future[list[Outcome]]]]:
        """Wait for work and take as much as one commit may hold; empty only when stopping."""
        group: list[tuple[Submission, Future[list[Outcome]]]] = []
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._stopping)
            size = 0
            while self._queue and (
                not size or size + len(self._queue[0][0].events) <= self._settings.group_events
            ):
                submission, future = self._queue.popleft()
                size += len(submission.events)
                self.counts.waiting -= len(submission.events)
                if future.set_running_or_notify_cancel():
                    group.append((submission, future))
        return group or (self._next_group() if not self._stopping else [])

    def _handle(self, submissions: Sequence[Submission]) -> list[list[Outcome]]:
        """Decide and commit some submissions; fall back to smaller groups where the database balks at a value."""
        try:
            slots = self._commit(submissions)
        except Unstorable as error:
            if len(submissions) > 1:
                return [self._handle([submission])[0] for submission in submissions]
            (submission,) = submissions
            if submission.atomic or len(submission.events) == 1:
                return [[error for _ in submission.events]]
            alone = [
                Submission(events=[event], mode=submission.mode, validate_only=submission.validate_only)
                for event in submission.events
            ]
            return [[self._handle([single])[0][0] for single in alone]]
        answers = [[slot.outcome() for slot in of_submission] for of_submission in slots]
        self._count(answers)
        return answers

    def _commit(self, submissions: Sequence[Submission]) -> list[list[_Slot]]:
        events = [event for submission in submissions for event in submission.events]
        digests = [content_digest(event) for event in events]
        owners: dict[str, str] = {}
        fresh: set[str] = set()
        try:
            for _ in range(_ATTEMPTS):
                known = self._log.find({event.key for event in events})
                fresh |= self._load({event.stream_id for event in events})
                slots = _slots(submissions, digests, known)
                group = self._decide(submissions, slots, owners, fresh)
                if group.doubtful:
                    self._forget(group.doubtful)
                    continue
                try:
                    self._write(group)
                except AppendConflict:
                    self.counts.conflicts += 1
                    owners.update(self._log.owners([e.new_case for e in group.entries if e.new_case]))
                    self._forget(group.journeys)
                    fresh.clear()
                    continue
                self._remember(group.journeys)
                return slots
            raise LogUnavailable("other writers were faster every time")
        except Unstorable:
            self._forget({event.stream_id for event in events})
            raise
        except JourneyError as error:
            self._forget({event.stream_id for event in events})
            slots = _slots(submissions, digests, {})
            for slot in (slot for of_submission in slots for slot in of_submission):
                slot.error = error
            return slots

    def _decide(
        self,
        submissions: Sequence[Submission],
        slots: Sequence[Sequence[_Slot]],
        owners: dict[str, str],
        fresh: Collection[str],
    ) -> _Group:
        """Decide every event in turn, each upon what the ones before it in the group would leave behind."""
        group = _Group()
        recorded_at = self._now()
        for submission, of_submission in zip(submissions, slots, strict=True):
            before = group.copy() if submission.atomic or submission.validate_only else group
            for slot in of_submission:
                try:
                    self._decide_one(group, slot, submission, owners, recorded_at)
                except JourneyError as error:
                    slot.error = error
                    if slot.event.stream_id not in fresh:
                        group.doubtful.add(slot.event.stream_id)
            if submission.validate_only:
                before.doubtful |= group.doubtful
                group = before
            elif submission.atomic and any(slot.error for slot in of_submission):
                before.doubtful |= group.doubtful
                group = before
                for slot in of_submission:
                    slot.error = slot.error or BatchAborted()
        return group

    def _decide_one(
        self,
        group: _Group,
        slot: _Slot,
        submission: Submission,
        owners: dict[str, str],
        recorded_at: datetime,
    ) -> None:
        event = slot.event
        if slot.known is not None:
            _same_or_raise(slot, slot.known)
            return
        twin = group.slots.get(event.key)
        if twin is not None:
            if twin.digest != slot.digest:
                raise EventIdReused(*event.key)
            slot.same_as = twin
            return
        journey = group.journeys.get(event.stream_id) or self._journeys.get(event.stream_id) or initial()
        expected = submission.expected_version
        if expected is not None and journey.version != expected:
            raise StreamMoved(expected, journey.version)
        taken: set[str] = set()
        while True:
            decided = decide(journey, event, submission.mode, self._processes, taken)
            new_case = _new_case(journey, decided)
            owner = group.claimed.get(new_case or "") or owners.get(new_case or "")
            if new_case is None or owner in (None, event.stream_id):
                break
            if event.case is not None:
                raise CaseOfAnotherCustomer(event.case)
            taken.add(new_case)
        slot.decided = decided
        slot.version = Version(journey.version + 1)
        group.journeys[event.stream_id] = after(journey, decided.touchpoint, decided.case, decided.process)
        group.slots[event.key] = slot
        if new_case is not None:
            group.claimed[new_case] = event.stream_id
        group.entries.append(entry(decided, slot.version, recorded_at, slot.digest, new_case))
        group.written.append(slot)

    def _write(self, group: _Group) -> None:
        if not group.entries:
            return
        positions = self._log.append(group.entries)
        self.counts.groups += 1
        for slot, position in zip(group.written, positions, strict=True):
            slot.position = position

    def _load(self, stream_ids: Collection[str]) -> set[str]:
        """Load the journeys that are not at hand, all in one query; return whose they are."""
        missing = {stream_id for stream_id in stream_ids if stream_id not in self._journeys}
        loaded = dict.fromkeys(missing, initial())
        for event in self._log.read_streams(missing) if missing else ():
            loaded[event.stream_id] = evolve(loaded[event.stream_id], event)
        self._journeys.update(loaded)
        return missing

    def _remember(self, journeys: dict[str, Journey]) -> None:
        for stream_id, journey in journeys.items():
            self._journeys[stream_id] = journey
            self._journeys.move_to_end(stream_id)
        while len(self._journeys) > self._settings.cached_journeys:
            self._journeys.popitem(last=False)

    def _forget(self, stream_ids: Collection[str]) -> None:
        for stream_id in stream_ids:
            self._journeys.pop(stream_id, None)

    def _now(self) -> datetime:
        """Return the clock's time, never earlier than what was recorded before."""
        now = self._clock()
        if self._last_recorded_at is None or now > self._last_recorded_at:
            self._last_recorded_at = now
        return self._last_recorded_at

    def _count(self, answers: Sequence[Sequence[Outcome]]) -> None:
        for outcome in (outcome for of_submission in answers for outcome in of_submission):
            if isinstance(outcome, JourneyError):
                self.counts.refused += 1
            elif outcome.duplicate:
                self.counts.duplicates += 1
            elif outcome.position is not None:
                self.counts.appended += 1
                self.counts.deviations += outcome.deviation is not None


def _slots(
    submissions: Sequence[Submission], digests: Sequence[bytes], known: dict[tuple[str, str], Known]
) -> list[list[_Slot]]:
    remaining = iter(digests)
    return [
        [_Slot(event, next(remaining), known.get(event.key)) for event in submission.events]
        for submission in submissions
    ]


def _same_or_raise(slot: _Slot, known: Known) -> None:
    """Raise `EventIdReused` unless the known event is the one that is told again."""
    sent, recorded = slot.event.case, known.event.case
    same_case = sent == recorded or (sent is None and slot.event.touchpoint.opens_case())
    if known.digest != slot.digest or not same_case:
        raise EventIdReused(*slot.event.key)


def _new_case(journey: Journey, event: Event) -> str | None:
    """Return the number of the case that begins with `event`."""
    if event.touchpoint.case is None or event.case in journey.cases:
        return None
    return event.case


def _answer(event: RecordedEvent) -> Appended:
    return Appended(
        id=event.id,
        stream_id=event.stream_id,
        type=event.type,
        case=event.case,
        version=event.version,
        position=event.position,
        deviation=event.deviation,
        duplicate=True,
    )
