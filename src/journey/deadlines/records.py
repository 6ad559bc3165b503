"""What is told of a complaint's deadline: how it stands, and the steps that led there."""

from datetime import datetime
from typing import Literal, NamedTuple

from journey.deadlines.facts import Kind
from journey.words import Words

Status = Literal["running", "suspended", "met", "missed", "ended"]
"""How a deadline stands; `ended` where nothing is due any more: merged with another, or withdrawn."""


class Step(NamedTuple):
    """One thing that led to a deadline."""

    kind: Kind | Literal["passed", "standing"]
    """What happened; `passed` where the time was over, `standing` where it stands still to this moment."""
    at: datetime
    says: Words
    due_at: datetime
    """The end of the time limit as it was then."""
    days: int
    """By how many calendar days the end moved."""
    source: Words | None = None
    """The rule that it rests on."""
    read: bool = False
    """Whether that rule was read in its source."""
    version: int | None = None
    """The place of its event in the customer's stream."""


class Reached(NamedTuple):
    """How a milestone stands."""

    code: str
    name: Words
    due_at: datetime
    status: Literal["running", "met", "missed"]


class Deadline(NamedTuple):
    """When a complaint must be answered, and why then."""

    status: Status
    due_at: datetime
    """The end of the limit; while it stands still, when it would end if it went on now."""
    warn_at: datetime | None
    """When to warn; None unless the time is running."""
    stopped_at: datetime | None
    """When it was answered, closed, merged or withdrawn; None while something is due."""
    rules: str
    """The stamp of the rule set."""
    track: str
    """The code of its rules for this category of complaints."""
    milestones: tuple[Reached, ...]
    steps: tuple[Step, ...]

    @property
    def is_overdue(self) -> bool:
        """Tell whether the time is over and there is still no answer."""
        return self.status == "missed" and self.stopped_at is None
