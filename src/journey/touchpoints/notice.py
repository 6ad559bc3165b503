"""What changes of a time limit are to carry: who approved them, and that the customer was told."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from journey.touchpoints.touchpoint import Instant

ApprovalLevel = Literal["department", "branch", "superior_unit", "head_office"]
"""Who approves: the department, the branch's management, the unit above it, the head office's management."""


class Notice(BaseModel):
    """How the customer was told of something, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    told_at: Instant
    medium: Literal["phone", "sms", "email", "letter", "in_person", "app"]
