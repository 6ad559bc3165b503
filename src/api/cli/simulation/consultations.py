"""Scenes before and around an application: looking around, asking, being looked after."""

from datetime import datetime, timedelta

from api.cli.simulation import people, phrases
from api.cli.simulation.diary import Diary, Scene
from journey.touchpoints.touchpoint import Channel
from journey.words import Words

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

_ASKING: tuple[Channel, ...] = ("phone", "phone", "chat", "chat", "counter", "mobile", "web", "email")
_LOOKING: tuple[tuple[Channel, str, str], ...] = (
    ("mobile", "app.login", "login"),
    ("mobile", "app.login", "login"),
    ("web", "page.view", "view"),
    ("counter", "branch.visit", "visit"),
    ("social", "post.read", "read"),
)


def get_to_know(diary: Diary, at: datetime) -> datetime:
    """Register the customer at a counter, online or by a partner."""
    channel: Channel = diary.one_of(("counter", "mobile", "web", "partner"))
    scene = diary.scene(at, channel)
    scene.tell("customer.registered", {**diary.person.registered, "since": f"{scene.now:%Y-%m-%d}"})
    if diary.chance(0.3):
        scene.wait(MINUTE, 30 * MINUTE)
        alias = f"wx-{diary.random.randrange(10**8):08}"
        scene.tell("customer.alias_added", {"alias": f"{diary.run.name}-{alias}"}, "social")
    return scene.now


def look_around(diary: Diary, at: datetime, times: int) -> datetime:
    """Let the customer sign in, read pages and drop in, in the course of a few days."""
    scene = diary.scene(at, "mobile")
    for _ in range(times):
        scene.wait(HOUR, 30 * HOUR)
        channel, touchpoint, action = diary.one_of(_LOOKING)
        failed = touchpoint == "app.login" and diary.chance(0.06)
        data = {"touchpoint": touchpoint, "action": action, "outcome": "failed" if failed else "ok"}
        scene.tell("interaction.recorded", {**data, "duration_s": diary.random.randint(5, 900)}, channel)
    return scene.now


def ask(diary: Diary, at: datetime, product: str) -> datetime:
    """Let the customer ask about a product, and be answered, give up, or find the answer alone."""
    asked = diary.one_of(phrases.QUESTIONS[product])
    channel = diary.one_of(_ASKING)
    scene = diary.scene(at, channel, diary.new_case("CON"))
    if diary.chance(0.15):
        article = f"faq/{asked.topic}"
        scene.tell("consultation.self_served", {"article": article, "helpful": diary.chance(0.8)}, "web")
        return scene.now
    data = {"topic": asked.topic, "category": asked.category, "product": product}
    priority = "vip" if diary.person.segment == "private" else "normal"
    scene.tell(
        "consultation.requested", {**data, "question": diary.say(asked.question), "priority": priority}
    )
    _wait_for_agent(scene, slow=channel == "email")
    if diary.chance(0.1):
        reason = diary.one_of(phrases.ABANDONED)
        scene.tell("consultation.abandoned", {"waited_reason": reason})
        diary.mood -= 0.5
        return scene.now
    _talk(scene, phrases.TRANSFERRED, asked, diary)
    return scene.now


def _wait_for_agent(scene: Scene, *, slow: bool) -> None:
    scene.wait(5 * SECOND, 90 * SECOND)
    diary = scene.diary
    if diary.chance(0.75):
        agent = diary.one_of(people.STAFF[diary.run.language])
        scene.tell("consultation.assigned", {"agent": agent, "team": "customer-service"})
    if slow:
        scene.work(HOUR, 20 * HOUR)
    else:
        scene.wait(10 * SECOND, 9 * MINUTE)


def _talk(scene: Scene, reasons: tuple[Words, ...], asked: phrases.Question, diary: Diary) -> None:
    agent = diary.one_of(people.STAFF[diary.run.language])
    scene.tell("consultation.answered", {"agent": agent}, staff=agent)
    scene.wait(MINUTE, 12 * MINUTE)
    passed_on = diary.chance(0.15)
    if passed_on:
        reason = diary.say(diary.one_of(reasons))
        scene.tell("consultation.transferred", {"to_team": f"{asked.category}-specialists", "reason": reason})
        scene.wait(MINUTE, 15 * MINUTE)
        agent = diary.one_of(people.STAFF[diary.run.language])
        scene.tell("consultation.answered", {"agent": agent}, staff=agent)
        scene.wait(2 * MINUTE, 15 * MINUTE)
        diary.mood -= 0.3
    data = {"outcome": "answered", "first_contact": not passed_on, "answer": diary.say(asked.answer)}
    scene.tell("consultation.resolved", data, staff=agent)
    diary.mood += 0.2


def care_for(diary: Diary, at: datetime) -> None:
    """Get in touch with the customer, who may respond."""
    scene = diary.scene(at, diary.one_of(("mobile", "phone", "social")))
    kind, campaign = diary.one_of(
        (
            ("greeting", "mid-autumn"),
            ("offer", "renovation-season"),
            ("salon", "wealth-evening"),
            ("reminder", "first-instalment"),
            ("education", "know-the-fraudsters"),
        )
    )
    scene.tell("care.contacted", {"kind": kind, "campaign": campaign})
    if diary.chance(0.4):
        scene.wait(5 * MINUTE, 2 * DAY)
        scene.tell(
            "care.responded", {"kind": kind, "response": diary.one_of(("thanks", "interested", "declined"))}
        )


def move_house(diary: Diary, at: datetime) -> None:
    """Let the customer tell a new address."""
    scene = diary.scene(at, diary.one_of(("counter", "mobile")))
    scene.tell("customer.profile_changed", {"address": people.street(diary.random, diary.run.language)})
