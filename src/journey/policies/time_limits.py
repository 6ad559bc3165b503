"""The time limit of a complaint as a policy sees it: under the rule set, and without a clock."""

from journey.deadlines import Deadline, explain
from journey.policies.case import Case
from journey.policies.configuration import Configuration


def deadline_of(case: Case, configuration: Configuration) -> Deadline | None:
    """Return how a complaint's time limit stood right after the last fact that it depends on.

    While nothing else happens, it ends when it was to end then: no clock is needed to tell. Raises
    `RulesUnknown` and `UnknownYear` as `explain` does: a time limit is never guessed.
    """
    last = max((fact.at for fact in case.facts), default=None)
    return explain(case.facts, configuration.rule_sets, as_of=last) if last is not None else None
