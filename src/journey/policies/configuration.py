"""What an institution arranges for its policies: departments, teams, times, languages; one file holds it."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, StringConstraints

from journey.processes import Processes
from journey.rule_sets import RuleSets
from journey.touchpoints.touchpoint import Channel, Code
from journey.words import Language, Words

Staff = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Days = Annotated[float, Field(gt=0, le=3_660)]
Medium = Code
_NOTHING_DEFINED = Processes({})
Place = tuple[str | int, ...]
"""Where something stands in the file: the keys that lead to it."""


def _one_by_one(value: object) -> object:
    if isinstance(value, list) and len(set(map(str, value))) != len(value):
        raise ValueError(Words("Each may be named once only.", "不能重复。"))
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[Staff, ...], BeforeValidator(_one_by_one)]
"""Who takes turns, in order."""


class _Arranged(BaseModel):
    """One table of the file: it cannot change, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Department(_Arranged):
    """Who handles complaints."""

    handlers: Names = Field(min_length=1)
    """They take turns."""
    seniors: Names = ()
    """They take turns with what is severe; without any the handlers do."""


class Team(_Arranged):
    """Who talks to customers."""

    members: Names = Field(min_length=1)
    """They take turns."""


class Complaints(_Arranged):
    """How complaints are routed and watched."""

    department: Code
    """Where a complaint goes whose category has no department of its own."""
    categories: Mapping[Code, Code] = Field(default_factory=dict)
    """By category: the department."""
    severe: tuple[Code, ...] = Field(default=("high", "critical"), strict=False)
    """The severities that seniors handle."""
    escalate_to: Staff
    """Who is told when a time limit has passed, or a matter comes back."""
    recontact_days: Days = 3
    """After so many days without the customer's confirmation staff is to ask again."""
    attempts: int = Field(default=3, ge=1, le=100)
    """After so many attempts the complaint is closed unconfirmed."""
    repeat_days: Days = 180
    """For so long another complaint about the same matter is a repeat."""


class Consultations(_Arranged):
    """Who talks to whom."""

    team: Code
    """Who talks to customers whose segment has no team of its own."""
    segments: Mapping[Code, Code] = Field(default_factory=dict)
    """By segment: the dedicated team."""
    articles: Mapping[Code, Code] = Field(default_factory=dict)
    """By topic: the article of the knowledge base that has the answer."""
    patience_minutes: float = Field(default=5, ge=0, le=1_440)
    """So long a customer who was offered an article may read before an agent is named."""
    call_back: Code
    """The team that calls those who gave up waiting."""
    call_back_channels: tuple[Channel, ...] = Field(default=("phone",), strict=False)
    """The channels whose abandoned consultations are offered a call back."""


class Tickets(_Arranged):
    """Where service tickets go."""

    common: Code
    """The team that answers what is common."""
    complex: Code
    """The team that answers what is complex."""
    category: Code = "after-sales"
    """The category of complaints that come in as tickets."""
    severity: Code = "normal"
    """Their severity."""


class Applications(_Arranged):
    """How applications are watched."""

    team: Code
    """The team that looks after applicants who do not answer."""
    remind_days: Days = 1
    """So long before materials are due the customer is reminded."""


class Feedback(_Arranged):
    """Whom feedback is asked of, and which is followed up."""

    every_days: Days = 90
    """At most one invitation per customer in so many days."""
    expires_days: Days = 14
    """After so many days without an answer an invitation has expired."""
    kind: Literal["questionnaire", "callback", "in_person", "social"] = "questionnaire"
    medium: Medium = "sms"
    csat: int = Field(default=2, ge=0, le=5)
    """Satisfaction up to which somebody follows up; 0 never."""
    nps: int = Field(default=6, ge=-1, le=10)
    """Likelihood to recommend up to which somebody follows up; -1 never."""
    ces: int = Field(default=6, ge=1, le=8)
    """Effort from which on somebody follows up; 8 never."""
    handlers: Names = Field(min_length=1)
    """Who follows up, in turns."""


class Configuration(_Arranged):
    """The whole file."""

    history_days: Days = 7
    """What is recorded longer than so many days after it happened is history: nobody acts upon it."""
    switched_off: tuple[str, ...] = Field(default=(), strict=False)
    """Names of policies that are not to act."""
    languages: tuple[Language, ...] = Field(default=("zh", "en"), min_length=1, strict=False)
    """Languages in which there are messages; the first is for customers of whom no other is known."""
    silent: tuple[str, ...] = Field(default=(), strict=False)
    """Types of events of which customers are not notified although a state changed."""
    departments: Mapping[Code, Department]
    teams: Mapping[Code, Team]
    complaints: Complaints
    consultations: Consultations
    tickets: Tickets
    applications: Applications
    feedback: Feedback

    _processes: Processes = PrivateAttr(default=_NOTHING_DEFINED)

    def under(self, processes: Processes) -> "Configuration":
        """Return the same under process definitions and rule sets, which have files of their own."""
        copy = self.model_copy()
        copy._processes = processes  # noqa: SLF001  # of the copy that this makes
        return copy

    @property
    def processes(self) -> Processes:
        """How long the steps of applications may take."""
        return self._processes

    @property
    def rule_sets(self) -> RuleSets:
        """How long complaints may take."""
        return self._processes.rules

    @cached_property
    def history(self) -> timedelta:
        """How late what happened may be recorded and still be acted upon."""
        return timedelta(days=self.history_days)

    def language(self, wanted: Language | None) -> Language:
        """Return the language for a customer who wants one, or has not said."""
        return wanted if wanted in self.languages else self.languages[0]

    def member(self, team: str, turn: int) -> str:
        """Return the member of a team whose turn it is."""
        members = self.teams[team].members
        return members[turn % len(members)]


def misfits(configuration: Configuration) -> Iterator[tuple[Place, Words]]:
    """Name what no single table can know: departments and teams that are not there, times that cannot be."""
    complaints, consultations, tickets = (
        configuration.complaints,
        configuration.consultations,
        configuration.tickets,
    )
    departments: dict[Place, str] = {("complaints", "department"): complaints.department}
    departments |= {("complaints", "categories", key): name for key, name in complaints.categories.items()}
    teams: dict[Place, str] = {
        ("consultations", "team"): consultations.team,
        ("consultations", "call_back"): consultations.call_back,
        ("tickets", "common"): tickets.common,
        ("tickets", "complex"): tickets.complex,
        ("applications", "team"): configuration.applications.team,
    }
    teams |= {("consultations", "segments", key): name for key, name in consultations.segments.items()}
    for place, name in departments.items():
        if name not in configuration.departments:
            yield place, Words(f"There is no department {name}.", f"没有部门 {name}。")
    for place, name in teams.items():
        if name not in configuration.teams:
            yield place, Words(f"There is no team {name}.", f"没有团队 {name}。")
    if configuration.feedback.expires_days > configuration.feedback.every_days:
        yield (
            ("feedback", "expires_days"),
            Words("An invitation must expire before the next one.", "邀请须在下一次邀请之前到期。"),
        )
