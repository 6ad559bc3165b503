"""Service tickets: problems that customers have after the sale."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from journey.touchpoints.touchpoint import (
    CaseNumber,
    Code,
    Contact,
    FreeText,
    Staff,
    StaffOnly,
    Text,
    Touchpoint,
    lawful,
)
from journey.words import Words


class TicketOpened(Touchpoint):
    """A customer reports a problem with a product."""

    # `class` is a keyword: what the wire and the sentence call so is `class_` in Python.
    model_config = ConfigDict(serialize_by_alias=True)

    type = "ticket.opened"
    stage = "service"
    case = "ticket"
    moves = lawful("- -> open")
    title = Words("Ticket opened", "创建工单")
    says = Words("Reported a problem with {product}", "反映{product}使用问题")

    class_: Literal["common", "complex", "complaint"] = Field(alias="class")
    product: Code
    problem: FreeText
    contact: Contact


class TicketRouted(Touchpoint):
    """The ticket goes to the team that can solve it."""

    type = "ticket.routed"
    stage = "service"
    case = "ticket"
    moves = lawful("open, routed -> routed")
    title = Words("Ticket routed", "转派工单")
    says = Words("Passed to {team}", "工单已转派至{team}")

    team: Code
    reason: Annotated[Text, StaffOnly("staff writes it for staff")]


class TicketAnswered(Touchpoint):
    """The customer gets an answer."""

    type = "ticket.answered"
    stage = "service"
    case = "ticket"
    moves = lawful("open, routed -> answered")
    title = Words("Ticket answered", "答复工单")
    says = Words("The problem was answered", "问题已答复客户")

    answer: FreeText
    by: Staff
    first_contact: bool
    """Whether one contact was enough."""


class TicketConverted(Touchpoint):
    """The ticket is a complaint, and goes on as one: its customer is answered there."""

    type = "ticket.converted"
    stage = "service"
    case = "ticket"
    moves = lawful("open, routed -> converted")
    title = Words("Ticket became a complaint", "工单转为投诉")
    says = Words("Goes on as complaint {complaint}", "已转为投诉{complaint}处理")

    complaint: CaseNumber


class TicketConfirmed(Touchpoint):
    """The customer says whether the problem is solved: the ticket closes."""

    type = "ticket.confirmed"
    stage = "service"
    case = "ticket"
    moves = lawful("answered -> closed")
    title = Words("Ticket confirmed", "客户确认")
    says = Words("The customer confirmed the outcome", "客户已确认处理结果")

    solved: bool


class TicketReopened(Touchpoint):
    """The problem comes back."""

    type = "ticket.reopened"
    stage = "service"
    case = "ticket"
    moves = lawful("answered, closed, converted -> open")
    title = Words("Ticket reopened", "重新打开工单")
    says = Words("The ticket was reopened", "工单已重新打开")

    reason: FreeText


TicketTouchpoint = (
    TicketOpened | TicketRouted | TicketAnswered | TicketConverted | TicketConfirmed | TicketReopened
)
