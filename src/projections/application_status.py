"""The status of one application as the customer is told it, in one language."""

from datetime import datetime
from typing import Any, NamedTuple

from journey.process_definition import Material
from journey.processes import ProcessDefinition, expected_finish, missing_materials
from journey.words import Language, Words
from projections.application import Application, Round
from projections.application_prospect import next_sentence, waiting_for
from projections.application_steps import StepProgress, percent_done, steps_of
from projections.application_words import AFTER_REJECTION
from projections.application_work import work_of
from projections.moments import in_utc, utc_text
from projections.names import state_name
from projections.spoken import Spoken, material_told, step_told
from projections.work import NEVER


class MissingMaterial(NamedTuple):
    """One material that the customer is still to hand in."""

    code: str
    definition: Material | None
    why: str | None
    """Why the reviewer asked for it; None where the product's checklist requires it."""

    def name(self, language: Language) -> str:
        """Name the material; one that the checklist does not know goes by its code."""
        return self.definition.name.in_language(language) if self.definition else self.code

    def answer(self, language: Language) -> dict[str, Any]:
        """Tell the material as the read API does."""
        return {
            "code": self.code,
            "name": self.name(language),
            "hint": self.definition.hint.in_language(language) if self.definition else None,
            **({"why": self.why} if self.why is not None else {}),
        }


def answer(application: Application, definition: ProcessDefinition | None, words: Spoken) -> dict[str, Any]:
    """Say how an application stands, as the read API answers, in the words of its definition."""
    language = words.language
    steps = steps_of(application, definition)
    missing = _missing(application, definition)
    names = [material.name(language) for material in missing]
    return {
        "number": application.number,
        "customer": application.customer,
        "product": application.product,
        "product_name": words.product_name or application.product,
        "state": application.state,
        "state_name": state_name("application", application.state, language),
        "process": application.process,
        "round": max(1, len(application.rounds)),
        "percent": percent_done(application, definition, steps),
        "opened_at": application.opened_at,
        "submitted_at": application.round.submitted_at,
        "updated_at": application.updated_at,
        "steps": [step_told(step, words) for step in steps],
        "materials": _materials(application, definition, missing, words),
        "waiting_for": waiting_for(application, steps, language),
        "due_at": _due_at(application, definition),
        "rejection": _rejection(application, definition, language),
        "rounds": [_round(place, told) for place, told in enumerate(application.rounds, start=1)],
        "offers": [
            {"code": offer.code, "status": offer.status, "amount": offer.amount, "at": offer.at}
            for offer in application.offers
        ],
        "delivery": _delivery(application),
        "expected_finish": _expected_finish(application, definition, steps),
        "deviations": application.deviations,
        "next": next_sentence(application, steps, names, language),
        "version": application.version,
        "position": application.position,
    }


def _due_at(application: Application, definition: ProcessDefinition | None) -> str | None:
    """Tell by when whoever holds the ball is to have done their part; None where no limit runs."""
    told = work_of(application, definition).due.due_at
    return None if told == NEVER else told


def _missing(application: Application, definition: ProcessDefinition | None) -> list[MissingMaterial]:
    may_hand_in = application.state in (None, "draft", "submitted", "in_review", "supplementing")
    if not may_hand_in and not (application.state == "rejected" and application.round.may_resubmit):
        return []
    known = {material.code: material for material in definition.materials} if definition else {}
    asked = {request.code: request.why for request in application.requests}
    required = missing_materials(definition, application.materials) if definition else []
    codes = dict.fromkeys((*asked, *(material.code for material in required)))
    return [MissingMaterial(code, known.get(code), asked.get(code)) for code in codes]


def _materials(
    application: Application,
    definition: ProcessDefinition | None,
    missing: list[MissingMaterial],
    words: Spoken,
) -> dict[str, Any]:
    defined = {material.code: material for material in definition.materials} if definition else {}
    asked = {request.code for request in application.requests}
    checklist = []
    for code in dict.fromkeys(
        (*defined, *application.materials, *(request.code for request in application.requests))
    ):
        required = code in asked or (code in defined and defined[code].required)
        handed_in = code in application.materials and code not in asked
        ready = words.materials.get((code, required, handed_in))
        checklist.append(
            ready or material_told(code, None, words.language, required=required, handed_in=handed_in)
        )
    return {
        "checklist": checklist,
        "missing": [material.answer(words.language) for material in missing],
        **({"due_at": in_utc(application.due_at)} if application.due_at and missing else {}),
    }


def _rejection(
    application: Application, definition: ProcessDefinition | None, language: Language
) -> dict[str, Any] | None:
    if application.state != "rejected":
        return None
    known = {reason.code: reason for reason in definition.reasons} if definition else {}
    what_to_do = AFTER_REJECTION[application.round.may_resubmit]
    return {
        "reasons": [
            {
                "code": told.code,
                "explanation": _said(known[told.code].explanation, language)
                if told.code in known
                else told.explanation,
                "what_to_do": _said(known[told.code].remedy if told.code in known else what_to_do, language),
                "reviewer_says": told.explanation,
            }
            for told in application.round.reasons
        ],
        "may_resubmit": application.round.may_resubmit,
        "what_to_do": _said(what_to_do, language),
    }


def _said(words: Words, language: Language) -> str:
    return words.in_language(language)


def _round(place: int, told: Round) -> dict[str, Any]:
    return {
        "round": place,
        "submitted_at": told.submitted_at,
        "decided_at": told.decided_at,
        "outcome": told.outcome,
        "reasons": [reason.code for reason in told.reasons],
    }


def _delivery(application: Application) -> dict[str, Any] | None:
    delivery = application.delivery
    if delivery is None:
        return None
    return {
        "started_at": delivery.started_at,
        "promised_finish": in_utc(application.promised_finish),
        "delays": [
            {"at": delay.at, "reason": delay.reason, "new_promise": in_utc(delay.new_promise)}
            for delay in delivery.delays
        ],
        "completed_at": delivery.completed_at,
        "failure": delivery.failure,
    }


def _expected_finish(
    application: Application, definition: ProcessDefinition | None, steps: list[StepProgress]
) -> str | None:
    """Tell when the application should be finished: as promised, else as long as the steps to come take."""
    if not application.is_open:
        return None
    if application.promised_finish is not None:
        return in_utc(application.promised_finish)
    if definition is None:
        return None
    started_at = datetime.fromisoformat(application.round.submitted_at or application.opened_at)
    settled = [step.code for step in steps if step.status not in ("current", "to_come")]
    try:
        finish = expected_finish(
            definition, started_at, settled, datetime.fromisoformat(application.updated_at)
        )
    except OverflowError:  # the last years of the calendar leave no room for the steps
        return None
    return utc_text(finish)
