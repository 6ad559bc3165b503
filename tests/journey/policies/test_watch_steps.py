"""Steps that take too long are given to staff, and promises that are missed are told to customers."""

from datetime import datetime, timedelta
from typing import Any

from journey.events import Event
from journey.policies.watch_steps import watch_steps
from journey.touchpoints.touchpoint import Touchpoint
from tests.facts import NOON, event, submitted
from tests.journey.moves import approved, started, withdrawn
from tests.journey.policies.happenings import APPLICATION, segment
from tests.journey.policies.specs import DAY, Given, given, touchpoint

HOUR = timedelta(hours=1)
LATE = NOON + 99 * DAY


def loan(*events: Event, live: bool = True) -> Given:
    """Let things happen to a loan that goes by its process, of which the first step may take four hours."""
    history = (submitted(case=APPLICATION), *events)
    return given(*(each._replace(process="personal-loan@2026-11") for each in history), live=live)


def happens(type_: str, at: datetime = NOON, **data: Any) -> Event:
    """Let something happen to the loan."""
    return event(type_, data, case=APPLICATION, at=at)


def checked(at: datetime = NOON) -> Event:
    """Complete the first step of the review, after which the next one may take a day."""
    return happens("review.step_completed", at, step="identity_check", outcome="passed", reviewer="Li")


def delivery(**promised: datetime) -> Event:
    """Begin the delivery, of which steps are promised."""
    plan = [{"step": step, "promised_at": at.isoformat()} for step, at in promised.items()]
    return happens("delivery.started", plan=plan)


def work(item: str, team: str = "front-desk", **more: str) -> Touchpoint:
    """Return what staff is given."""
    return touchpoint("work.scheduled", item=item, team=team, **more)


MISSED = touchpoint(
    "notification.requested", template="delivery.promise-missed", language="zh", about=APPLICATION
)
REVIEWER = work("review.overdue", "T1", resource="Li")
BEGUN = (started(APPLICATION), approved(APPLICATION))


def test_a_review_that_nobody_begins() -> None:
    """The team that looks after applicants has it, when the first step's time is over."""
    loan().at(NOON + 4 * HOUR - timedelta(seconds=1), watch_steps).then()
    loan().at(NOON + 4 * HOUR, watch_steps).then(work("review.overdue"), case=APPLICATION)


def test_a_step_of_a_review_is_given_to_the_reviewer_once() -> None:
    """The next step has a limit of its own; nothing is told to the customer, to whom no day was named."""
    late = loan(started(APPLICATION)).at(NOON + 4 * HOUR, watch_steps).then(REVIEWER, case=APPLICATION)
    told = event("work.scheduled", {"item": "review.overdue"}, case=APPLICATION, at=NOON + 4 * HOUR)
    loan(started(APPLICATION), told).at(LATE, watch_steps).then()

    next_one = loan(started(APPLICATION), told, checked(NOON + 5 * HOUR))
    next_one.at(NOON + 29 * HOUR - timedelta(seconds=1), watch_steps).then()
    again = next_one.at(NOON + 29 * HOUR, watch_steps).then(REVIEWER, case=APPLICATION)
    assert again.wanted[0].key != late.wanted[0].key


def test_what_is_decided_or_waits_for_the_customer_is_not_late() -> None:
    """Materials have a watch of their own."""
    asked = happens(
        "review.materials_requested", materials=[{"code": "x", "why": "y"}], due_at=LATE.isoformat()
    )
    reasons = [{"code": "income", "explanation": "too little"}]
    rejected = happens("review.rejected", reasons=reasons, may_resubmit=True)
    for end in (asked, rejected, withdrawn(APPLICATION)):
        loan(started(APPLICATION), end).at(LATE, watch_steps).then()


def test_another_round_begins_from_the_first_step() -> None:
    """With nobody at it yet."""
    rejected = happens("review.rejected", reasons=[{"code": "income", "explanation": "x"}], may_resubmit=True)
    resubmitted = happens("application.resubmitted", NOON + DAY, changes="x")
    # An import may tell it so.
    once_more = submitted(case=APPLICATION, at=NOON + DAY)
    for begun in (resubmitted, once_more):
        again = loan(started(APPLICATION), checked(), rejected, begun)
        again.at(NOON + DAY + 4 * HOUR, watch_steps).then(work("review.overdue"), case=APPLICATION)


def test_a_promise_that_is_missed_is_told_to_the_customer() -> None:
    """That of the step, else the last of the plan; in the customer's language, and once."""
    planned = delivery(contract_signing=NOON + DAY, disbursement=NOON + 5 * DAY)
    late = loan(*BEGUN, planned)
    late.at(NOON + DAY - HOUR, watch_steps).then()
    late.at(NOON + DAY, watch_steps).then(work("delivery.overdue"), MISSED, case=APPLICATION)
    english = loan(segment("mass"), *BEGUN, planned).at(LATE, watch_steps)
    assert english.wanted[1].touchpoint == MISSED.model_copy(update={"language": "en"})

    signed = happens("delivery.step_completed", NOON + HOUR, step="contract_signing", by="Li")
    without = loan(*BEGUN, planned, signed)
    without.at(NOON + 5 * DAY - HOUR, watch_steps).then()
    without.at(NOON + 5 * DAY, watch_steps).then(work("delivery.overdue"), MISSED, case=APPLICATION)
    told = [
        event("work.scheduled", {"item": "delivery.overdue"}, case=APPLICATION, at=NOON + 5 * DAY),
        event("notification.requested", MISSED.model_dump(), case=APPLICATION, at=NOON + 5 * DAY),
    ]
    loan(*BEGUN, planned, signed, *told).at(LATE, watch_steps).then()


def test_a_delay_that_was_announced_is_the_new_promise() -> None:
    """Kept or missed, like the one before."""
    later = (NOON + 3 * DAY).isoformat()
    delayed = happens("delivery.delayed", reason="registry", new_promise=later)
    moved = loan(*BEGUN, delivery(disbursement=NOON + DAY), delayed)
    moved.at(NOON + 3 * DAY - HOUR, watch_steps).then()
    moved.at(NOON + 3 * DAY, watch_steps).then(work("delivery.overdue"), MISSED, case=APPLICATION)


def test_without_a_promise_nobody_breaks_one() -> None:
    """The process gives a step its time: staff learns of it, the customer was told no day."""
    loan(*BEGUN, delivery()).at(NOON + 2 * DAY, watch_steps).then(work("delivery.overdue"), case=APPLICATION)


def test_what_no_process_describes_has_no_limit_but_a_promise() -> None:
    """Nothing is made up."""
    unknown = (submitted(case=APPLICATION), *BEGUN)
    given(*unknown).at(LATE, watch_steps).then()
    given(*unknown, delivery(disbursement=NOON + DAY)).at(LATE, watch_steps).then(
        work("delivery.overdue"), MISSED, case=APPLICATION
    )
    end = datetime.fromisoformat("9999-12-31T23:00:00Z")
    last = submitted(case=APPLICATION, at=end)._replace(process="personal-loan@2026-11")
    given(last).at(end, watch_steps).then()


def test_history_is_not_watched() -> None:
    """An import of last year's loans gives nobody work."""
    loan(started(APPLICATION), live=False).at(LATE, watch_steps).then()
