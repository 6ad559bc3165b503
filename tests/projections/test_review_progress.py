"""Review progress: an application from the draft to the decision, in both languages."""

import pytest

from tests.projections.applications import (
    ASKED,
    CHECKED,
    NUMBER,
    REVIEWED,
    STAMP,
    STARTED,
    SUBMITTED,
    after,
    answer_after,
    statuses_after,
    told,
    waiting,
)
from tests.projections.specs import Told


class TestDraft:
    def test_the_whole_process_is_shown_before_it_runs(self) -> None:
        """Each step says who is responsible, how long it takes and what to mind."""
        answer = answer_after(STARTED)

        assert answer["steps"][0] == {
            "code": "submit",
            "name": "Submit",
            "stage": "application",
            "owner": "Applicant",
            "mind": "Originals.",
            "takes": "PT1H",
            "status": "current",
            "by": None,
            "at": None,
            "promised_at": None,
        }
        assert [step["status"] for step in answer["steps"]] == ["current"] + ["to_come"] * 4
        assert answer["percent"] == 0

    def test_the_customer_is_told_what_is_missing(self) -> None:
        """The checklist shows what is handed in; what is required and absent is missing."""
        answer = answer_after(
            STARTED, told("application.material_added", material="id_card", reference="doc-1")
        )

        assert answer["materials"] == {
            "checklist": [
                {
                    "code": "id_card",
                    "name": "Identity card",
                    "required": True,
                    "handed_in": True,
                    "hint": "Valid.",
                },
                {
                    "code": "income",
                    "name": "Proof of income",
                    "required": True,
                    "handed_in": False,
                    "hint": "Sealed.",
                },
                {
                    "code": "assets",
                    "name": "Proof of assets",
                    "required": False,
                    "handed_in": False,
                    "hint": "Your own.",
                },
            ],
            "missing": [{"code": "income", "name": "Proof of income", "hint": "Sealed."}],
        }
        assert answer["next"] == "Hand in what is missing (Proof of income) and submit your application."
        assert answer["waiting_for"] == waiting("customer", "you", "12", "your completed application")

    def test_a_complete_draft_only_has_to_be_submitted(self) -> None:
        """Nothing is missing any more."""
        added = [
            told("application.material_added", material=code, reference="r") for code in ("id_card", "income")
        ]

        assert answer_after(STARTED, *added)["next"] == "Complete your application and submit it."
        assert answer_after(STARTED, *added, language="zh")["next"] == "请完善申请信息后提交。"

    def test_a_draft_has_no_round_that_ends_when_it_is_withdrawn(self) -> None:
        """Nothing was submitted."""
        answer = answer_after(STARTED, told("application.withdrawn", reason="r"))

        assert (answer["state"], answer["rounds"], answer["percent"]) == ("withdrawn", [], 0)
        assert "current" not in {step["status"] for step in answer["steps"]}
        assert answer["materials"]["missing"] == []


