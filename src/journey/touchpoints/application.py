"""Applications as the customer makes them: first draft, hand-in, and again after a rejection."""

from typing import Annotated

from pydantic import Field

from journey.touchpoints.touchpoint import (
    Amount,
    Code,
    Currency,
    FreeText,
    StaffOnly,
    Text,
    Touchpoint,
    lawful,
)
from journey.words import Words

Materials = Annotated[tuple[Code, ...], Field(max_length=100)]
"""Codes of the product's checklist."""


class ApplicationStarted(Touchpoint):
    """The customer begins an application and may still change it."""

    type = "application.started"
    stage = "application"
    case = "application"
    moves = lawful("- -> draft")
    title = Words("Application started", "开始申请")
    says = Words("Started an application for {product}", "开始申请{product}")

    product: Code


class ApplicationMaterialAdded(Touchpoint):
    """One material of the checklist is handed in."""

    type = "application.material_added"
    stage = "application"
    case = "application"
    moves = lawful("draft, supplementing -> same")
    title = Words("Material added", "补充材料")
    says = Words("Handed in {material}", "提交材料：{material}")

    material: Code
    reference: Annotated[Text, StaffOnly("it tells how the institution keeps documents")]
    """Where the institution keeps the document."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class ApplicationSubmitted(Touchpoint):
    """The customer hands the application in."""

    type = "application.submitted"
    stage = "application"
    case = "application"
    moves = lawful("-, draft -> submitted")
    title = Words("Application submitted", "提交申请")
    says = Words("Applied for {product}[: {amount} {currency}]", "申请{product}[：{amount} {currency}]")

    product: Code
    amount: Amount | None = None
    currency: Currency | None = None
    materials: Materials = ()


class ApplicationWithdrawn(Touchpoint):
    """The customer takes the application back."""

    type = "application.withdrawn"
    stage = "application"
    case = "application"
    moves = lawful("draft, submitted, in_review, supplementing -> withdrawn")
    title = Words("Application withdrawn", "撤回申请")
    says = Words("Withdrew the application", "撤回申请")

    reason: FreeText


class ApplicationSupplemented(Touchpoint):
    """The customer hands in what the reviewer asked for."""

    type = "application.supplemented"
    stage = "application"
    case = "application"
    moves = lawful("supplementing -> in_review")
    title = Words("Application supplemented", "补件完成")
    says = Words("Handed in the missing materials", "补齐所需材料")

    materials: Materials = ()


class ApplicationResubmitted(Touchpoint):
    """The customer applies again after a rejection that allowed it: the next round begins."""

    type = "application.resubmitted"
    stage = "application"
    case = "application"
    moves = lawful("rejected -> submitted")
    title = Words("Application resubmitted", "重新提交申请")
    says = Words("Submitted the application again", "重新提交申请")

    materials: Materials = ()
    changes: FreeText


ApplicationTouchpoint = (
    ApplicationStarted
    | ApplicationMaterialAdded
    | ApplicationSubmitted
    | ApplicationWithdrawn
    | ApplicationSupplemented
    | ApplicationResubmitted
)
