"""Invented customer journeys over all channels and stages: lawful, and the same for the same seed."""

import heapq
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from api.cli.mapping_rules import CloudEvent
from api.cli.simulation.applications import apply_for
from api.cli.simulation.complaints import complain
from api.cli.simulation.consultations import ask, care_for, get_to_know, look_around, move_house
from api.cli.simulation.deliveries import ask_for_help, deliver, give_feedback
from api.cli.simulation.diary import Diary, Entry, Run
from journey.process_definition import ProcessDefinition
from journey.processes import load_definitions
from journey.words import Language

ARRIVALS = timedelta(days=75)
"""In the course of this time after the start the customers arrive."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

_WANTED = {
    "mass": {"personal-loan": 55, "credit-card": 45},
    "affluent": {"wealth-account": 50, "credit-card": 30, "personal-loan": 20},
    "private": {"wealth-account": 80, "credit-card": 20},
    "small-business": {"warehouse-receipt-financing": 70, "personal-loan": 30},
}
"""Which products the customers of a segment want, in per cent."""


def simulate(
    seed: int, customers: int, language: Language, start: date, until: datetime | None = None
) -> Iterator[CloudEvent]:
    """Yield the events of so many customers in the order of time, none of them later than `until`.

    What happens follows from `seed`, `language`, `start` and the shipped process definitions alone: a later
    `until` continues the same journeys, and fewer `customers` are the first of more.
    """
    products = {definition.product: definition for definition in load_definitions().products()}
    run = Run(seed=seed, language=language, start=start, products=products)
    diaries = (Diary(run, number) for number in range(1, customers + 1))
    # All arrivals are drawn before any journey, so that memory holds only the journeys under way.
    arrivals = sorted((_arrival(diary), diary.number) for diary in diaries)
    waiting: list[tuple[datetime, str, CloudEvent]] = []
    for arrival, number in arrivals:
        while waiting and waiting[0][0] <= arrival:
            yield heapq.heappop(waiting)[2]
        if until is not None and arrival > until:
            break
        for at, event in _live(Diary(run, number)):
            if until is None or at <= until:
                heapq.heappush(waiting, (at, event["id"], event))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _arrival(diary: Diary) -> datetime:
    seconds = diary.random.randrange(int(ARRIVALS.total_seconds()))
    return diary.run.midnight + timedelta(seconds=seconds)


def _live(diary: Diary) -> list[Entry]:
    """Live through one customer's journey and return what happened."""
    now = get_to_know(diary, _arrival(diary))
    now = look_around(diary, now, diary.random.randint(1, 5))
    wanted = _wanted(diary)
    if diary.chance(0.7):
        now = ask(diary, now + HOUR, wanted.product)
    if diary.chance(0.85):
        now = _apply(diary, now + 2 * HOUR, wanted)
    elif diary.chance(0.2):
        complain(diary, now + DAY, None)
    look_around(diary, now, diary.random.randint(1, 6))
    if diary.chance(0.5):
        care_for(diary, now + diary.random.randint(2, 20) * DAY)
    if diary.chance(0.1):
        move_house(diary, now + diary.random.randint(5, 40) * DAY)
    if diary.chance(0.15):
        _apply(diary, now + diary.random.randint(10, 30) * DAY, _wanted(diary))
    return diary.events()


def _wanted(diary: Diary) -> ProcessDefinition:
    shares = _WANTED[diary.person.segment]
    return diary.run.products[diary.random.choices(list(shares), list(shares.values()))[0]]


def _apply(diary: Diary, at: datetime, definition: ProcessDefinition) -> datetime:
    """Apply for a product, and live with how it ends."""
    scene, outcome = apply_for(diary, at, definition)
    number = str(scene.case)
    trouble = deliver(scene, definition) if outcome == "approved" else False
    if outcome == "approved":
        give_feedback(diary, scene.now + HOUR, number)
    if trouble and diary.chance(0.45):
        complaint = complain(diary, scene.now + 6 * HOUR, number, "delay")
        give_feedback(diary, complaint.now + DAY, str(complaint.case))
    elif diary.chance(0.25 if outcome == "rejected" else 0.04):
        complain(diary, scene.now + DAY, number)
    if outcome == "approved" and diary.chance(0.3):
        ask_for_help(diary, scene.now + diary.random.randint(2, 15) * DAY, definition.product)
    return scene.now
