"""Improvements: one row each, and what they answer."""

from dataclasses import replace
from typing import Any

import pytest

from projections.improvements import PROJECTION
from projections.work import NEVER
from tests.projections.specs import Told, fold, given, recorded

STREAM = "improvement:IMP-1"
PROMISED: dict[str, Any] = {
    "plan": "more agents at noon",
    "expected_by": "2026-11-30",
    "expected_effect": "half the wait",
}


def _told(type_: str, at: str | None = None, area: Any = None, **data: Any) -> Told:
    whole = {"area": area or {}, **data}
    return Told(type=f"improvement.{type_}", data=whole, case="IMP-1", at=at, customer=STREAM, channel=None)


ANNOUNCED = _told(
    "announced",
    "2026-11-02T20:00:00+08:00",
    {"stage": "consultation", "channel": "phone"},
    **PROMISED,
    answers=["CMP-1", "SVY-1", "CMP-1"],
)
STARTED = _told("started", "2026-11-05T08:00:00+08:00")
COMPLETED = _told("completed", "2026-11-20T08:00:00+08:00")
VERIFIED = _told("verified", "2026-12-20T08:00:00+08:00")


def test_what_was_promised_and_why() -> None:
    """The day is over when the clocks of whoever promised it say so; each case is told once."""
    told = given(PROJECTION, ANNOUNCED)

    told.then(
        "IMP-1",
        number="IMP-1",
        state="announced",
        state_name="Announced",
        turn="institution",
        **PROMISED,
        area={
            "stage": "consultation",
            "stage_name": "Consultation",
            "channel": "phone",
            "channel_name": "Phone",
            "product": None,
        },
        answers=["CMP-1", "SVY-1"],
        since="2026-11-02T12:00:00.000000Z",
    )
    told.then("IMP-1", "zh", state_name="已公布")
    row = told.rows["IMP-1"]
    assert (row["turn"], row["category"], row["channel"]) == ("institution", "consultation", "phone")
    assert (row["due_at"], row["stream_id"]) == ("2026-11-30T16:00:00.000000Z", STREAM)
    assert "2026-11-02T12" < row["warn_at"] < row["due_at"]


@pytest.mark.parametrize(
    ("history", "state", "turn", "due_at"),
    [
        ((ANNOUNCED, STARTED), "in_progress", "institution", "2026-11-30T16:00:00.000000Z"),
        ((ANNOUNCED, STARTED, COMPLETED), "completed", "institution", NEVER),
        ((ANNOUNCED, STARTED, COMPLETED, VERIFIED), "verified", "nobody", NEVER),
    ],
)
def test_how_far_it_has_come(history: tuple[Told, ...], state: str, turn: str, due_at: str) -> None:
    """It is due until it is in effect, and on the list until that was measured."""
    told = given(PROJECTION, *history).then("IMP-1", state=state, turn=turn, **PROMISED)

    row = told.rows["IMP-1"]
    assert (row["case_state"], row["turn"], row["due_at"]) == (state, turn, due_at)
    types = [step["type"] for step in told.answer("IMP-1")["steps"]]
    assert types == [each.type for each in history]


def test_what_a_later_event_tells_holds() -> None:
    """And what it leaves out stays."""
    later = _told("started", "2026-11-05T08:00:00Z", {"product": "card"}, expected_by="2026-12-31")

    told = given(PROJECTION, ANNOUNCED, later)

    told.then("IMP-1", plan=PROMISED["plan"], expected_by="2026-12-31")
    assert told.rows["IMP-1"]["due_at"] == "2027-01-01T00:00:00.000000Z"
    assert (told.rows["IMP-1"]["product"], told.rows["IMP-1"]["category"]) == ("card", "consultation")


def test_what_was_measured() -> None:
    """As somebody recorded it, with the measures named that are known here."""
    figures = [
        {"measure": "waited_p50", "before": 240, "after": 96.5, "before_n": 812, "after_n": 790},
        {"measure": "queue_length", "before": 12, "after": 5},
    ]
    judged = replace(VERIFIED, data={**VERIFIED.data, "figures": figures, "conclusion": "the wait is halved"})

    told = given(PROJECTION, ANNOUNCED, STARTED, COMPLETED, judged)

    named = ({**figures[0], "name": "Waiting time, median"}, {**figures[1], "name": "queue_length"})
    unknown = {"before_n": None, "after_n": None}
    told.then("IMP-1", conclusion="the wait is halved", figures=[named[0], {**named[1], **unknown}])
    told.then("IMP-1", "zh", figures=[{**named[0], "name": "等待时长中位数"}, {**named[1], **unknown}])
    says = told.answer("IMP-1")["steps"][-1]["says"]
    assert says == "The effect of the improvement was measured: the wait is halved"
    given(PROJECTION, ANNOUNCED, VERIFIED).then("IMP-1", conclusion=None, figures=[])


def test_the_last_day_of_the_calendar() -> None:
    """It has no day after it, and so no end."""
    row = given(PROJECTION, _told("announced", **{**PROMISED, "expected_by": "9999-12-31"})).rows["IMP-1"]

    assert row["due_at"] == NEVER


def test_what_was_recorded_before_improvements_were_cases() -> None:
    """The stream tells the number."""
    old = Told(type="improvement.started", data={"area": {}}, customer="improvement:9", channel=None)

    given(PROJECTION, old).then("9", state="in_progress", plan=None, expected_by=None, answers=[])


def test_customers_are_told_no_cases() -> None:
    """They are those of others as well."""
    told = given(PROJECTION, ANNOUNCED)

    assert {"answers", "deviations"}.isdisjoint(told.answer("IMP-1", audience="customer"))


def test_each_case_has_a_row_beside() -> None:
    """One, however often it is told; a state that is put away has none at hand."""
    [announced] = recorded(ANNOUNCED)
    state, archive = PROJECTION.evolve(None, announced), PROJECTION.archive
    assert archive is not None
    assert state is not None

    assert {key: row and row["case_number"] for key, row in archive.rows_of(state).items()} == {
        "CMP-1|IMP-1": "CMP-1",
        "SVY-1|IMP-1": "SVY-1",
    }
    assert archive.rows_of(archive.put_away(state)) == {}
    given(PROJECTION, ANNOUNCED, ANNOUNCED).then("IMP-1", answers=["CMP-1", "SVY-1"])


def test_customers_have_no_row() -> None:
    """Whatever is told of them."""
    assert fold(PROJECTION, recorded(Told(type="ticket.confirmed", data={"solved": True}, case="T-1"))) == {}
