"""Complaints: from registration to the customer's confirmation."""

from typing import Annotated, Any, Literal

from pydantic import Field

from journey.touchpoints.notice import ApprovalLevel, Notice
from journey.touchpoints.touchpoint import (
    CaseNumber,
    Code,
    Contact,
    FreeText,
    Instant,
    Note,
    Staff,
    StaffOnly,
    Story,
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
    description: Story
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
    """The time limit is extended with approval, and the customer told of it."""

    type = "complaint.extended"
    schema_version = 2
    stage = "complaint"
    case = "complaint"
    moves = lawful("assigned, investigating -> same")
    title = Words("Time limit extended", "处理延期")
    says = Words("The time limit was extended", "处理期限已批准延长")

    new_due_at: Instant
    ground: Code | None
    """Which extension of the rule set it is."""
    reason: FreeText
    approved_by: Staff
    level: ApprovalLevel | None
    """Who approved it."""
    notice: Notice | None
    """How the customer was told; null where nobody did."""

    @classmethod
    def upcast(cls, data: dict[str, Any], schema_version: int) -> dict[str, Any]:
        """Say of version 1 that nobody recorded the ground, the approver's level or a notice."""
        if schema_version == 1:
            return {"ground": None, "level": None, "notice": None, **data}
        return super().upcast(data, schema_version)


class ComplaintSuspended(Touchpoint):
    """An outside body appraises, tests or assesses, and the time limit stands still."""

    type = "complaint.suspended"
    stage = "complaint"
    case = "complaint"
    moves = lawful("assigned, investigating -> same")
    title = Words("Time limit suspended", "处理期限中止")
    says = Words("The time limit stands still for an outside appraisal", "因外部鉴定，处理期限暂停计算")

    cause: Literal["appraisal", "testing", "assessment"]
    body: Text
    """The outside body."""
    reason: FreeText | None = None
    notice: Notice | None
    """How the customer was told; null where nobody did."""


class ComplaintResumed(Touchpoint):
    """The outside body has answered, and the time limit goes on."""

    type = "complaint.resumed"
    stage = "complaint"
    case = "complaint"
    moves = lawful("assigned, investigating -> same")
    title = Words("Time limit resumed", "处理期限恢复")
    says = Words(
        "The outside appraisal is there, and the time limit goes on", "外部鉴定已完成，处理期限继续计算"
    )

    finding: Note | None = None
    notice: Notice | None
    """How the customer was told; null where nobody did."""


class ComplaintFactsAdded(Touchpoint):
    """The customer brings new facts or grounds."""

    type = "complaint.facts_added"
    stage = "complaint"
    case = "complaint"
    moves = lawful("registered, assigned, investigating, appealed -> same")
    title = Words("New facts", "补充新的事实和理由")
    says = Words("The customer brought new facts", "客户提出新的事实和理由")

    facts: FreeText


class ComplaintMerged(Touchpoint):
    """The same complaint, made again, is handled with the first one."""

    type = "complaint.merged"
    stage = "complaint"
    case = "complaint"
    moves = lawful("registered, assigned, investigating -> merged")
    title = Words("Complaint merged", "投诉合并")
    says = Words("Handled together with complaint {into}", "与投诉{into}合并处理")

    into: CaseNumber


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
    | ComplaintSuspended
    | ComplaintResumed
    | ComplaintFactsAdded
    | ComplaintMerged
    | ComplaintAnswered
    | ComplaintAppealed
    | ComplaintRecontacted
    | ComplaintConfirmed
    | ComplaintClosedUnconfirmed
    | ComplaintWithdrawn
    | ComplaintEscalated
)
