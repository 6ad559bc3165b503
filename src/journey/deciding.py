"""What becomes of a group of submissions, event by event: pure, given what is known of the log."""

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from journey.encoding import content_digest
from journey.errors import (
    BatchAborted,
    CaseOfAnotherCustomer,
    CaseRequired,
    DamagedEvent,
    EventIdReused,
    JourneyError,
    KeysUnavailable,
    PersonalDataErased,
    StreamMoved,
)
from journey.event_log import EventKey, Known
from journey.events import Event, Position, RecordedEvent, Version
from journey.journey import Journey, LifecycleMode, decide, evolve, initial
from journey.processes import Processes
from journey.submissions import Appended, Outcome, Submission

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

Digests = Callable[[Sequence[Event], bool], Sequence[bytes | KeysUnavailable | None]]
"""Digests events, with whether they are only validated; None stands for what never can be any more."""

# Refusals that stay right however far the customer's stream has moved meanwhile.
_LASTING = (BatchAborted, CaseOfAnotherCustomer, CaseRequired, EventIdReused, KeysUnavailable)


@dataclass(slots=True)
class Slot:
    """One event of a submission, and what becomes of it."""

    event: Event
    digest: bytes | None
    """None where it cannot be told: the customer's data was erased."""
    known: Known | None
    """What the log held under the event's key already."""
    same_as: "Slot | None" = None
    """The slot before it in the group that tells the same event."""
    error: JourneyError | None = None
    decided: Event | None = None
    version: Version = field(default=Version(0))
    new_case: str | None = None
    """The number of the case that begins with it."""
    position: Position | None = None

    def outcome(self) -> Outcome:
        """Return the answer, once the group is committed."""
        if self.error is not None:
            return self.error
        if self.known is not None:
            recorded = self.known.event
            return _answer(recorded, recorded.version, recorded.position, duplicate=True)
        first = self.same_as or self
        assert first.decided is not None  # noqa: S101  # whatever was neither refused nor known was decided
        return _answer(first.decided, first.version, first.position, duplicate=first is not self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a group is decided upon."""

    journeys: Mapping[str, Journey | DamagedEvent]
    """By stream; customers who were never met may be left out."""
    owners: Mapping[str, str]
    """Streams that case numbers are known to belong to."""
    processes: Processes
    recorded_at: datetime


@dataclass(slots=True)
class Draft:
    """What a group would write."""

    written: list[Slot] = field(default_factory=list)
    """The slots of what it would write, in order."""
    by_key: MutableMapping[EventKey, Slot] = field(default_factory=dict)
    journeys: MutableMapping[str, Journey] = field(default_factory=dict)
    """The journeys that it leaves behind."""
    owners: MutableMapping[str, str] = field(default_factory=dict)
    """The streams that new case numbers are given to."""

    def trial(self) -> "Draft":
        """Return a draft that goes on from this one and leaves it as it is, at no cost in its size."""
        return Draft(
            by_key=ChainMap({}, self.by_key),
            journeys=ChainMap({}, self.journeys),
            owners=ChainMap({}, self.owners),
        )

    def add(self, trial: "Draft") -> None:
        """Take over what a trial of this draft has added."""
        self.written += trial.written
        self.by_key.update(_added(trial.by_key))
        self.journeys.update(_added(trial.journeys))
        self.owners.update(_added(trial.owners))


def slots_of(
    submissions: Iterable[Submission],
    known: Mapping[EventKey, Known],
    digests: Digests | None = None,
) -> list[list[Slot]]:
    """Return a slot for each event of each submission; `digests` may say that an event cannot be sealed."""
    digested = digests or _plain
    return [
        [
            Slot(event, None, None, error=digest)
            if isinstance(digest, KeysUnavailable)
            else Slot(event, digest, known.get(event.key))
            for event, digest in zip(
                submission.events, digested(submission.events, submission.validate_only), strict=True
            )
        ]
        for submission in submissions
    ]


def _plain(events: Sequence[Event], _: bool) -> list[bytes]:  # noqa: FBT001  # as `Digests` has it
    return [content_digest(event) for event in events]


def decide_group(submissions: Iterable[Submission], slots: Iterable[Sequence[Slot]], given: Given) -> Draft:
    """Decide every event in turn, each upon what the ones before it in the group would leave behind."""
    draft = Draft()
    for submission, of_submission in zip(submissions, slots, strict=True):
        if submission.atomic or submission.validate_only:
            _try_submission(draft, submission, of_submission, given)
        else:
            _decide_submission(draft, submission, of_submission, given)
    return draft


def doubtful_streams(slots: Iterable[Iterable[Slot]]) -> set[str]:
    """Name the streams of events that were refused, and might be lawful upon a newer state of the stream."""
    return {
        slot.event.stream_id
        for of_submission in slots
        for slot in of_submission
        if slot.error is not None and not isinstance(slot.error, _LASTING)
    }


def _try_submission(draft: Draft, submission: Submission, slots: Sequence[Slot], given: Given) -> None:
    """Decide a submission that may come to nothing."""
    trial = draft.trial()
    _decide_submission(trial, submission, slots, given)
    if submission.atomic and any(slot.error for slot in slots):
        for slot in slots:
            slot.error = slot.error or BatchAborted()
    elif not submission.validate_only:
        draft.add(trial)


def _decide_submission(draft: Draft, submission: Submission, slots: Sequence[Slot], given: Given) -> None:
    unsealable: set[str] = set()
    expects = submission.expected_version is not None
    for slot in slots:
        # What cannot be sealed now may be sent again: what follows it in its stream is not judged without it.
        if isinstance(slot.error, KeysUnavailable) or slot.event.stream_id in unsealable:
            unsealable.add(slot.event.stream_id)
            slot.error = slot.error or KeysUnavailable()
            continue
        try:
            before = sum(each.decided is not None for each in slots) if expects else 0
            _decide_slot(draft, slot, submission, given, before)
        except JourneyError as error:
            slot.error = error


def _decide_slot(draft: Draft, slot: Slot, submission: Submission, given: Given, before: int) -> None:
    """Decide one event, before which so many of its submission were decided."""
    event, key = slot.event, slot.event.key
    if slot.known is not None:
        _same_or_raise(slot, slot.known)
        return
    if (twin := draft.by_key.get(key)) is not None:
        if twin.digest != slot.digest:
            raise EventIdReused(*key)
        slot.same_as = twin
        return
    journey = draft.journeys.get(event.stream_id) or given.journeys.get(event.stream_id) or initial()
    if isinstance(journey, DamagedEvent):
        raise DamagedEvent(str(journey))
    expected = submission.expected_version
    if expected is not None and journey.version != expected + before:
        raise StreamMoved(expected, journey.version)
    decided, new_case = _decided(draft, journey, event, submission.mode, given)
    if slot.digest is None:  # of what the journey does not know yet
        raise PersonalDataErased
    slot.decided, slot.version, slot.new_case = decided, Version(journey.version + 1), new_case
    if new_case is not None:
        draft.owners[new_case] = event.stream_id
    draft.written.append(slot)
    draft.by_key[key] = slot
    draft.journeys[event.stream_id] = evolve(journey, decided)


def _added(mapping: MutableMapping[_Key, _Value]) -> MutableMapping[_Key, _Value]:
    return mapping.maps[0] if isinstance(mapping, ChainMap) else mapping


def _decided(
    draft: Draft, journey: Journey, event: Event, mode: LifecycleMode, given: Given
) -> tuple[Event, str | None]:
    """Decide one event; return it with the number of the case that begins with it.

    It gets another case number for as long as the given one is another customer's.
    """
    taken: set[str] = set()
    while True:
        decided = decide(journey, event, mode, given.processes, taken)
        number = decided.case
        if number is None or decided.touchpoint.case is None or number in journey.cases:
            return decided, None
        if draft.owners.get(number, given.owners.get(number, event.stream_id)) == event.stream_id:
            return decided, number
        if event.case is not None:
            raise CaseOfAnotherCustomer(event.case)
        taken.add(number)


def _same_or_raise(slot: Slot, known: Known) -> None:
    """Raise `EventIdReused` unless the known event is the one that is told again.

    Of a customer whose data was erased that cannot be told any more, and is taken for granted.
    """
    if slot.digest not in (None, known.digest) and content_digest(slot.event) != known.digest:
        raise EventIdReused(*slot.event.key)
    if known.event.damaged:
        raise DamagedEvent(f"the event stored at position {known.event.position} cannot be read")
    sent, recorded = slot.event.case, known.event.case
    if sent != recorded and (sent is not None or not slot.event.touchpoint.opens_case()):
        raise EventIdReused(*slot.event.key)


def _answer(
    event: Event | RecordedEvent, version: Version, position: Position | None, *, duplicate: bool
) -> Appended:
    return Appended(
        event.id,
        event.stream_id,
        event.type,
        event.case,
        version,
        position,
        event.deviation,
        duplicate,
    )