class TestReview:
    def test_a_submitted_application_is_told_in_english(self) -> None:
        """The facts of the application, and whose turn it is."""
        after(STARTED, SUBMITTED).then(
            NUMBER,
            number=NUMBER,
            customer="c-1",
            product="loan",
            product_name="Loan",
            state="submitted",
            state_name="Submitted",
            process=STAMP,
            round=1,
            percent=20,
            opened_at="2026-11-02T12:00:00.000000Z",
            submitted_at="2026-11-02T13:00:00.000000Z",
            updated_at="2026-11-02T13:00:00.000000Z",
            waiting_for=waiting("institution", "Branch", "13", "the review to begin"),
            rejection=None,
            delivery=None,
            offers=[],
            # two review steps of one and two days, then one day and twelve hours of delivery
            expected_finish="2026-11-07T01:00:00.000000Z",
            deviations=0,
            version=2,
            position=20,
            next="We have received your application; the review begins next.",
        )

    def test_a_submitted_application_is_told_in_chinese(self) -> None:
        """Only the words for people differ."""
        rows = after(STARTED, SUBMITTED).then(
            NUMBER,
            "zh",
            product_name="贷款",
            state="submitted",
            state_name="已提交",
            next="我行已收到您的申请，即将进入审批。",
        )
        answer = rows.answer(NUMBER, "zh")

        assert answer["waiting_for"]["for"] == "受理申请并开始审批"
        assert answer["steps"][1]["name"] == "资料核验"
        assert answer["steps"][1]["mind"] == "保持电话畅通。"

    def test_an_application_submitted_without_required_materials_still_shows_them_as_missing(self) -> None:
        """The definition does not enforce them."""
        bare = Told(type="application.submitted", data={"product": "loan"}, case=NUMBER, process=STAMP)

        answer = answer_after(bare, language="zh")

        assert answer["next"] == "我行已收到您的申请，请尽快补交以下材料：身份证、收入证明。"

    def test_the_reviewer_who_started_holds_the_ball(self) -> None:
        """The running step says what is waited for."""
        answer = answer_after(SUBMITTED, REVIEWED)

        assert answer["waiting_for"] == waiting("institution", "Li Wei", "13", "Check")
        assert answer["next"] == "The review is under way: Check (responsible: Branch)."
        assert answer_after(SUBMITTED, REVIEWED, language="zh")["next"] == (
            "申请正在审批中，当前环节：资料核验（受理网点负责）。"
        )

    def test_a_passed_step_is_done_and_the_next_one_runs(self) -> None:
        """It says who did it, when, and what was noted."""
        answer = answer_after(SUBMITTED, REVIEWED, CHECKED)
        check = answer["steps"][1]

        assert (check["status"], check["by"], check["note"]) == ("done", "Li Wei", "all fine")
        assert check["at"] == "2026-11-02T14:00:00.000000Z"
        assert answer["steps"][2]["status"] == "current"
        assert answer["percent"] == 40
        assert answer["waiting_for"]["since"] == "2026-11-02T13:00:00.000000Z"

    @pytest.mark.parametrize(("outcome", "status"), [("failed", "failed"), ("waived", "skipped")])
    def test_a_step_with_another_outcome_is_settled_too(self, outcome: str, status: str) -> None:
        """The next step runs all the same."""
        step = told("review.step_completed", step="check", outcome=outcome, reviewer="Li Wei")

        statuses = statuses_after(SUBMITTED, REVIEWED, step)

        assert (statuses["check"], statuses["decide"]) == (status, "current")
        assert answer_after(SUBMITTED, REVIEWED, step)["percent"] == 40

    def test_a_step_that_is_examined_again_has_its_latest_outcome(self) -> None:
        """It counts once."""
        failed = told("review.step_completed", step="check", outcome="failed", reviewer="Li Wei")

        assert statuses_after(SUBMITTED, REVIEWED, failed, CHECKED)["check"] == "done"
        assert len(statuses_after(SUBMITTED, REVIEWED, failed, CHECKED)) == 5

    def test_a_step_that_the_definition_does_not_know_ends_its_stage(self) -> None:
        """Its code is its name, and it does not count for the percentage."""
        extra = told("review.step_completed", step="video call", outcome="passed", reviewer="Li Wei")

        answer = answer_after(SUBMITTED, REVIEWED, extra)

        assert [step["code"] for step in answer["steps"]] == [
            "submit",
            "check",
            "decide",
            "video call",
            "sign",
            "pay",
        ]
        assert answer["steps"][3]["name"] == "video call"
        assert (answer["steps"][3]["owner"], answer["steps"][3]["takes"]) == (None, None)
        assert answer["percent"] == 20

    def test_when_all_steps_are_done_the_decision_is_waited_for(self) -> None:
        """No step runs any more."""
        decided = told("review.step_completed", step="decide", outcome="passed", reviewer="Li Wei")

        answer = answer_after(SUBMITTED, REVIEWED, CHECKED, decided)

        assert answer["waiting_for"]["for"] == "the decision"
        assert answer["next"] == "The review is under way; the decision comes next."

    def test_an_expected_finish_never_moves_before_a_late_event(self) -> None:
        """The latest of the events counts, not the last one recorded."""
        late = told(
            "review.step_completed",
            at="2026-11-01T00:00:00Z",
            step="check",
            outcome="passed",
            reviewer="Li Wei",
        )

        answer = answer_after(SUBMITTED, REVIEWED, late)

        assert answer["updated_at"] == "2026-11-02T13:00:00.000000Z"
        assert answer["expected_finish"] == "2026-11-06T01:00:00.000000Z"

    def test_at_the_end_of_the_calendar_no_finish_is_expected(self) -> None:
        """There is no room for the steps to come."""
        last = told("review.started", at="9999-12-31T00:00:00Z", reviewer="Li Wei", team="credit")

        assert answer_after(SUBMITTED, last)["expected_finish"] is None


