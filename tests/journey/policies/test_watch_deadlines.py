"""Limits are warned of before, and told higher up when they have passed."""

from datetime import datetime
from typing import Any

from journey.policies.watch_deadlines import watch_deadlines
from tests.facts import NOON, event, submitted
from tests.journey.moves import started
from tests.journey.policies.happenings import APPLICATION, COMPLAINT, answered, assigned, complaint
from tests.journey.policies.specs import DAY, given, touchpoint

DUE = (NOON + 15 * DAY).replace(hour=23, minute=59, second=59)
WARNED = event("work.scheduled", {"item": "deadline.warning"}, case=COMPLAINT, at=DUE - 3 * DAY)
WARNING = touchpoint("work.scheduled", item="deadline.warning", resource="li", team="cards")
SOON = datetime.fromisoformat("2026-11-25T12:00:00Z")


def escalated(due: datetime = DUE) -> Any:
    """Return what tells somebody higher up."""
    return touchpoint(
        "complaint.escalated", to="head of customer service", cause="overdue", deadline=due.isoformat()
    )


def test_the_handler_is_warned_before_the_limit() -> None:
    """Some days before, as the rule set has it, and once."""
    open_ = given(complaint(), assigned())
    open_.at(DUE - 4 * DAY, watch_deadlines).then()
    open_.at(DUE - 3 * DAY, watch_deadlines).then(WARNING, case=COMPLAINT)
    given(complaint(), assigned(), WARNED).at(DUE - DAY, watch_deadlines).then()


def test_it_is_escalated_at_the_limit() -> None:
    """Once; after a long rest warning and escalation come together, in their order."""
    given(complaint(), assigned(), WARNED).at(DUE, watch_deadlines).then(escalated(), case=COMPLAINT)
    given(complaint(), assigned()).at(DUE + DAY, watch_deadlines).then(WARNING, escalated(), case=COMPLAINT)
    told = event("complaint.escalated", {"to": "x", "cause": "overdue"}, case=COMPLAINT, at=DUE)
    given(complaint(), assigned(), WARNED, told).at(DUE + DAY, watch_deadlines).then()


def test_what_is_answered_is_not_late() -> None:
    """An answer ends it; an appeal begins a limit of its own."""
    history = (complaint(), assigned(), answered())
    given(*history).at(DUE + DAY, watch_deadlines).then()
    appealed = event("complaint.appealed", {"reason": "no"}, case=COMPLAINT)
    later = (NOON + 30 * DAY).replace(hour=23, minute=59, second=59)
    given(*history, appealed, WARNED).at(later, watch_deadlines).then(
        WARNING, escalated(later), case=COMPLAINT
    )


def test_what_stands_still_comes_no_nearer() -> None:
    """While an outside body appraises nobody is warned."""
    notice = {"told_at": NOON.isoformat(), "medium": "sms"}
    paused = event(
        "complaint.suspended", {"cause": "appraisal", "body": "x", "notice": notice}, case=COMPLAINT
    )
    given(complaint(), assigned(), paused).at(DUE + 99 * DAY, watch_deadlines).then()


def test_new_facts_put_the_limit_off() -> None:
    """The warning of the old limit does not count for the new one."""
    facts = event("complaint.facts_added", {"facts": "x"}, case=COMPLAINT, at=NOON + 14 * DAY)
    watched = given(complaint(), assigned(), WARNED, facts)
    watched.at(DUE + DAY, watch_deadlines).then()
    watched.at(DUE + 12 * DAY, watch_deadlines).then(WARNING, case=COMPLAINT)


def test_history_is_not_watched() -> None:
    """An import of last year's complaints escalates nothing."""
    given(complaint(), assigned(), live=False).at(DUE + DAY, watch_deadlines).then()


def test_a_customer_is_reminded_of_materials_before_staff_looks_after_them() -> None:
    """Both once; what is handed in ends it."""
    materials = [{"code": "income_proof", "why": "too old"}]
    asked = event(
        "review.materials_requested", {"materials": materials, "due_at": SOON.isoformat()}, case=APPLICATION
    )
    waiting = given(submitted(case=APPLICATION), started(APPLICATION), asked)
    reminder = touchpoint(
        "notification.requested", template="materials.reminder", language="zh", about=APPLICATION
    )
    overdue = touchpoint("work.scheduled", item="materials.overdue", team="front-desk")

    waiting.at(SOON - 2 * DAY, watch_deadlines).then()
    waiting.at(SOON - DAY, watch_deadlines).then(reminder, case=APPLICATION)
    reminded = event(
        "notification.requested",
        {"template": "materials.reminder", "language": "zh", "about": APPLICATION},
        case=APPLICATION,
        at=SOON - DAY,
    )
    given(*waiting.history, reminded).at(SOON, watch_deadlines).then(overdue, case=APPLICATION)
    handed_in = event("application.supplemented", {"materials": ["income_proof"]}, case=APPLICATION)
    given(*waiting.history, handed_in).at(SOON, watch_deadlines).then()
