"""The process of one product: the steps, materials and reasons that a customer is shown."""

import re
from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Literal, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
)

from journey.touchpoints.touchpoint import Code
from journey.words import Words

StepStage = Literal["application", "review", "delivery"]
"""The stages that an application passes through, in their order."""

_STAGES: tuple[StepStage, ...] = get_args(StepStage)
_DURATION = re.compile(r"P(?=.)([0-9]+W|([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?([0-9]+S)?)?)")


def _from_table(value: object) -> object:
    if isinstance(value, Words | dict):
        return value
    raise ValueError('a text is written as { en = "...", zh = "..." }')


def _in_both_languages(words: Words) -> Words:
    blank = [language for language, text in words._asdict().items() if not text.strip()]
    if blank:
        raise ValueError(f"the text is blank in {' and '.join(blank)}")
    return words


def _of_fixed_length(value: object) -> object:
    if isinstance(value, timedelta) or (isinstance(value, str) and _DURATION.fullmatch(value)):
        return value
    # Years and months are refused because their length depends on the day on which they start.
    raise ValueError(
        'a duration is written in ISO 8601 weeks, days, hours, minutes or seconds: "P3D", "PT4H"'
    )


Said = Annotated[Words, BeforeValidator(_from_table), AfterValidator(_in_both_languages)]
"""A text that is there in both languages."""
Duration = Annotated[
    timedelta, BeforeValidator(_of_fixed_length), Field(gt=timedelta(), le=timedelta(days=3660))
]
"""How long a step takes: more than nothing, at most ten years."""
Version = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?$")]
"""The month or day from which a definition holds, `2026-11` or `2026-11-15`: later versions sort behind."""


class _Defined(BaseModel):
    """One table of a definition file: it cannot change, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


class Step(_Defined):
    """One step of a process, as the customer sees it before and while it runs.

    `duration` is calendar time: "P3D" is three times 24 hours, weekends and holidays included.
    """

    code: Code
    """What `review.step_completed` and `delivery.step_completed` name."""
    stage: StepStage
    """The stage that it belongs to."""
    name: Said
    """Its name for people."""
    owner: Said
    """Who is responsible."""
    duration: Duration
    """How long it takes at most when nothing is missing, in calendar time."""
    mind: Said
    """What the customer should mind."""


class Material(_Defined):
    """One entry of the checklist of materials."""

    code: Code
    """What `application.material_added` names."""
    name: Said
    """Its name for people."""
    required: StrictBool
    """Whether an application is incomplete without it."""
    hint: Said
    """What makes it acceptable: original or copy, how old, from whom."""


class Reason(_Defined):
    """One reason of a rejection, in plain words."""

    code: Code
    """What `review.rejected` names."""
    explanation: Said
    """Why the application was rejected."""
    remedy: Said
    """What the customer can do next."""


_Part = TypeVar("_Part", Step, Material, Reason)


def _with_distinct_codes(parts: tuple[_Part, ...]) -> tuple[_Part, ...]:
    codes = [part.code for part in parts]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ValueError(f"more than one has the code {', '.join(twice)}")
    return parts


def _in_order_of_stages(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    for earlier, later in pairwise(steps):
        if _STAGES.index(earlier.stage) > _STAGES.index(later.stage):
            raise ValueError(
                f"{later.code} ({later.stage}) cannot come after {earlier.code} ({earlier.stage})"
            )
    return steps


_Steps = Annotated[
    tuple[Step, ...],
    Field(min_length=1),
    AfterValidator(_with_distinct_codes),
    AfterValidator(_in_order_of_stages),
]


class ProcessDefinition(_Defined):
    """The process of one product in one version; once an application carries its stamp, it never changes."""

    product: Code
    """The product, as applications name it."""
    version: Version
    """The month or day from which it holds."""
    name: Said
    """The product's name for people."""
    summary: Said
    """What the product is and for whom."""
    enforce_materials: StrictBool = Field(alias="enforce")
    """Whether an application that lacks a required material is refused, or only shows what is missing."""
    segments: tuple[Code, ...] = ()
    """The segments of customers to whom the product is offered; empty means everybody."""
    steps: _Steps
    """The steps, one after the other."""
    materials: Annotated[tuple[Material, ...], AfterValidator(_with_distinct_codes)]
    """The checklist, in the order in which it is shown."""
    reasons: Annotated[tuple[Reason, ...], AfterValidator(_with_distinct_codes)]
    """The reasons that a rejection may give."""

    @property
    def stamp(self) -> str:
        """Name product and version, as an application carries them: `personal-loan@2026-11`."""
        return f"{self.product}@{self.version}"
