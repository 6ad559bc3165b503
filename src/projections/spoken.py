"""A process definition as answers tell it in one language, with parts that are told often ready as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, get_args

import orjson
from pydantic import TypeAdapter

from journey.process_definition import Duration, Material, ProcessDefinition
from journey.processes import Step
from journey.words import Language
from projections.application_steps import StepProgress, StepStatus
from projections.moments import in_utc

_DURATION: TypeAdapter[Any] = TypeAdapter(Duration)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What an application's answer takes from its process definition."""

    language: Language
    product_name: str | None
    """None where nobody has defined the process; there are no parts then."""
    steps: Mapping[str, Mapping[str, Any]]
    """What is always told of a step, by its code."""
    bare_steps: Mapping[tuple[str, StepStatus], orjson.Fragment]
    """Steps of which no more is known than how they stand."""
    materials: Mapping[tuple[str, bool, bool], orjson.Fragment]
    """Entries of the checklist: by code, whether required and whether handed in."""


def spoken(definition: ProcessDefinition | None, language: Language) -> Spoken:
    """Put a definition into words."""
    if definition is None:
        return Spoken(language, None, {}, {}, {})
    steps = {step.code: _step(step, language) for step in definition.steps}
    return Spoken(
        language,
        definition.name.in_language(language),
        steps,
        {
            (code, status): _fragment(_with_progress(steps[code], status, None, None, None))
            for code, status in product(steps, get_args(StepStatus))
        },
        {
            (material.code, required, handed_in): _fragment(
                material_told(material.code, material, language, required=required, handed_in=handed_in)
            )
            for material, required, handed_in in product(definition.materials, (False, True), (False, True))
        },
    )


def step_told(step: StepProgress, words: Spoken) -> Mapping[str, Any] | orjson.Fragment:
    """Tell a step as the read API does; one that the definition does not know goes by its code."""
    if step.by is None and step.at is None and step.promised_at is None and step.definition is not None:
        return words.bare_steps[step.code, step.status]
    known = words.steps[step.code] if step.definition is not None else _unknown(step)
    told = _with_progress(known, step.status, step.by, step.at, in_utc(step.promised_at))
    if step.note is not None:
        told["note"] = step.note
    return told


def material_told(
    code: str, material: Material | None, language: Language, *, required: bool, handed_in: bool
) -> dict[str, Any]:
    """Tell an entry of the checklist as the read API does."""
    return {
        "code": code,
        "name": material.name.in_language(language) if material else code,
        "required": required,
        "handed_in": handed_in,
        "hint": material.hint.in_language(language) if material else None,
    }


def _step(step: Step, language: Language) -> dict[str, Any]:
    return {
        "code": step.code,
        "name": step.name.in_language(language),
        "stage": step.stage,
        "owner": step.owner.in_language(language),
        "mind": step.mind.in_language(language),
        "takes": _DURATION.dump_python(step.duration, mode="json"),
    }


def _unknown(step: StepProgress) -> dict[str, Any]:
    unsaid = dict.fromkeys(("owner", "mind", "takes"))
    return {"code": step.code, "name": step.code, "stage": step.stage, **unsaid}


def _with_progress(
    step: Mapping[str, Any], status: StepStatus, by: str | None, at: str | None, promised_at: str | None
) -> dict[str, Any]:
    return {**step, "status": status, "by": by, "at": at, "promised_at": promised_at}


def _fragment(told: Mapping[str, Any]) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps(told))
