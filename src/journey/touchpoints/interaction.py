"""Interactions: any other contact, named freely by the channel."""

from typing import Annotated

from pydantic import Field

from journey.touchpoints.touchpoint import Code, Touchpoint
from journey.words import Words


class InteractionRecorded(Touchpoint):
    """A channel records a contact such as a login, a visit to a branch or a page view."""

    type = "interaction.recorded"
    stage = "interaction"
    title = Words("Interaction", "渠道互动")
    says = Words("{touchpoint}: {action}", "{touchpoint}：{action}")

    touchpoint: Code
    action: Code
    outcome: Code | None = None
    duration_s: Annotated[float, Field(ge=0, le=1e9)] | None = None
    """Seconds."""
