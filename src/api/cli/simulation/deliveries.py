"""Scenes after the decision: delivery, questions after the sale, and what the customer thinks of it all."""

from datetime import datetime, timedelta

from api.cli.simulation import grievances, people, phrases
from api.cli.simulation.diary import Diary, Scene
from journey.process_definition import ProcessDefinition
from journey.words import Words

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

_MIDDLING = 3
"""A satisfaction that is neither good nor so low that a policy reacts to it."""


def deliver(scene: Scene, definition: ProcessDefinition) -> bool:
    """Carry out what was approved, step by step; tell whether something went wrong on the way."""
    diary = scene.diary
    steps = [step for step in definition.steps if step.stage == "delivery"]
    scene.work(HOUR, DAY)
    promised, plan = scene.now, []
    for step in steps:
        promised += step.duration
        plan.append({"step": step.code, "promised_at": promised.isoformat(timespec="seconds")})
    scene.tell("delivery.started", {"plan": plan}, "system")
    slow = diary.random.randrange(len(steps)) if diary.chance(0.2) else None
    for place, step in enumerate(steps):
        if place == slow:
            _delay(scene)
        by = diary.one_of(people.STAFF[diary.run.language])
        scene.work(step.duration * 0.3, step.duration * 0.9)
        if place == 0 and diary.chance(0.03):
            scene.tell("delivery.failed", {"reason": diary.say(phrases.FAILED)}, "system", by)
            diary.mood -= 2
            return True
        scene.tell("delivery.step_completed", {"step": step.code, "by": by}, "system", by)
    scene.wait(MINUTE, HOUR)
    scene.tell("delivery.completed", {"handover": diary.say(phrases.HANDOVER)}, "system")
    diary.mood += 1
    return slow is not None


def _delay(scene: Scene) -> None:
    scene.wait(2 * HOUR, DAY)
    reason = scene.diary.say(scene.diary.one_of(phrases.DELAYS))
    scene.tell("delivery.delayed", {"reason": reason, "new_promise": scene.due(5)}, "system")
    scene.work(2 * DAY, 4 * DAY)
    scene.diary.mood -= 1.5


def ask_for_help(diary: Diary, at: datetime, product: str) -> None:
    """Let the customer report a fault after the sale."""
    fault = diary.one_of(grievances.FAULTS)
    scene = diary.scene(at, diary.one_of(("phone", "chat", "mobile")), diary.new_case("TKT"))
    simple = diary.chance(0.6)
    opened = {
        "class": "common" if simple else "complex",
        "product": product,
        "problem": diary.say(fault.problem),
    }
    scene.tell("ticket.opened", {**opened, "contact": diary.person.phone})
    _answer_ticket(scene, fault, simple=simple)
    scene.wait(HOUR, 2 * DAY)
    solved = diary.chance(0.85)
    scene.tell("ticket.confirmed", {"solved": solved})
    if not solved:
        scene.wait(HOUR, DAY)
        scene.tell("ticket.reopened", {"reason": diary.say(grievances.REOPENED)})
        _answer_ticket(scene, fault, simple=False)
        scene.wait(HOUR, 2 * DAY)
        scene.tell("ticket.confirmed", {"solved": True})
        diary.mood -= 0.7


def _answer_ticket(scene: Scene, fault: grievances.Fault, *, simple: bool) -> None:
    diary = scene.diary
    by = diary.one_of(people.STAFF[diary.run.language])
    if simple:
        scene.wait(2 * MINUTE, 20 * MINUTE)
    else:
        scene.wait(5 * MINUTE, HOUR)
        scene.tell("ticket.routed", {"team": fault.team, "reason": diary.say(grievances.ROUTED)}, "system")
        scene.work(3 * HOUR, 3 * DAY)
    data = {"answer": diary.say(fault.answer), "by": by, "first_contact": simple}
    scene.tell("ticket.answered", data, staff=by)


def give_feedback(diary: Diary, at: datetime, about: str) -> None:
    """Ask what the customer thinks, and follow a middling answer up.

    Low scores are left alone: following them up is a policy of the service, and must not happen twice.
    """
    scene = diary.scene(at, diary.one_of(("mobile", "phone", "email")), diary.new_case("SVY"))
    kind, medium = diary.one_of((("questionnaire", "app"), ("questionnaire", "sms"), ("callback", "phone")))
    scene.tell("feedback.invited", {"kind": kind, "about": about, "medium": medium}, "system")
    if diary.chance(0.45):
        return
    scene.wait(10 * MINUTE, 4 * DAY)
    csat = max(1, min(5, round(diary.random.gauss(4 + diary.mood * 0.5, 0.8))))
    nps = max(0, min(10, csat * 2 + diary.random.choice((-1, 0, 0, 1)))) if csat != _MIDDLING else 7
    ces = max(1, min(7, 8 - csat - diary.random.choice((0, 1)))) if csat != _MIDDLING else 4
    comment = diary.say(diary.one_of(_comments(csat))) if diary.chance(0.6) or csat == _MIDDLING else None
    scores = {
        "csat": csat,
        "nps": nps if diary.chance(0.6) else None,
        "ces": ces if diary.chance(0.4) else None,
    }
    scene.tell("feedback.submitted", {**scores, "comment": comment, "about": about})
    if csat == _MIDDLING:
        _follow_up(scene)


def _comments(csat: int) -> tuple[Words, ...]:
    if csat == _MIDDLING:
        return phrases.SO_SO
    return phrases.WELL_DONE if csat > _MIDDLING else phrases.BADLY_DONE


def _follow_up(scene: Scene) -> None:
    diary = scene.diary
    handler = diary.one_of(people.STAFF[diary.run.language])
    scene.work(2 * HOUR, 2 * DAY)
    because = diary.say(phrases.SUGGESTION)
    scene.tell("feedback.follow_up_opened", {"handler": handler, "because": because}, "system", handler)
    scene.work(4 * HOUR, 4 * DAY)
    result, changed = diary.one_of(phrases.FOLLOWED_UP)
    data = {"result": diary.say(result), "changed": diary.say(changed)}
    scene.tell("feedback.follow_up_closed", data, "system", handler)
