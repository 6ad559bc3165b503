"""The place of an application on work lists: the step that runs, who is at it, and until when."""

from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from journey.lifecycle import lawful_types, next_state
from journey.policies.customer import Customer, evolve
from journey.policies.time_limits import limit_of_step
from projections.moments import utc_text
from projections.review_progress import projection
from projections.work import NEVER
from tests.projections.applications import (
    APPROVED,
    ASKED,
    CHECKED,
    DELAYED,
    DELIVERED,
    DELIVERING,
    REJECTED,
    REVIEWED,
    SIGNED,
    STARTED,
    SUBMITTED,
    after,
    told,
)
from tests.projections.specs import PROCESSES, Told, fold, recorded
from tests.strategies import payloads


def _row(*history: Told) -> dict[str, Any]:
    return dict(after(*history).rows["APP-1"])


def _place(*history: Told) -> tuple[Any, ...]:
    row = _row(*history)
    due = row["due_at"]
    return row["turn"], row["step"], row["team"], row["handler"], None if due == NEVER else due[:13]


def test_a_draft_may_take_all_the_time_there_is() -> None:
    """It is the customer's turn, and nothing is due."""
    assert _place(STARTED) == ("customer", "submit", None, None, None)


def test_a_submission_waits_for_the_first_step_of_the_review() -> None:
    """From then on the step may take as long as the process says."""
    assert _place(SUBMITTED) == ("institution", "check", None, None, "2026-11-03T12")


def test_a_review_is_with_its_reviewer() -> None:
    """A new state begins a new limit; a step that is done the next one's."""
    assert _place(SUBMITTED, REVIEWED) == ("institution", "check", "credit", "Li Wei", "2026-11-03T13")
    assert _place(SUBMITTED, REVIEWED, CHECKED) == (
        "institution",
        "decide",
        "credit",
        "Li Wei",
        "2026-11-04T14",
    )
    assert _row(SUBMITTED, REVIEWED)["warn_at"] == "2026-11-03T08:12:00.000000Z"


def test_materials_are_the_customers_turn_until_the_day_that_was_told() -> None:
    """The reviewer is known still."""
    assert _place(SUBMITTED, REVIEWED, ASKED)[0] == "customer"
    assert _place(SUBMITTED, REVIEWED, ASKED)[3:] == ("Li Wei", "2026-11-30T15")


def test_a_delivery_is_due_as_promised() -> None:
    """Step by step, and after a delay when the new promise says."""
    delivering = (SUBMITTED, REVIEWED, APPROVED, DELIVERING)

    assert _place(*delivering)[1::3] == ("sign", "2026-11-05T01")
    assert _place(*delivering, SIGNED)[1::3] == ("pay", "2026-11-05T20")
    assert _place(*delivering, DELAYED)[1::3] == ("sign", "2026-11-08T10")


def test_a_closed_one_is_nobodys_turn() -> None:
    """Not even where the customer may come again."""
    assert _place(SUBMITTED, REVIEWED, REJECTED)[0::4] == ("nobody", None)
    assert _place(SUBMITTED, REVIEWED, APPROVED, DELIVERING, DELIVERED)[0::4] == ("nobody", None)


def test_a_process_that_nobody_has_defined_has_no_limits() -> None:
    """Nothing is made up."""
    submitted = told("application.submitted", product="unknown")

    assert _place(submitted) == ("institution", None, None, None, None)


def test_the_last_years_of_the_calendar_leave_no_room_for_a_limit() -> None:
    """An event of the year 9999 breaks nothing."""
    late = Told(
        type="application.submitted",
        data={"product": "loan"},
        case="APP-1",
        process="loan@2026-11",
        at="9999-12-31T23:00:00Z",
    )

    assert _place(late)[-1] is None


def test_customers_are_told_until_when_and_not_by_whom() -> None:
    """The limit belongs to the process, which everybody may read."""
    staff = after(SUBMITTED, REVIEWED).answer("APP-1")
    customer = after(SUBMITTED, REVIEWED).answer("APP-1", audience="customer")

    assert staff["due_at"] == customer["due_at"] == "2026-11-03T13:00:00.000000Z"
    assert "Li Wei" not in str(customer)


@st.composite
def lives(draw: st.DrawFn) -> list[Told]:
    """Draw what may lawfully happen to an application for a loan."""
    history: list[Told] = []
    state = None
    for _ in range(draw(st.integers(1, 8))):
        type_ = draw(st.sampled_from(lawful_types("application", state) or ["offer.made"]))
        data = draw(payloads(type_))
        if "product" in data:
            data["product"] = "loan"
        if "step" in data:
            data["step"] = draw(st.sampled_from(["check", "decide", "sign", "pay"]))
        history.append(Told(type=type_, data=data, case="APP-1", process="loan@2026-11"))
        state = next_state("application", state, type_)
    return history


@settings(deadline=None, max_examples=100)
@given(lives())
def test_policies_see_the_limit_that_work_lists_show(history: list[Told]) -> None:
    """Staff is told of exactly what stands on the list as overdue."""
    customer = Customer()
    for event in recorded(*history):
        customer = evolve(customer, event, live=True)
    case = customer.cases["APP-1"]
    assume(case.state != "supplementing")
    limit = limit_of_step(case, PROCESSES)

    shown = fold(projection(PROCESSES), recorded(*history))["APP-1"]["due_at"]
    assert (NEVER if limit is None else utc_text(limit.due_at)) == shown