class TestSupplement:
    def test_what_the_reviewer_asks_for_is_missing_with_the_reason(self) -> None:
        """Also what was handed in before, and what the checklist does not know."""
        answer = answer_after(SUBMITTED, REVIEWED, ASKED)

        assert answer["state"] == "supplementing"
        assert answer["materials"]["missing"] == [
            {"code": "income", "name": "Proof of income", "hint": "Sealed.", "why": "unreadable"},
            {"code": "lease", "name": "lease", "hint": None, "why": "new address"},
        ]
        assert answer["materials"]["due_at"] == "2026-11-30T15:00:00.000000Z"
        checklist = {entry["code"]: entry["handed_in"] for entry in answer["materials"]["checklist"]}
        assert checklist == {"id_card": True, "income": False, "assets": False, "lease": False}
        assert answer["waiting_for"] == waiting("customer", "you", "14", "the materials asked for")

    def test_the_customer_is_told_what_to_hand_in_and_by_when(self) -> None:
        """The day is the one in the time zone of the institution."""
        english, chinese = answer_after(SUBMITTED, ASKED), answer_after(SUBMITTED, ASKED, language="zh")

        assert english["next"] == "Please hand in by 2026-11-30: Proof of income, lease."
        assert chinese["next"] == "请于2026年11月30日前补交以下材料：收入证明、lease。"

    def test_what_is_handed_in_one_by_one_is_no_longer_missing(self) -> None:
        """When all has arrived, only the confirmation is."""
        income = told("application.material_added", material="income", reference="r")
        lease = told("application.material_added", material="lease", reference="r")

        one = answer_after(SUBMITTED, REVIEWED, ASKED, income)
        both = answer_after(SUBMITTED, REVIEWED, ASKED, income, lease)

        assert [material["code"] for material in one["materials"]["missing"]] == ["lease"]
        assert both["materials"]["missing"] == []
        assert "due_at" not in both["materials"]
        assert both["next"].startswith("All materials that were asked for have arrived")

    def test_the_time_limit_ends_with_the_request_though_other_materials_are_missing(self) -> None:
        """It holds for what the reviewer asked for."""
        bare = Told(type="application.submitted", data={"product": "loan"}, case=NUMBER, process=STAMP)
        answer = answer_after(
            bare, REVIEWED, ASKED, told("application.supplemented", materials=["income", "lease"])
        )

        assert [material["code"] for material in answer["materials"]["missing"]] == ["id_card"]
        assert "due_at" not in answer["materials"]

    def test_a_supplement_takes_the_review_up_again(self) -> None:
        """Whoever names no material says that all is there; whoever names some still owes the others."""
        all_there = answer_after(SUBMITTED, REVIEWED, ASKED, told("application.supplemented"))
        some = answer_after(SUBMITTED, REVIEWED, ASKED, told("application.supplemented", materials=["lease"]))

        assert (all_there["state"], all_there["materials"]["missing"]) == ("in_review", [])
        assert all_there["waiting_for"]["name"] == "Li Wei"
        assert [material["code"] for material in some["materials"]["missing"]] == ["income"]
