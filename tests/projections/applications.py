"""The history of one application, from which the specs of its progress take their parts."""

from typing import Any

from journey.words import Language
from projections.review_progress import projection
from tests.projections.specs import PROCESSES, Given, Told, given

NUMBER = "APP-1"
STAMP = "loan@2026-11"


def told(type_: str, at: str | None = None, deviation: str | None = None, **data: Any) -> Told:
    """Tell an event of the application."""
    return Told(type=type_, data=data, case=NUMBER, at=at, deviation=deviation)


STARTED = Told(type="application.started", data={"product": "loan"}, case=NUMBER, process=STAMP)
SUBMITTED = Told(
    type="application.submitted",
    data={"product": "loan", "materials": ["id_card", "income"]},
    case=NUMBER,
    process=STAMP,
)
REVIEWED = told("review.started", reviewer="Li Wei", team="credit")
CHECKED = told("review.step_completed", step="check", outcome="passed", reviewer="Li Wei", note="all fine")
ASKED = told(
    "review.materials_requested",
    materials=[{"code": "income", "why": "unreadable"}, {"code": "lease", "why": "new address"}],
    due_at="2026-11-30T23:00:00+08:00",
)
APPROVED = told("review.approved")
REJECTED = told(
    "review.rejected",
    reasons=[
        {"code": "income_low", "explanation": "3000 short"},
        {"code": "other", "explanation": "see letter"},
    ],
    may_resubmit=True,
)
RESUBMITTED = told("application.resubmitted", materials=["assets"], changes="lower amount")
DELIVERING = told(
    "delivery.started",
    plan=[
        {"step": "sign", "promised_at": "2026-11-05T09:00:00+08:00"},
        {"step": "card", "promised_at": "2026-11-06T02:00:00+08:00"},
        {"step": "pay", "promised_at": "2026-11-05T20:00:00+00:00"},
    ],
)
SIGNED = told("delivery.step_completed", step="sign", by="Zhao")
DELAYED = told("delivery.delayed", reason="stamp missing", new_promise="2026-11-08T18:00:00+08:00")
DELIVERED = told("delivery.completed")


def after(*history: Told) -> Given:
    """Fold a history of the application."""
    return given(projection(PROCESSES), *history)


def answer_after(*history: Told, language: Language = "en") -> dict[str, Any]:
    """Return what the customer is told after a history."""
    return after(*history).answer(NUMBER, language)


def statuses_after(*history: Told) -> dict[str, str]:
    """Return the status of each step after a history."""
    return {step["code"]: step["status"] for step in answer_after(*history)["steps"]}


def waiting(who: str, name: str | None, since: str, what: str | None) -> dict[str, Any]:
    """Return the answer's `waiting_for`; `since` is an hour of the first day."""
    return {"who": who, "name": name, "since": f"2026-11-02T{since}:00:00.000000Z", "for": what}
