"""What each kind of fact does to a complaint's time limit, and the words for it."""

from collections.abc import Callable, Mapping

from journey.deadlines import telling
from journey.deadlines.clock import Clock, faults
from journey.deadlines.facts import ClockFact, Kind
from journey.deadlines.limits import Pause
from journey.deadlines.telling import filled, length, listed
from journey.rule_set import Clause
from journey.words import Words

Changed = tuple[Clock, Words, Clause | None]
"""The clock after a fact, what to say of it, and the rule that it rests on."""


def _unless_faulty(
    clock: Clock, fact: ClockFact, changed: Clock, says: Words, clause: Clause | None
) -> Changed:
    """Leave the clock as it is where the rules hold something against a fact, or it came too late."""
    if wrong := faults(clock, fact):
        listed_faults = listed((each.says for each in wrong), telling.NEXT)
        return clock, filled(telling.NOT_COUNTED, faults=listed_faults), clause
    if clock.missed_at is not None:
        return clock, telling.TOO_LATE_TO_COUNT, None
    return changed, says, clause


def _suspended(clock: Clock, fact: ClockFact) -> Changed:
    changed = clock._replace(paused_since=fact.at)
    return _unless_faulty(clock, fact, changed, telling.SUSPENDED, clock.track.suspension)


def _resumed(clock: Clock, fact: ClockFact) -> Changed:
    since = clock.paused_since
    if since is None:
        return _unless_faulty(clock, fact, clock, telling.RESUMED, None)
    # Time goes on when the outside body has answered, whoever was told of it.
    changed = clock._replace(paused_since=None, pauses=(*clock.pauses, Pause(since, fact.at)))
    return changed, telling.RESUMED, clock.track.suspension


def _extended(clock: Clock, fact: ClockFact) -> Changed:
    extension = clock.track.extension(fact.ground)
    ground = extension.name if extension else Words("", "")
    says = filled(telling.EXTENDED, ground=ground)
    return _unless_faulty(clock, fact, clock._replace(extended=fact), says, extension)


def _new_facts(clock: Clock, fact: ClockFact) -> Changed:
    if clock.track.new_facts is None:
        return clock, telling.NO_RESTART, None
    # An end that was granted, and told to the customer, stays where it is the later one.
    says = filled(telling.RESTARTED, limit=length(clock.limit))
    return _unless_faulty(clock, fact, clock._replace(start=fact.at), says, clock.track.new_facts)


def _acknowledged(clock: Clock, _: ClockFact) -> Changed:
    return clock, telling.ACKNOWLEDGED, None


def _answered(clock: Clock, fact: ClockFact) -> Changed:
    return clock._replace(stopped_at=fact.at, ending="answered"), telling.ANSWERED, None


def _closed(clock: Clock, fact: ClockFact) -> Changed:
    return clock._replace(stopped_at=fact.at, ending="closed"), telling.CLOSED, None


def _merged(clock: Clock, fact: ClockFact) -> Changed:
    into = Words(fact.into or "", fact.into or "")
    changed = clock._replace(stopped_at=fact.at, ending="merged")
    return changed, filled(telling.MERGED, into=into), clock.track.merging


def _withdrawn(clock: Clock, fact: ClockFact) -> Changed:
    return clock._replace(stopped_at=fact.at, ending="withdrawn"), telling.WITHDRAWN, None


def _appealed(clock: Clock, fact: ClockFact) -> Changed:
    limit = clock.track.appeal
    says = filled(telling.APPEALED, limit=length(limit))
    return Clock(clock.rule_set, clock.track, limit, fact.at), says, limit


CHANGES: Mapping[Kind, Callable[[Clock, ClockFact], Changed]] = {
    "acknowledged": _acknowledged,
    "suspended": _suspended,
    "resumed": _resumed,
    "extended": _extended,
    "new_facts": _new_facts,
    "merged": _merged,
    "answered": _answered,
    "appealed": _appealed,
    "closed": _closed,
    "withdrawn": _withdrawn,
}
"""What each kind of fact does to the clock, and what is said of it."""
