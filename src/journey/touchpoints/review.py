"""Reviews: the institution examines an application and decides."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from journey.touchpoints.touchpoint import (
    Code,
    Instant,
    Note,
    Staff,
    Text,
    Touchpoint,
    lawful,
)
from journey.words import Words


class RequestedMaterial(BaseModel):
    """One material that the reviewer still needs."""

    model_config = Touchpoint.model_config

    code: Code
    why: Text


class RejectionReason(BaseModel):
    """One reason for a rejection, in words that the customer understands."""

    model_config = Touchpoint.model_config

    code: Code
    explanation: Text


class ReviewStarted(Touchpoint):
    """A reviewer takes the application up."""

    type = "review.started"
    stage = "review"
    case = "application"
    moves = lawful("submitted -> in_review")
    title = Words("Review started", "开始审批")
    says = Words("The review began with {team}", "{team}开始审批")

    reviewer: Staff
    team: Code


class ReviewStepCompleted(Touchpoint):
    """One step of the review has its outcome."""

    type = "review.step_completed"
    stage = "review"
    case = "application"
    moves = lawful("in_review -> in_review")
    title = Words("Review step completed", "审批环节完成")
    says = Words("Review step {step} has its outcome", "审批环节{step}已有结论")

    step: Code
    """The step's code in the process definition."""
    outcome: Literal["passed", "failed", "waived"]
    reviewer: Staff
    note: Note | None = None


class ReviewMaterialsRequested(Touchpoint):
    """The reviewer asks the customer for more materials."""

    type = "review.materials_requested"
    stage = "review"
    case = "application"
    moves = lawful("in_review -> supplementing")
    title = Words("Materials requested", "通知补件")
    says = Words("More materials are needed", "需要补充材料")

    materials: Annotated[tuple[RequestedMaterial, ...], Field(min_length=1, max_length=100)]
    due_at: Instant


class ReviewApproved(Touchpoint):
    """The institution says yes."""

    type = "review.approved"
    stage = "review"
    case = "application"
    moves = lawful("in_review -> approved")
    title = Words("Application approved", "审批通过")
    says = Words("The application was approved", "申请审批通过")

    terms: Text | None = None
    valid_until: Instant | None = None


class ReviewRejected(Touchpoint):
    """The institution says no, and why."""

    type = "review.rejected"
    stage = "review"
    case = "application"
    moves = lawful("in_review -> rejected")
    title = Words("Application rejected", "审批未通过")
    says = Words("The application was rejected", "申请未通过审批")

    reasons: Annotated[tuple[RejectionReason, ...], Field(min_length=1, max_length=100)]
    may_resubmit: bool


ReviewTouchpoint = (
    ReviewStarted | ReviewStepCompleted | ReviewMaterialsRequested | ReviewApproved | ReviewRejected
)
