"""What is to come for an application: whose turn it is, for what, and what happens next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from journey.touchpoints.touchpoint import fill
from journey.words import Language
from projections.application import Application, Proposal
from projections.application_steps import StepProgress
from projections.application_words import INSTITUTION, LIST_SEPARATOR, NEXT, WAITED_FOR, YOU
from projections.case_words import Party
from projections.moments import day

_TURNS: dict[str | None, Party] = {
    "draft": "customer",
    "submitted": "institution",
    "in_review": "institution",
    "supplementing": "customer",
    "approved": "institution",
    "delivering": "institution",
}


def waiting_for(
    application: Application, steps: Sequence[StepProgress], language: Language
) -> dict[str, Any]:
    """Tell who holds the ball, since when, and what that party is to do."""
    offer = _offer_to_answer(application)
    if offer is not None:
        what = fill(WAITED_FOR["offer"].in_language(language), {"offer": offer.code})
        return _waiting("customer", YOU.in_language(language), offer.at, what)
    party = turn(application)
    if party == "nobody" or application.state is None:
        return _waiting("nobody", None, application.since, None)
    what = WAITED_FOR[application.state].in_language(language)
    if party == "customer":
        return _waiting(party, YOU.in_language(language), application.since, what)
    current = _current(steps)
    name = application.reviewer if application.state == "in_review" else None
    if current is not None:
        name = name or current.owner(language)
        what = what if application.state == "submitted" else current.name(language)
    return _waiting(party, name or INSTITUTION.in_language(language), application.since, what)


def next_sentence(
    application: Application, steps: Sequence[StepProgress], missing: Sequence[str], language: Language
) -> str:
    """Say in one plain sentence what happens next, or what the customer is to do; `missing` are names."""
    current, offer = _current(steps), _offer_to_answer(application)
    told = application.due_at if application.state == "supplementing" else application.promised_finish
    values = {
        "materials": LIST_SEPARATOR.in_language(language).join(missing) or None,
        "step": current.name(language) if current else None,
        "owner": current.owner(language) if current else None,
        "offer": offer.code if offer else None,
        "day": day(datetime.fromisoformat(told)).in_language(language) if told else None,
        "reason": _trouble(application),
    }
    told_values = {name: value for name, value in values.items() if value is not None}
    return fill(NEXT[_situation(application, told_values)].in_language(language), told_values)


def _situation(application: Application, known: dict[str, str]) -> str:
    """Choose the sentence that tells the customer most."""
    situation = state = application.state or "unknown"
    match state:
        case "in_review" | "approved" if "offer" in known:
            situation = "offer"
        case "draft" | "submitted" if "materials" in known:
            situation = f"{state}_missing"
        case "supplementing" if "materials" not in known:
            situation = "supplementing_all"
        case "delivering" if application.delivery is not None and application.delivery.delays:
            situation = "delayed"
        case "in_review" | "approved" | "delivering" if "step" in known:
            situation = f"{state}_step"
        case "rejected" if application.round.may_resubmit:
            situation = "rejected_resubmit"
    return situation


def _trouble(application: Application) -> str | None:
    """Return why a delivery failed or was last delayed."""
    delivery = application.delivery
    if delivery is None:
        return None
    if application.state == "failed":
        return delivery.failure
    return delivery.delays[-1].reason if delivery.delays else None


def turn(application: Application) -> Party:
    """Tell who holds the ball."""
    if application.state == "rejected" and application.round.may_resubmit:
        return "customer"
    return _TURNS.get(application.state, "nobody")


def _offer_to_answer(application: Application) -> Proposal | None:
    """Return the offer that the customer has not yet answered, the latest where there are several."""
    if application.state not in ("in_review", "approved"):
        return None
    return next((offer for offer in reversed(application.offers) if offer.status == "sent"), None)


def _current(steps: Sequence[StepProgress]) -> StepProgress | None:
    return next((step for step in steps if step.status == "current"), None)


def _waiting(who: Party, name: str | None, since: str, what: str | None) -> dict[str, Any]:
    return {"who": who, "name": name, "since": since, "for": what}
