"""What is known of one application: the facts that its progress is told from."""

from datetime import datetime
from typing import Literal, NamedTuple

from journey import lifecycle
from journey.processes import StepStage
from journey.touchpoints import STAFF_ONLY

StepOutcome = Literal["passed", "failed", "waived"]
RoundOutcome = Literal["approved", "rejected", "withdrawn"]

_STAGES_OF_STATES: dict[str | None, StepStage] = {
    "submitted": "review",
    "in_review": "review",
    "supplementing": "review",
    "rejected": "review",
    "approved": "delivery",
    "delivering": "delivery",
    "delivered": "delivery",
    "failed": "delivery",
}


class CompletedStep(NamedTuple):
    """One step that has its outcome."""

    step: str
    outcome: StepOutcome
    stage: StepStage
    by: str | None
    at: str
    note: str | None = None


class Request(NamedTuple):
    """One material that the reviewer still needs."""

    code: str
    why: str


class Objection(NamedTuple):
    """One reason of a rejection, in the reviewer's words."""

    code: str
    explanation: str


class Round(NamedTuple):
    """One submission and what became of it."""

    submitted_at: str | None = None
    decided_at: str | None = None
    outcome: RoundOutcome | None = None
    may_resubmit: bool = False
    reasons: tuple[Objection, ...] = ()
    steps: tuple[CompletedStep, ...] = ()


class Proposal(NamedTuple):
    """One offer, and how far it has got."""

    code: str
    status: str
    """The last part of the type of its latest event: `sent`, `accepted`."""
    amount: float | None
    at: str


class Promise(NamedTuple):
    """The time promised for one step of a delivery."""

    step: str
    promised_at: str
    """In the time zone in which it was promised, like every promise to the customer."""


class Delay(NamedTuple):
    """One announcement that a delivery takes longer."""

    at: str
    reason: str
    new_promise: str


class Delivery(NamedTuple):
    """How what was approved is carried out."""

    started_at: str
    plan: tuple[Promise, ...] = ()
    steps: tuple[CompletedStep, ...] = ()
    delays: tuple[Delay, ...] = ()
    completed_at: str | None = None
    failure: str | None = None


class Application(NamedTuple):
    """The facts of one application."""

    number: str
    customer: str
    opened_at: str
    updated_at: str
    since: str
    """When the present state began."""
    version: int = 0
    position: int = 0
    deviations: int = 0
    product: str | None = None
    process: str | None = None
    state: str | None = None
    last_open_state: str | None = None
    """How far it had got before it was closed."""
    reviewer: str | None = None
    materials: tuple[str, ...] = ()
    """Codes of what was handed in."""
    requests: tuple[Request, ...] = ()
    due_at: str | None = None
    rounds: tuple[Round, ...] = ()
    """The last one is the present one; none before the first submission."""
    offers: tuple[Proposal, ...] = ()
    delivery: Delivery | None = None
    channel: str | None = None
    """Where it was opened."""
    team: str | None = None
    """Who reviews it."""

    @property
    def round(self) -> Round:
        """The present round, empty before the first submission."""
        return self.rounds[-1] if self.rounds else Round()

    @property
    def stage(self) -> StepStage:
        """The stage of the process that it is in, or was in when it was closed."""
        return stage_of_state(self.last_open_state if self.state == "withdrawn" else self.state)

    @property
    def is_open(self) -> bool:
        """Whether the institution or the customer still has something to do."""
        return not lifecycle.is_closed("application", self.state)

    @property
    def promised_finish(self) -> str | None:
        """The time by which delivery was last promised, None where nothing was."""
        if self.delivery is None:
            return None
        if self.delivery.delays:
            return self.delivery.delays[-1].new_promise
        promises = [promise.promised_at for promise in self.delivery.plan]
        return max(promises, key=datetime.fromisoformat, default=None)


def as_customers_know_it(application: Application) -> Application:
    """Return an application without who works on it, what they noted, and offers that are still drafts."""
    delivery = application.delivery
    return application._replace(
        team=None,
        reviewer=None,
        rounds=tuple(each._replace(steps=_unsigned(each.steps)) for each in application.rounds),
        offers=tuple(offer for offer in application.offers if f"offer.{offer.status}" not in STAFF_ONLY),
        delivery=delivery and delivery._replace(steps=_unsigned(delivery.steps)),
    )


def _unsigned(steps: tuple[CompletedStep, ...]) -> tuple[CompletedStep, ...]:
    return tuple(step._replace(by=None, note=None) for step in steps)


def stage_of_state(state: str | None) -> StepStage:
    """Tell in which stage of its process an application in `state` is."""
    return _STAGES_OF_STATES.get(state, "application")
