"""The scene of an application: hand-in, review in one or two rounds, offers, decision."""

from datetime import datetime, timedelta
from typing import Literal

from api.cli.simulation import people, phrases
from api.cli.simulation.diary import Diary, Scene
from journey.process_definition import ProcessDefinition, Step

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

Outcome = Literal["approved", "rejected", "withdrawn"]

_AMOUNTS = {
    "personal-loan": (20, 300),
    "credit-card": (1, 8),
    "wealth-account": (50, 900),
    "warehouse-receipt-financing": (500, 9000),
}
"""Lowest and highest amount, in thousands."""
_WITH_OFFERS = frozenset({"personal-loan", "warehouse-receipt-financing"})


def apply_for(diary: Diary, at: datetime, definition: ProcessDefinition) -> tuple[Scene, Outcome]:
    """Let the customer apply and the institution decide; return the scene as it stands, and how it ended."""
    scene = diary.scene(
        at, diary.one_of(("mobile", "mobile", "web", "counter", "partner")), diary.new_case("APP")
    )
    lacks = diary.chance(0.25)
    _hand_in(scene, definition, lacks=lacks)
    if diary.chance(0.04):
        return _withdraw(scene)
    if not _review(scene, definition, lacks=lacks):
        return _withdraw(scene)
    if diary.chance(0.22) and not _reject_and_retry(scene, definition):
        diary.mood -= 2
        return scene, "rejected"
    terms: str | None = diary.say(phrases.TERMS_PLAIN)
    if definition.product in _WITH_OFFERS:
        terms = _agreed_terms(scene, definition)
    if terms is None:
        return _withdraw(scene)
    _approve(scene, definition, terms)
    return scene, "approved"


def _hand_in(scene: Scene, definition: ProcessDefinition, *, lacks: bool) -> None:
    diary = scene.diary
    required = [material.code for material in definition.materials if material.required]
    handed_in = required[:-1] if lacks and not definition.enforce_materials else required
    if diary.chance(0.6):
        scene.tell("application.started", {"product": definition.product})
        for code in handed_in:
            scene.wait(MINUTE, 40 * MINUTE)
            reference = f"doc-{diary.random.randrange(16**8):08x}"
            scene.tell("application.material_added", {"material": code, "reference": reference})
        scene.wait(5 * MINUTE, 20 * HOUR)
    low, high = _AMOUNTS.get(definition.product, (10, 100))
    data = {
        "product": definition.product,
        "amount": diary.random.randint(low, high) * 1000,
        "materials": handed_in,
    }
    scene.tell("application.submitted", {**data, "currency": "CNY" if diary.run.language == "zh" else "GBP"})


def _review(scene: Scene, definition: ProcessDefinition, *, lacks: bool) -> bool:
    """Go through the steps of the review; tell whether the customer saw it through."""
    scene.work(HOUR, 2 * DAY)
    reviewer = scene.diary.one_of(people.STAFF[scene.diary.run.language])
    scene.tell("review.started", {"reviewer": reviewer, "team": "review"}, "system", reviewer)
    for place, step in enumerate(_steps(definition, "review")[:-1]):
        _pass(scene, step, reviewer)
        if lacks and place == 0 and not _supplement(scene, definition):
            return False
    return True


def _pass(scene: Scene, step: Step, reviewer: str, outcome: str = "passed") -> None:
    diary = scene.diary
    watched = diary.chance(0.3)
    work = {"item": step.code, "resource": reviewer, "team": "review"}
    if watched:
        scene.tell("work.scheduled", work, "system")
    scene.work(step.duration * 0.2, step.duration * 0.7)
    if watched:
        scene.tell("work.started", work, "system", reviewer)
    scene.work(step.duration * 0.1, step.duration * 0.5)
    if watched:
        scene.tell("work.completed", work, "system", reviewer)
    data = {"step": step.code, "outcome": outcome, "reviewer": reviewer}
    scene.tell("review.step_completed", data, "system", reviewer)


