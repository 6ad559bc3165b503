"""The rule sets that an institution works by: read from files at start, and the version in force."""

import importlib.resources
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from operator import attrgetter
from pathlib import Path

from journey.calendars import has_data, within_reach
from journey.definition_files import read_files
from journey.errors import JourneyError, RulesUnknown
from journey.rule_set import RuleSet

__all__ = ["NO_RULES", "BadRuleSet", "RuleSet", "RuleSets", "load_rule_sets"]


class BadRuleSet(JourneyError):
    """A file does not hold a lawful rule set."""


@dataclass(frozen=True)
class RuleSets:
    """The rule sets that an institution works by, in every version still known."""

    chosen: str
    """The code of the one that new complaints go by."""
    by_code: Mapping[str, tuple[RuleSet, ...]] = field(default_factory=dict)
    """The versions of each, the newest last."""

    @classmethod
    def of(cls, chosen: str, rule_sets: Iterable[RuleSet]) -> "RuleSets":
        """Collect rule sets by code, whatever their order."""
        by_code: dict[str, tuple[RuleSet, ...]] = {}
        for rule_set in sorted(rule_sets, key=attrgetter("code", "in_force_from")):
            by_code[rule_set.code] = (*by_code.get(rule_set.code, ()), rule_set)
        return cls(chosen, by_code)

    def in_force(self, moment: datetime) -> RuleSet | None:
        """Return the version of the chosen rule set that is in force at a moment; None before the first."""
        versions = self.by_code.get(self.chosen, ())
        if not versions:
            return None
        day = versions[-1].calendar.calendar.date_of(within_reach(moment))
        known = bisect_right(versions, day, key=attrgetter("in_force_from"))
        return versions[known - 1] if known else None

    def rules_for(self, stamp: str | None, started_at: datetime) -> RuleSet:
        """Return the rule set that a complaint carries as `stamp`, else the one in force when it began.

        Raises `RulesUnknown` where there is none.
        """
        if stamp is not None:
            if stamp not in self._by_stamp:
                raise RulesUnknown(stamp)
            return self._by_stamp[stamp]
        found = self.in_force(started_at)
        if found is None:
            raise RulesUnknown(self.chosen, started_at.date())
        return found

    @cached_property
    def _by_stamp(self) -> Mapping[str, RuleSet]:
        return {each.stamp: each for versions in self.by_code.values() for each in versions}


NO_RULES = RuleSets("")
"""Where nothing says how long a complaint may take."""


def load_rule_sets(chosen: str, directory: Path | None = None) -> RuleSets:
    """Read the shipped rule sets, and the institution's own from `directory`; new complaints go by `chosen`.

    A file is named `<code>.toml` or `<code>@<version>.toml`. Raises `BadRuleSet`, naming file and line or
    field, also where one stamp has two contents, and where nothing is called `chosen`.
    """
    shipped = importlib.resources.files("journey") / "rules"
    known: dict[str, RuleSet] = {}
    in_force: dict[tuple[str, date], RuleSet] = {}
    for folder in (shipped, *([directory] if directory else ())):
        for file, rule_set in read_files(folder, RuleSet, BadRuleSet):
            if file.name not in (f"{rule_set.code}.toml", f"{rule_set.stamp}.toml"):
                raise BadRuleSet(f"{file}: code: the file of {rule_set.stamp} must be named after it")
            if rule_set.code == chosen and not has_data(rule_set.calendar.calendar):
                raise BadRuleSet(
                    f"{file}: calendar.country: `holidays` does not have it, or not this part of it"
                )
            key = (rule_set.code, rule_set.in_force_from)
            if in_force.setdefault(key, rule_set) != rule_set:
                raise BadRuleSet(
                    f"{file}: version: {rule_set.stamp} has other content already: give the change a version"
                )
            known[rule_set.stamp] = rule_set
    rules = RuleSets.of(chosen, known.values())
    if chosen not in rules.by_code:
        there = ", ".join(rules.by_code)
        raise BadRuleSet(f"rule_set: there is no rule set {chosen}; there are {there}")
    return rules
