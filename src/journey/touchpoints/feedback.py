"""Feedback: what customers say about a finished case, and what the institution does with it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from journey.touchpoints.touchpoint import (
    CaseNumber,
    Code,
    FreeText,
    Staff,
    StaffOnly,
    Text,
    Touchpoint,
    lawful,
)
from journey.words import Words


class FeedbackInvited(Touchpoint):
    """The customer is asked for an opinion."""

    type = "feedback.invited"
    stage = "feedback"
    case = "survey"
    moves = lawful("- -> invited")
    title = Words("Feedback invited", "邀请评价")
    says = Words("Asked for feedback on {about}", "邀请客户评价{about}")

    kind: Literal["questionnaire", "callback", "in_person", "social"]
    about: CaseNumber
    medium: Code


class FeedbackSubmitted(Touchpoint):
    """The customer gives scores, a comment or both."""

    type = "feedback.submitted"
    stage = "feedback"
    case = "survey"
    moves = lawful("-, invited -> submitted")
    title = Words("Feedback submitted", "提交评价")
    says = Words(
        "Gave feedback[ on {about}][, satisfaction {csat}/5][, recommendation {nps}/10][, effort {ces}/7]",
        "客户评价[{about}][，满意度{csat}/5][，推荐意愿{nps}/10][，费力度{ces}/7]",
    )

    csat: Annotated[int, Field(ge=1, le=5)] | None = None
    """Satisfaction, 5 is best."""
    nps: Annotated[int, Field(ge=0, le=10)] | None = None
    """Likelihood to recommend, 10 is best."""
    ces: Annotated[int, Field(ge=1, le=7)] | None = None
    """Effort, 7 is hardest."""
    comment: FreeText | None = None
    about: CaseNumber | None = None

    @model_validator(mode="after")
    def says_something(self) -> Self:
        """Refuse feedback that holds neither a score nor a comment."""
        if all(part is None for part in (self.csat, self.nps, self.ces, self.comment)):
            raise ValueError(
                Words(
                    "feedback needs at least one of csat, nps, ces or comment",
                    "csat、nps、ces、comment 至少填写一项",
                )
            )
        return self


class FeedbackExpired(Touchpoint):
    """The invitation stays without an answer for too long."""

    type = "feedback.expired"
    stage = "feedback"
    case = "survey"
    moves = lawful("invited -> expired")
    title = Words("Feedback expired", "评价邀请过期")
    says = Words("The invitation to give feedback expired", "评价邀请已过期")


class FeedbackFollowUpOpened(Touchpoint):
    """Somebody is to look into what the customer said, in a survey or when a case ended."""

    type = "feedback.follow_up_opened"
    stage = "feedback"
    case = "survey"
    moves = lawful("-, submitted -> following_up")
    title = Words("Follow-up opened", "发起评价跟进")
    says = Words("A follow-up to the feedback began", "已安排专人跟进客户评价")

    handler: Staff
    because: Annotated[Text, StaffOnly("staff writes it for staff")]
    about: CaseNumber | None = None
    """The case that ended so, where no survey asked for it."""


class FeedbackFollowUpClosed(Touchpoint):
    """The follow-up ends with what came of it."""

    type = "feedback.follow_up_closed"
    stage = "feedback"
    case = "survey"
    moves = lawful("following_up -> closed")
    title = Words("Follow-up closed", "评价跟进闭环")
    says = Words("The follow-up to the feedback ended", "客户评价跟进已闭环")

    result: FreeText
    changed: Text
    """What the institution changed."""


FeedbackTouchpoint = (
    FeedbackInvited | FeedbackSubmitted | FeedbackExpired | FeedbackFollowUpOpened | FeedbackFollowUpClosed
)
