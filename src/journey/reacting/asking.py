"""Asks the policies about one customer, and appends what they want upon the state that they saw."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

import structlog

from journey.errors import (
    BatchAborted,
    CaseOfAnotherKind,
    CaseRequired,
    EventIdReused,
    JourneyError,
    KeysUnavailable,
    LogUnavailable,
    OutcomeUnknown,
    QueueFull,
    Refused,
    StreamMoved,
    Unstorable,
)
from journey.event_log import EventLog
from journey.events import Position, RecordedEvent
from journey.in_threads import to_its_end
from journey.policies.configuration import Configuration
from journey.policies.customer import Customer, to_text
from journey.policies.policy import Appointment, Cause, Policy, Wanted
from journey.reacting.facts import Ground, Record, events_for, ground_at, ground_of
from journey.reacting.folding import Fold
from journey.reacting.parking import EVERY, Parked, parked_now
from journey.reacting.table import Row
from journey.sealing.keyring import Keyring
from journey.submissions import Appended, Outcome, Submission, Writer

OUTAGES = (KeysUnavailable, LogUnavailable, OutcomeUnknown, QueueFull)
"""What is waited out: nothing is wrong with anybody's events."""
_DEFECTS = (CaseOfAnotherKind, CaseRequired, Unstorable)
"""Refusals that no case can be blamed for that has moved on, but the policy that wants such a thing."""
# How long a moment rests whose event is refused: what is restricted now may be lifted.
_REST = timedelta(hours=1)
# So often a customer's stream may move on between asking and appending, before others get their turn.
_TIMES = 50

_T = TypeVar("_T")
_log = structlog.get_logger()


@dataclass(slots=True)
class ReactorCounts:
    """What the reactor has done since it started."""

    appended: dict[str, int] = field(default_factory=dict)
    """Events by policy."""
    known: int = 0
    """What was wanted again, and was there already."""
    passed: int = 0
    """Refused by the rules: the case had moved on."""
    asked_again: int = 0
    """The stream had moved on between asking and appending."""

    def add(self, policy: str, outcomes: Sequence[Outcome]) -> None:
        """Count what is there now."""
        new = sum(isinstance(each, Appended) and not each.duplicate for each in outcomes)
        self.appended[policy] = self.appended.get(policy, 0) + new
        self.known += len(outcomes) - new


class Means(NamedTuple):
    """What is needed to ask and to append."""

    log: EventLog
    appender: Writer
    keyring: Keyring
    record: Record
    configuration: Configuration
    policies: Sequence[Policy]
    clock: Callable[[], datetime]
    fold: Fold
    counts: ReactorCounts


class Work(NamedTuple):
    """What there is to do for one customer."""

    stream_id: str
    customer: Customer
    causes: Sequence[tuple[RecordedEvent, Mapping[str, int]]] = ()
    """Events to ask about, each with the turns that it takes, by policy."""
    parked: frozenset[str] = frozenset()
    """The policies that are not asked."""


class Done(NamedTuple):
    """What became of it."""

    row: Row
    parked: Sequence[Parked]


class _Defect(Exception):  # it says what it is
    """A policy failed, or wants what can never be."""


