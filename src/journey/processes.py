"""The process definitions that an institution works by, and what they tell of one application."""

import importlib.resources
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from operator import attrgetter
from pathlib import Path

from journey.definition_files import read_files
from journey.errors import JourneyError
from journey.process_definition import Material, ProcessDefinition, Reason, Step, StepStage
from journey.rule_sets import NO_RULES, RuleSets, load_rule_sets
from journey.settings import Settings
from journey.words import Words

__all__ = [
    "BadDefinition",
    "Material",
    "ProcessDefinition",
    "Processes",
    "Reason",
    "Step",
    "StepStage",
    "current_step",
    "expected_finish",
    "load_definitions",
    "missing_materials",
    "processes_of",
    "steps_to_come",
]


class BadDefinition(JourneyError):
    """A file does not hold a lawful process definition."""


@dataclass(frozen=True)
class Processes:
    """The process definitions that an institution works by, in every version still known."""

    by_product: Mapping[str, tuple[ProcessDefinition, ...]]
    """The definitions of each product, the newest last."""
    rules: RuleSets = NO_RULES
    """The time limits of complaints."""

    @classmethod
    def of(cls, definitions: Iterable[ProcessDefinition], rules: RuleSets = NO_RULES) -> "Processes":
        """Collect `definitions` by product, whatever their order."""
        by_product: dict[str, tuple[ProcessDefinition, ...]] = {}
        for definition in sorted(definitions, key=attrgetter("product", "version")):
            by_product[definition.product] = (*by_product.get(definition.product, ()), definition)
        return cls(by_product, rules)

    def latest(self, product: str) -> ProcessDefinition | None:
        """Return the definition that a new application for `product` goes by."""
        known = self.by_product.get(product)
        return known[-1] if known else None

    def version(self, product: str, version: str) -> ProcessDefinition | None:
        """Return the definition of `product` in `version`."""
        return next((known for known in self.by_product.get(product, ()) if known.version == version), None)

    def by_stamp(self, stamp: str) -> ProcessDefinition | None:
        """Return the definition that an application carries as `stamp`."""
        return self._by_stamp.get(stamp)

    def names(self, stamp: str | None) -> Mapping[str, Words]:
        """Return what codes are called: products, and under a stamp its steps and materials."""
        if stamp not in self._names:
            definition = self.by_stamp(stamp) if stamp else None
            names = {product.product: product.name for product in self.products()}
            if definition is not None:
                names |= {material.code: material.name for material in definition.materials}
                names |= {step.code: step.name for step in definition.steps}
            self._names[stamp] = names
        return self._names[stamp]

    @cached_property
    def _by_stamp(self) -> Mapping[str, ProcessDefinition]:
        known = (definition for versions in self.by_product.values() for definition in versions)
        return {definition.stamp: definition for definition in known}

    @cached_property
    def _names(self) -> dict[str | None, Mapping[str, Words]]:
        return {}

    def products(self) -> list[ProcessDefinition]:
        """Return the latest definition of each product, ordered by product."""
        return [known[-1] for known in self.by_product.values()]


def processes_of(settings: Settings) -> Processes:
    """Read what the institution works by: process definitions, and the time limits of complaints."""
    return load_definitions(settings.definitions, load_rule_sets(settings.rule_set, settings.rule_sets))


def load_definitions(directory: Path | None = None, rules: RuleSets = NO_RULES) -> Processes:
    """Read the shipped definitions, and the institution's own from `directory`.

    A file is named `<product>.toml` or `<product>@<version>.toml`. The newest version of a product counts
    for new applications, whichever folder it is in; the others stay known for the applications that carry
    their stamp. Raises BadDefinition, naming file and field, also where one stamp has two contents.
    """
    shipped = importlib.resources.files("journey") / "definitions"
    known: dict[str, ProcessDefinition] = {}
    for folder in (shipped, *([directory] if directory else ())):
        for file, definition in read_files(folder, ProcessDefinition, BadDefinition):
            if file.name not in (f"{definition.product}.toml", f"{definition.stamp}.toml"):
                raise BadDefinition(f"{file}: product: the file of {definition.stamp} must be named after it")
            if known.setdefault(definition.stamp, definition) != definition:
                raise BadDefinition(
                    f"{file}: version: {definition.stamp} already has other content; "
                    "a change needs a new version"
                )
    return Processes.of(known.values(), rules)


def missing_materials(definition: ProcessDefinition, handed_in: Collection[str]) -> list[Material]:
    """Return the required materials whose codes are not in `handed_in`, in checklist order."""
    return [
        material for material in definition.materials if material.required and material.code not in handed_in
    ]


def steps_to_come(definition: ProcessDefinition, done_steps: Collection[str]) -> list[Step]:
    """Return the steps that are not among the codes `done_steps`, in their order."""
    return [step for step in definition.steps if step.code not in done_steps]


def current_step(definition: ProcessDefinition, stage: StepStage, done_steps: Collection[str]) -> Step | None:
    """Return the step that runs: the first of a stage that is not among the codes `done_steps`."""
    return next((step for step in steps_to_come(definition, done_steps) if step.stage == stage), None)


def expected_finish(
    definition: ProcessDefinition, started_at: datetime, done_steps: Collection[str], now_at: datetime
) -> datetime:
    """Return the instant by which the steps to come can be finished, one after the other, in calendar time.

    They begin at `now_at`, the time of the last event, but never before `started_at`: a late event may be
    dated before the start.
    """
    remaining = (step.duration for step in steps_to_come(definition, done_steps))
    return max(started_at, now_at) + sum(remaining, timedelta())
