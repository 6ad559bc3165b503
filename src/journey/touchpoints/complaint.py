"""Complaints: from registration to the customer's confirmation."""

from typing import Annotated, Literal

from pydantic import Field

from journey.touchpoints.touchpoint import (
    CaseNumber,
    Code,
    Contact,
    FreeText,
    Instant,
    Note,
    Staff,
    StaffOnly,
    Text,
    Touchpoint,
    lawful,
)
from journey.words import Words


class ComplaintRegistered(Touchpoint):
    """A customer complains."""

    type = "complaint.registered"
    stage = "complaint"
    case = "complaint"
    moves = lawful("- -> registered")
    title = Words("Complaint registered", "投诉登记")
    says = Words("Complained about {category}", "投诉登记：{category}")

    category: Code
    severity: Annotated[Code, StaffOnly("the institution's own judgement")]
    description: FreeText
    contact: Contact
    about: CaseNumber | None = None


class ComplaintAcknowledged(Touchpoint):
    """The customer is told that the complaint has arrived."""

    type = "complaint.acknowledged"
    stage = "complaint"
    case = "complaint"
    moves = lawful("registered, assigned, investigating -> same")
    title = Words("Complaint acknowledged", "告知受理")
    says = Words("The customer was told that the complaint is being handled", "已告知客户投诉受理情况")

    medium: Code


class ComplaintAssigned(Touchpoint):
    """A department and a handler are responsible from now on."""

    type = "complaint.assigned"
    stage = "complaint"
    case = "complaint"
    moves = lawful("registered, assigned, investigating, appealed -> assigned")
    title = Words("Complaint assigned", "投诉分派")
    says = Words("Assigned to {department}", "已分派至{department}")

    department: Code
    handler: Staff
    due_at: Instant


class ComplaintStepRecorded(Touchpoint):
    """The handler records a step."""

    type = "complaint.step_recorded"
    stage = "complaint"
    case = "complaint"
    moves = lawful("assigned, investigating -> investigating")
    title = Words("Step recorded", "处理记录")
    says = Words("A step of the handling was recorded", "新增一条处理记录")

    kind: Literal["investigation", "measure", "communication"]
    detail: Note
    by: Staff


class ComplaintExtended(Touchpoint):
    """The time limit is extended with approval."""

    type = "complaint.extended"
    stage = "complaint"
    case = "complaint"
    moves = lawful("assigned, investigating -> same")
    title = Words("Time limit extended", "处理延期")
    says = Words("The time limit was extended", "处理期限已批准延长")

    new_due_at: Instant
    reason: FreeText
    approved_by: Staff


class ComplaintAnswered(Touchpoint):
    """The customer is told the result, the measures and the improvement plan."""

    type = "complaint.answered"
    stage = "complaint"
    case = "complaint"
    moves = lawful("assigned, investigating -> answered")
    title = Words("Complaint answered", "投诉答复")
    says = Words("The customer was told the result", "处理结果已答复客户")

    result: FreeText
    measures: Annotated[tuple[FreeText, ...], Field(max_length=50)] = ()
    improvement: Text | None = None
    medium: Literal["phone", "sms", "email"]


class ComplaintAppealed(Touchpoint):
    """The customer does not accept the answer."""

    type = "complaint.appealed"
    stage = "complaint"
    case = "complaint"
    moves = lawful("answered, closed -> appealed")
    title = Words("Complaint appealed", "申请核查")
    says = Words("The customer appealed against the answer", "客户对处理结果有异议，申请核查")

    reason: FreeText


class ComplaintRecontacted(Touchpoint):
    """The institution tries to reach a customer who has not confirmed."""

    type = "complaint.recontacted"
    stage = "complaint"
    case = "complaint"
    moves = lawful("answered -> answered")
    title = Words("Customer contacted again", "再次联系客户")
    says = Words("The customer was contacted again for confirmation", "再次联系客户确认处理结果")

    medium: Code
    reached: bool


class ComplaintConfirmed(Touchpoint):
    """The customer confirms the outcome, satisfied or not: the complaint closes."""

    type = "complaint.confirmed"
    stage = "complaint"
    case = "complaint"
    moves = lawful("answered -> closed")
    title = Words("Complaint confirmed", "客户确认")
    says = Words("The customer confirmed the outcome", "客户已确认处理结果")

    satisfied: bool
    comment: FreeText | None = None


class ComplaintClosedUnconfirmed(Touchpoint):
    """The complaint closes although the customer could not be reached."""

    type = "complaint.closed_unconfirmed"
    stage = "complaint"
    case = "complaint"
    moves = lawful("answered -> closed")
    title = Words("Closed without confirmation", "未确认结案")
    says = Words(
        "Closed after {attempts} attempts to reach the customer", "联系客户{attempts}次未确认，予以结案"
    )

    attempts: Annotated[int, Field(ge=0, le=1000)]
    reason: Text


class ComplaintWithdrawn(Touchpoint):
    """The customer takes the complaint back."""

    type = "complaint.withdrawn"
    stage = "complaint"
    case = "complaint"
    moves = lawful("registered, assigned, investigating, answered, appealed -> withdrawn")
    title = Words("Complaint withdrawn", "撤回投诉")
    says = Words("The customer withdrew the complaint", "客户撤回投诉")

    reason: FreeText


class ComplaintEscalated(Touchpoint):
    """Somebody higher up is told of the complaint."""

    type = "complaint.escalated"
    stage = "complaint"
    case = "complaint"
    moves = lawful("registered, assigned, investigating, answered, appealed -> same")
    title = Words("Complaint escalated", "投诉升级")
    says = Words("The complaint was escalated", "投诉已升级处理")
    staff_only = True

    to: Staff
    cause: Literal["overdue", "severity", "repeat"]
    deadline: Instant | None = None


ComplaintTouchpoint = (
    ComplaintRegistered
    | ComplaintAcknowledged
    | ComplaintAssigned
    | ComplaintStepRecorded
    | ComplaintExtended
    | ComplaintAnswered
    | ComplaintAppealed
    | ComplaintRecontacted
    | ComplaintConfirmed
    | ComplaintClosedUnconfirmed
    | ComplaintWithdrawn
    | ComplaintEscalated
)
