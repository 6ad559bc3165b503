"""Care: the institution turns to a customer unasked, and what comes of it."""

from typing import Literal

from journey.touchpoints.touchpoint import Code, Touchpoint
from journey.words import Words

CareKind = Literal["greeting", "offer", "salon", "reminder", "education"]


class CareContacted(Touchpoint):
    """The institution turns to the customer."""

    type = "care.contacted"
    stage = "care"
    title = Words("Care contact", "客户关怀")
    says = Words("Care contact[: {campaign}]", "客户关怀[：{campaign}]")

    kind: CareKind
    campaign: Code | None = None


class CareResponded(Touchpoint):
    """The customer reacts to a care contact."""

    type = "care.responded"
    stage = "care"
    title = Words("Response to care", "关怀回应")
    says = Words("The customer responded to a care contact", "客户对关怀活动作出回应")

    kind: CareKind
    response: Code
