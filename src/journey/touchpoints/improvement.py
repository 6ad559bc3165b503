"""Improvements: what the institution changes for all customers, and whether it helped."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, Field

from journey.touchpoints.touchpoint import CaseNumber, Channel, Code, Stage, Text, Touchpoint, lawful
from journey.words import Words

Value = Annotated[float, Field(ge=-1e15, le=1e15)]
"""A figure in the unit of its measure."""
Count = Annotated[int, Field(ge=0, le=10**12)]
"""Of how many a figure is made."""


class Area(BaseModel):
    """Where an improvement is felt; what is left out means everywhere."""

    model_config = Touchpoint.model_config

    stage: Stage | None = None
    channel: Channel | None = None
    product: Code | None = None


class Improvement(Touchpoint):
    """What all events about an improvement share, unchanged fields left out; not a type itself."""

    stage = "feedback"
    case = "improvement"

    area: Area
    plan: Text | None = None
    expected_by: date | None = None
    expected_effect: Text | None = None


class ImprovementAnnounced(Improvement):
    """The institution promises an improvement by a day."""

    type = "improvement.announced"
    schema_version = 2
    moves = lawful("- -> announced")
    title = Words("Improvement announced", "公布改进计划")
    says = Words("An improvement was announced for {expected_by}", "已公布改进计划，预计{expected_by}完成")

    plan: Text
    expected_by: date
    expected_effect: Text
    answers: Annotated[tuple[CaseNumber, ...], Field(max_length=1_000)] = ()
    """The complaints and surveys that it comes from."""

    @classmethod
    def upcast(cls, data: dict[str, Any], schema_version: int) -> dict[str, Any]:
        """Take version 1 as it is: nobody recorded then what an improvement answers."""
        return data if schema_version == 1 else super().upcast(data, schema_version)


class ImprovementStarted(Improvement):
    """Work on the improvement begins."""

    type = "improvement.started"
    moves = lawful("announced -> in_progress")
    title = Words("Improvement started", "改进启动")
    says = Words(
        "Work on the improvement began[, expected by {expected_by}]",
        "改进工作已启动[，预计{expected_by}完成]",
    )


class ImprovementCompleted(Improvement):
    """The improvement is in effect: figures from now on count as after."""

    type = "improvement.completed"
    moves = lawful("in_progress -> completed")
    title = Words("Improvement completed", "改进完成")
    says = Words("The improvement is in effect", "改进措施已落地")


class Compared(BaseModel):
    """One figure before and after."""

    model_config = Touchpoint.model_config

    measure: Code
    """One of those that the service computes, or one of the institution's own."""
    before: Value
    after: Value
    before_n: Count | None = None
    after_n: Count | None = None


class ImprovementVerified(Improvement):
    """The figures before and after are compared, and somebody concludes what came of it."""

    type = "improvement.verified"
    schema_version = 2
    moves = lawful("completed -> verified")
    title = Words("Improvement verified", "改进成效评估")
    says = Words(
        "The effect of the improvement was measured[: {conclusion}]", "改进成效已评估[：{conclusion}]"
    )

    figures: Annotated[tuple[Compared, ...], Field(max_length=100)] = ()
    conclusion: Text | None = None

    @classmethod
    def upcast(cls, data: dict[str, Any], schema_version: int) -> dict[str, Any]:
        """Take version 1 as it is: it told that figures were compared, and not which."""
        return data if schema_version == 1 else super().upcast(data, schema_version)