def _supplement(scene: Scene, definition: ProcessDefinition) -> bool:
    """Ask for what is missing or of no use; tell whether the customer hands it in."""
    diary = scene.diary
    missing = [material.code for material in definition.materials if material.required][-1]
    why = phrases.DEFECTS if definition.enforce_materials else phrases.MISSING
    wanted = {"code": missing, "why": diary.say(diary.one_of(why))}
    scene.tell("review.materials_requested", {"materials": [wanted], "due_at": scene.due(10)}, "system")
    scene.wait(6 * HOUR, 6 * DAY)
    if diary.chance(0.1):
        return False
    scene.tell("application.supplemented", {"materials": [missing]})
    scene.work(HOUR, DAY)
    return True


def _reject_and_retry(scene: Scene, definition: ProcessDefinition) -> bool:
    """Reject, and review again what is submitted again; tell whether that round can be approved."""
    diary = scene.diary
    may_resubmit = diary.chance(0.75)
    because = _reject(scene, definition, may_resubmit=may_resubmit)
    if not may_resubmit or diary.chance(0.35):
        return False
    scene.wait(DAY, 8 * DAY)
    changes = diary.say(phrases.CHANGES.get(because, phrases.OTHER_CHANGES))
    material = diary.one_of(definition.materials).code
    scene.tell("application.resubmitted", {"materials": [material], "changes": changes})
    _review(scene, definition, lacks=False)
    if diary.chance(0.75):
        return True
    _reject(scene, definition, may_resubmit=False)
    return False


def _reject(scene: Scene, definition: ProcessDefinition, *, may_resubmit: bool) -> str:
    """Reject, and return the code of the first reason."""
    diary = scene.diary
    reviewer = diary.one_of(people.STAFF[diary.run.language])
    _pass(scene, _steps(definition, "review")[-1], reviewer, "failed")
    reasons = diary.random.sample(definition.reasons, k=1 if diary.chance(0.8) else 2)
    told = [{"code": reason.code, "explanation": diary.say(reason.explanation)} for reason in reasons]
    scene.tell("review.rejected", {"reasons": told, "may_resubmit": may_resubmit}, "system", reviewer)
    diary.mood -= 1
    return reasons[0].code


def _agreed_terms(scene: Scene, definition: ProcessDefinition) -> str | None:
    """Make an offer, and a better one where the first is declined; return the terms of the accepted one."""
    diary = scene.diary
    for attempt in (1, 2):
        terms = _terms(diary)
        offer = {"offer": f"{definition.product}-{attempt}"}
        scene.work(10 * MINUTE, 4 * HOUR)
        scene.tell("offer.made", {**offer, "terms": terms}, "system")
        scene.wait(MINUTE, 10 * MINUTE)
        scene.tell("offer.sent", {**offer, "medium": diary.one_of(("app", "email", "letter"))}, "system")
        scene.wait(2 * HOUR, 4 * DAY)
        if diary.chance(0.8):
            if diary.chance(0.3):
                scene.tell("offer.returned", {**offer, "medium": "letter"})
                scene.work(HOUR, DAY)
            scene.tell("offer.accepted", offer)
            return terms
        scene.tell("offer.declined", {**offer, "reason": diary.say(diary.one_of(phrases.DECLINED_OFFER))})
    return None


def _approve(scene: Scene, definition: ProcessDefinition, terms: str) -> None:
    diary = scene.diary
    approver = diary.one_of(people.STAFF[diary.run.language])
    _pass(scene, _steps(definition, "review")[-1], approver)
    scene.wait(MINUTE, 30 * MINUTE)
    scene.tell("review.approved", {"terms": terms, "valid_until": scene.due(30)}, "system", approver)
    diary.mood += 1


def _withdraw(scene: Scene) -> tuple[Scene, Outcome]:
    scene.wait(HOUR, DAY)
    scene.tell("application.withdrawn", {"reason": scene.diary.say(scene.diary.one_of(phrases.WITHDRAWN))})
    scene.diary.mood -= 0.5
    return scene, "withdrawn"


def _terms(diary: Diary) -> str:
    rate = diary.random.choice(("3.45", "3.85", "4.2", "4.9"))
    return diary.say(phrases.TERMS).format(rate=rate, months=diary.random.choice((12, 24, 36)))


def _steps(definition: ProcessDefinition, stage: str) -> list[Step]:
    return [step for step in definition.steps if step.stage == stage]
