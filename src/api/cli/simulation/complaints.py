"""The scene of a complaint: registered, looked into, answered, and accepted, appealed or left unconfirmed."""

from datetime import datetime, timedelta

from api.cli.simulation import grievances, people
from api.cli.simulation.diary import Diary, Scene

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

DAYS_TO_ANSWER = 15
DAYS_WHEN_EXTENDED = 30


def complain(diary: Diary, at: datetime, about: str | None, category: str | None = None) -> Scene:
    """Let the customer complain, of `category` if one is given; return the scene as it ended."""
    fitting = [each for each in grievances.GRIEVANCES if category in (None, each.category)]
    grievance = diary.one_of(fitting)
    scene = diary.scene(
        at, diary.one_of(("phone", "mobile", "counter", "email", "social")), diary.new_case("CMP")
    )
    registered = {"category": grievance.category, "severity": grievance.severity, "about": about}
    told = {"description": diary.say(grievance.description), "contact": diary.person.phone}
    scene.tell("complaint.registered", {**registered, **told})
    scene.wait(5 * MINUTE, 5 * HOUR)
    scene.tell("complaint.acknowledged", {"medium": diary.one_of(("sms", "phone", "app"))}, "system")
    if diary.chance(0.05):
        scene.wait(HOUR, DAY)
        scene.tell("complaint.withdrawn", {"reason": diary.say(grievances.COMPLAINT_WITHDRAWN)})
        return scene
    _handle(scene, grievance)
    _conclude(scene, grievance)
    return scene


def _handle(scene: Scene, grievance: grievances.Grievance) -> None:
    diary = scene.diary
    handler = diary.one_of(people.STAFF[diary.run.language])
    scene.work(10 * MINUTE, 6 * HOUR)
    assigned = {"department": grievance.department, "handler": handler, "due_at": scene.due(DAYS_TO_ANSWER)}
    scene.tell("complaint.assigned", assigned, "system")
    if grievance.severity == "high" and diary.chance(0.3):
        escalated = {"to": diary.one_of(people.STAFF[diary.run.language]), "cause": "severity"}
        scene.tell("complaint.escalated", escalated, "system")
    for kind, detail in (("investigation", grievance.found), ("measure", grievance.measure)):
        scene.work(6 * HOUR, 3 * DAY)
        recorded = {"kind": kind, "detail": diary.say(detail), "by": handler}
        scene.tell("complaint.step_recorded", recorded, "system", handler)
    if diary.chance(0.1):
        scene.work(HOUR, DAY)
        _extend(scene)
        scene.work(4 * DAY, 9 * DAY)
    scene.work(2 * HOUR, 2 * DAY)
    answered = {"result": diary.say(grievance.result), "measures": [diary.say(grievance.measure)]}
    improvement = diary.say(grievances.IMPROVED) if diary.chance(0.3) else None
    medium = diary.one_of(("phone", "sms", "email"))
    scene.tell(
        "complaint.answered", {**answered, "improvement": improvement, "medium": medium}, "phone", handler
    )


def _extend(scene: Scene) -> None:
    diary = scene.diary
    approver = diary.one_of(people.STAFF[diary.run.language])
    extended = {
        "new_due_at": scene.due(DAYS_WHEN_EXTENDED),
        "ground": "complex",
        "reason": diary.say(grievances.EXTENDED),
        "approved_by": approver,
        "level": "department",
        "notice": {"told_at": scene.now.isoformat(timespec="seconds"), "medium": "sms"},
    }
    scene.tell("complaint.extended", extended, "system", approver)


def _conclude(scene: Scene, grievance: grievances.Grievance) -> None:
    diary = scene.diary
    scene.work(4 * HOUR, 3 * DAY)
    if diary.chance(0.2):
        for attempt in range(3):
            scene.tell("complaint.recontacted", {"medium": "phone", "reached": False}, "phone")
            scene.work((1 + attempt) * DAY, (2 + attempt) * DAY)
        closed = {"attempts": 3, "reason": diary.say(grievances.RECONTACT_FAILED)}
        scene.tell("complaint.closed_unconfirmed", closed, "system")
        return
    scene.tell("complaint.recontacted", {"medium": "phone", "reached": True}, "phone")
    scene.wait(MINUTE, 10 * MINUTE)
    if diary.chance(0.15):
        scene.tell("complaint.appealed", {"reason": diary.say(grievances.APPEALED)}, "phone")
        _handle(scene, grievance)
        scene.wait(4 * HOUR, 2 * DAY)
        diary.mood -= 1
    scene.tell("complaint.confirmed", {"satisfied": diary.chance(0.8)}, "phone")
