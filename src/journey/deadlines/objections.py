"""What the rules hold against an event that would change a complaint's time limit: all of it at once."""

from collections.abc import Sequence

from journey.deadlines.clock import Fault, faults
from journey.deadlines.explaining import explain, followed
from journey.deadlines.facts import ClockFact
from journey.deadlines.telling import NO_SUCH_COMPLAINT, NOT_MERGED
from journey.rule_sets import RuleSets

JUDGED = frozenset({"extended", "suspended", "resumed", "merged"})
"""The kinds of facts that the rules may hold something against."""


def objections(
    fact: ClockFact, before: Sequence[ClockFact], first: Sequence[ClockFact], rules: RuleSets
) -> list[Fault]:
    """Return every fault of a fact, given those before it, and those of the complaint to merge with.

    Nothing is held against it where no rule set was in force when the complaint began. Raises `RulesUnknown`
    where its rule set is not there any more, and `UnknownYear` where its days cannot be counted.
    """
    start = next((each for each in before if each.kind == "started"), None)
    if start is None or (start.rules is None and rules.in_force(start.at) is None):
        return []
    clock, _, _ = followed(before, rules, as_of=fact.at)
    if clock is None:
        return []
    if fact.kind != "merged":
        return faults(clock.noticed(fact.at), fact)
    if clock.track.merging is None:
        return [Fault("into", NOT_MERGED)]
    # What counts is when the same complaint was made again, not when somebody came to merge it.
    then, now = (explain(first, rules, as_of=moment) for moment in (start.at, fact.at))
    was_running = then is not None and then.status in ("running", "suspended")
    is_open = now is not None and now.stopped_at is None
    return [] if was_running and is_open else [Fault("into", NO_SUCH_COMPLAINT)]
