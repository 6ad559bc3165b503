"""Review progress: applications without a definition, deviations, and the rows."""

import hypothesis
import pytest
from hypothesis import strategies as st

from projections.application_changes import HANDLED
from projections.review_progress import projection
from tests.projections.applications import (
    APPROVED,
    ASKED,
    CHECKED,
    DELIVERED,
    DELIVERING,
    NUMBER,
    REJECTED,
    REVIEWED,
    SIGNED,
    STAMP,
    STARTED,
    SUBMITTED,
    after,
    answer_after,
    told,
)
from tests.projections.specs import PROCESSES, Given, Told, fold, histories, recorded


class TestWithoutDefinition:
    UNKNOWN = Told(type="application.submitted", data={"product": "gold_bar"}, case=NUMBER)

    @pytest.mark.parametrize(
        ("history", "percent"),
        [
            ([Told(type="application.started", data={"product": "gold_bar"}, case=NUMBER)], 0),
            ([], 10),
            ([REVIEWED], 30),
            ([REVIEWED, ASKED], 30),
            ([REVIEWED, APPROVED], 70),
            ([REVIEWED, APPROVED, DELIVERING], 80),
            ([REVIEWED, APPROVED, DELIVERING, DELIVERED], 100),
            ([REVIEWED, REJECTED], 30),
            ([REVIEWED, APPROVED, DELIVERING, told("delivery.failed", reason="r")], 80),
            ([told("application.withdrawn", reason="r")], 10),
        ],
    )
    def test_the_state_alone_tells_how_far_it_is(self, history: list[Told], percent: int) -> None:
        """One that is closed keeps what it had reached."""
        assert answer_after(self.UNKNOWN, *history)["percent"] == percent

    def test_the_steps_are_those_that_happened_or_were_promised(self) -> None:
        """The product goes by its code, no finish is known."""
        answer = answer_after(self.UNKNOWN, REVIEWED, CHECKED, APPROVED, told("delivery.started"), SIGNED)

        assert [(step["code"], step["stage"]) for step in answer["steps"]] == [
            ("check", "review"),
            ("sign", "delivery"),
        ]
        assert (answer["product_name"], answer["process"]) == ("gold_bar", None)
        assert answer["expected_finish"] is None
        assert answer["waiting_for"]["name"] == "the institution"

    def test_a_change_of_product_leaves_the_process_of_the_former_one(self) -> None:
        """The steps of another product would be a false promise."""
        answer = answer_after(STARTED, self.UNKNOWN)

        assert (answer["product"], answer["process"], answer["steps"]) == ("gold_bar", None, [])

    def test_materials_go_by_their_codes(self) -> None:
        """There is no checklist to compare with."""
        added = told("application.material_added", material="photo", reference="r")

        assert answer_after(self.UNKNOWN, added)["materials"] == {
            "checklist": [
                {"code": "photo", "name": "photo", "required": False, "handed_in": True, "hint": None}
            ],
            "missing": [],
        }


class TestDeviations:
    def test_they_are_counted_and_the_state_moves_all_the_same(self) -> None:
        """A review that nobody saw submitted has a first round without a time."""
        unlawful = told(
            "review.started", deviation="in -, expected application.started", reviewer="Li Wei", team="credit"
        )

        answer = answer_after(unlawful)

        assert (answer["deviations"], answer["state"], answer["product"]) == (1, "in_review", None)
        assert answer["rounds"] == [
            {"round": 1, "submitted_at": None, "decided_at": None, "outcome": None, "reasons": []}
        ]

    def test_a_submission_after_the_review_began_fills_the_round_in(self) -> None:
        """A late event finds its place."""
        answer = answer_after(REVIEWED, SUBMITTED)

        assert len(answer["rounds"]) == 1
        assert answer["submitted_at"] == "2026-11-02T13:00:00.000000Z"

    def test_a_submission_after_a_decision_begins_a_round(self) -> None:
        """Whatever it is called."""
        assert answer_after(SUBMITTED, REVIEWED, REJECTED, SUBMITTED)["round"] == 2

    def test_an_application_of_which_only_an_offer_is_known_has_no_state_yet(self) -> None:
        """The customer is told so."""
        answer = answer_after(told("offer.made", offer="O-1"), language="zh")

        assert (answer["state"], answer["state_name"], answer["percent"]) == (None, "状态待确认", 0)
        assert answer["waiting_for"]["who"] == "nobody"
        assert answer["next"] == "该笔申请记录尚不完整，请向客户经理或客服核实办理进度。"

    def test_a_delivery_that_fails_and_goes_on_is_delivered_in_the_end(self) -> None:
        """The failure is forgotten with the completion."""
        failed = told("delivery.failed", reason="r")

        answer = answer_after(SUBMITTED, APPROVED, DELIVERING, failed, DELIVERED)

        assert (answer["state"], answer["delivery"]["failure"]) == ("delivered", None)


class TestRows:
    def test_a_row_has_the_columns_that_lists_filter_by(self) -> None:
        """They agree with the answer."""
        found = after(SUBMITTED, REVIEWED)
        row = found.rows[NUMBER]

        assert (row["number"], row["stream_id"], row["product"]) == (NUMBER, "c-1", "loan")
        assert (row["case_state"], row["updated_at"]) == ("in_review", "2026-11-02T13:00:00.000000Z")
        assert row["position"] == 20
        found.then(NUMBER, version=2, position=20)

    def test_only_events_of_applications_touch_a_row(self) -> None:
        """Other kinds of case, other streams and events without a case stay out."""
        ticket = Told(type="ticket.confirmed", data={"solved": True}, case="TKT-1")
        homeless = Told(type="review.approved")
        improvement = Told(type="review.approved", case="APP-9", customer="improvement:1")

        after(SUBMITTED, ticket, homeless, improvement).then(NUMBER, version=1)
        assert list(after(SUBMITTED, ticket, homeless, improvement).rows) == [NUMBER]

    def test_each_application_has_a_row_of_its_own(self) -> None:
        """Also when one customer has several."""
        other = Told(type="application.started", data={"product": "loan"}, case="APP-2", process=STAMP)

        after(SUBMITTED, other, REVIEWED).then(NUMBER, state="in_review").then("APP-2", state="draft")


@hypothesis.settings(deadline=None)
@hypothesis.given(history=histories(HANDLED), cuts=st.sets(st.integers(1, 12)))
def test_whatever_happens_an_application_is_told_consistently(history: list[Told], cuts: set[int]) -> None:
    """A hundred percent means delivered, at most one step runs, and nothing is left to fill in."""
    events = recorded(*history)
    rows = fold(projection(PROCESSES), events)
    given = Given(projection(PROCESSES), rows)
    english, chinese = given.answer(NUMBER), given.answer(NUMBER, "zh")
    statuses = [step["status"] for step in english["steps"]]

    assert rows == fold(projection(PROCESSES), events, cuts)
    assert english["percent"] in range(101)
    assert (english["percent"] == 100) == (english["state"] == "delivered")
    assert statuses.count("current") <= 1
    assert statuses == [step["status"] for step in chinese["steps"]]
    assert english["next"]
    assert english["next"] != chinese["next"]
