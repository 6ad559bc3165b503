"""Deliveries: the institution carries out what it approved."""

from typing import Annotated

from pydantic import BaseModel, Field

from journey.touchpoints.touchpoint import Code, FreeText, Instant, Staff, Text, Touchpoint, lawful
from journey.words import Words


class PlannedStep(BaseModel):
    """One step of a delivery and the time promised for it."""

    model_config = Touchpoint.model_config

    step: Code
    promised_at: Instant


class DeliveryStarted(Touchpoint):
    """The institution begins to deliver."""

    type = "delivery.started"
    stage = "delivery"
    case = "application"
    moves = lawful("approved -> delivering")
    title = Words("Delivery started", "开始办理")
    says = Words("Delivery began", "业务开始办理")

    plan: Annotated[tuple[PlannedStep, ...], Field(max_length=100)] = ()


class DeliveryStepCompleted(Touchpoint):
    """One step of the delivery is done."""

    type = "delivery.step_completed"
    stage = "delivery"
    case = "application"
    moves = lawful("delivering -> delivering")
    title = Words("Delivery step completed", "办理环节完成")
    says = Words("Delivery step {step} is done", "办理环节{step}已完成")

    step: Code
    by: Staff


class DeliveryDelayed(Touchpoint):
    """The delivery takes longer than promised: the customer is told the new promise."""

    type = "delivery.delayed"
    stage = "delivery"
    case = "application"
    moves = lawful("delivering -> delivering")
    title = Words("Delivery delayed", "办理延期")
    says = Words("Delivery is delayed and has a new promised time", "业务办理延期，已给出新的承诺时间")

    reason: Text
    new_promise: Instant


class DeliveryCompleted(Touchpoint):
    """The customer has what was applied for."""

    type = "delivery.completed"
    stage = "delivery"
    case = "application"
    moves = lawful("delivering -> delivered")
    title = Words("Delivery completed", "办理完成")
    says = Words("Delivery is complete", "业务已办理完成")

    handover: FreeText | None = None
    """How, where and to whom it was handed over."""


class DeliveryFailed(Touchpoint):
    """The institution cannot deliver what it approved."""

    type = "delivery.failed"
    stage = "delivery"
    case = "application"
    moves = lawful("delivering -> failed")
    title = Words("Delivery failed", "办理失败")
    says = Words("Delivery could not be completed", "业务未能办理成功")

    reason: Text


DeliveryTouchpoint = (
    DeliveryStarted | DeliveryStepCompleted | DeliveryDelayed | DeliveryCompleted | DeliveryFailed
)