class Asking:
    """The asking about one customer, which its own events move on."""

    def __init__(self, means: Means, work: Work) -> None:
        self._means, self._work = means, work
        self._customer = work.customer
        self._parked: dict[str, Parked] = {}

    async def all(self) -> Done:
        """Ask about each cause in turn, then about the clock; raise one of `OUTAGES` where it must wait."""
        for event, turns in self._work.causes:
            for policy in self._asked(event):
                cause = Cause(event, turns.get(policy.name, event.position))
                await self._react(policy, cause)
        moments = [moment for policy in self._watching() if (moment := await self._watch(policy)) is not None]
        next_at = min(moments, default=None)
        row = Row(self._work.stream_id, self._customer.version, to_text(self._customer), next_at)
        return Done(row, list(self._parked.values()))

    def _asked(self, event: RecordedEvent) -> Iterator[Policy]:
        return (each for each in self._means.policies if event.type in each.on and self._is_well(each))

    def _watching(self) -> Iterator[Policy]:
        return (each for each in self._means.policies if each.watch is not None and self._is_well(each))

    def _is_well(self, policy: Policy) -> bool:
        return not {policy.name, EVERY} & {*self._work.parked, *self._parked}

    async def _react(self, policy: Policy, cause: Cause) -> None:
        """Ask about one event, again for as long as the stream moves on meanwhile."""
        react = policy.react
        if react is None:
            return
        try:
            for _ in range(_TIMES):
                wanted = _told(lambda: react(cause, self._customer, self._means.configuration))
                ground = ground_of(cause.event, self._means.clock())
                if not wanted or await self._append(policy, wanted, ground):
                    return
            raise LogUnavailable("others were faster every time")
        except _Defect as defect:
            self._park(policy, cause.event.position, defect)

    async def _watch(self, policy: Policy) -> datetime | None:
        """Do what is due, and return when to look again."""
        tried: set[str] = set()
        try:
            for _ in range(_TIMES):
                now, appointments = self._means.clock(), self._appointments(policy)
                due = [each for each in appointments if each.at <= now and each.wanted.key not in tried]
                if not due:
                    return min(
                        (each.at if each.at > now else now + _REST for each in appointments), default=None
                    )
                first = min(due, key=_at)
                ground = ground_at(first, self._customer, self._work.stream_id, now)
                if await self._append(policy, [first.wanted], ground):
                    tried.add(first.wanted.key)
            raise LogUnavailable("others were faster every time")
        except _Defect as defect:
            self._park(policy, Position(0), defect)
            return None

    def _appointments(self, policy: Policy) -> list[Appointment]:
        watch = policy.watch
        return _told(lambda: watch(self._customer, self._means.configuration)) if watch is not None else []

    async def _append(self, policy: Policy, wanted: list[Wanted], ground: Ground) -> bool:
        """Append together what is wanted; tell whether that is settled, or is to be asked for again."""
        means, counts = self._means, self._means.counts
        try:
            events = await events_for(policy, wanted, ground, means.keyring, means.record)
            submission = Submission(events, "strict", self._customer.version, atomic=True)
            outcomes = await means.appender.submit(submission)
            error = _error(outcomes)
        except Refused as refused:
            outcomes, error = [], refused
        match error:
            case None:
                counts.add(policy.name, outcomes)
            case StreamMoved():
                counts.asked_again += 1
            case EventIdReused():
                # It was appended before, with another time or upon another state.
                counts.known += 1
            case Refused() if not isinstance(error, _DEFECTS):
                counts.passed += 1
                return True
            case _ if isinstance(error, OUTAGES):
                raise error
            case _:
                raise _Defect from error
        await self._catch_up()
        return not isinstance(error, StreamMoved)

    async def _catch_up(self) -> None:
        """Fold what was appended meanwhile, by whomever."""
        stream_id, before = self._work.stream_id, self._customer
        self._customer = await to_its_end(self._means.fold.newest, self._means.log, stream_id, before)

    def _park(self, policy: Policy, position: Position, defect: _Defect) -> None:
        name = type(defect.__cause__).__name__
        _log.error("policy_failed", policy=policy.name, error=name)
        self._parked[policy.name] = parked_now(
            self._work.stream_id, policy.name, position, name, self._means.clock()
        )


def _told(ask: Callable[[], Iterable[_T]]) -> list[_T]:
    try:
        return list(ask())
    except Exception as error:
        raise _Defect from error


def _error(outcomes: Sequence[Outcome]) -> JourneyError | None:
    """Return what all were refused for."""
    errors = [each for each in outcomes if isinstance(each, JourneyError)]
    return next(
        (each for each in errors if not isinstance(each, BatchAborted)), errors[0] if errors else None
    )


def _at(appointment: Appointment) -> datetime:
    return appointment.at
