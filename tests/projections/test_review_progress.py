"""Review progress: the status of an application, from the draft to the delivery, in both languages."""

from typing import Any

import pytest

from projections.review_progress import projection
from tests.projections.specs import PROCESSES, Given, Told, given

NUMBER = "APP-1"
STAMP = "loan@2026-11"


def _told(type_: str, at: str | None = None, deviation: str | None = None, **data: Any) -> Told:
    return Told(type=type_, data=data, case=NUMBER, at=at, deviation=deviation)


STARTED = Told(type="application.started", data={"product": "loan"}, case=NUMBER, process=STAMP)
SUBMITTED = Told(
    type="application.submitted",
    data={"product": "loan", "materials": ["id_card", "income"]},
    case=NUMBER,
    process=STAMP,
)
REVIEWED = _told("review.started", reviewer="Li Wei", team="credit")
CHECKED = _told("review.step_completed", step="check", outcome="passed", reviewer="Li Wei", note="all fine")
ASKED = _told(
    "review.materials_requested",
    materials=[{"code": "income", "why": "unreadable"}, {"code": "lease", "why": "new address"}],
    due_at="2026-11-30T23:00:00+08:00",
)
APPROVED = _told("review.approved")
REJECTED = _told(
    "review.rejected",
    reasons=[
        {"code": "income_low", "explanation": "3000 short"},
        {"code": "other", "explanation": "see letter"},
    ],
    may_resubmit=True,
)
RESUBMITTED = _told("application.resubmitted", materials=["assets"], changes="lower amount")
DELIVERING = _told(
    "delivery.started",
    plan=[
        {"step": "sign", "promised_at": "2026-11-05T09:00:00+08:00"},
        {"step": "card", "promised_at": "2026-11-06T02:00:00+08:00"},
        {"step": "pay", "promised_at": "2026-11-05T20:00:00+00:00"},
    ],
)
SIGNED = _told("delivery.step_completed", step="sign", by="Zhao")
DELAYED = _told("delivery.delayed", reason="stamp missing", new_promise="2026-11-08T18:00:00+08:00")
DELIVERED = _told("delivery.completed")


def _given(*history: Told) -> Given:
    return given(projection(PROCESSES), *history)


def _answer(*history: Told, language: str = "en") -> dict[str, Any]:
    return _given(*history).answer(NUMBER, language)


def _statuses(*history: Told) -> dict[str, str]:
    return {step["code"]: step["status"] for step in _answer(*history)["steps"]}


def _waiting(who: str, name: str | None, since: str, what: str | None) -> dict[str, Any]:
    return {"who": who, "name": name, "since": f"2026-11-02T{since}:00:00.000000Z", "for": what}


class TestDraft:
    def test_the_whole_process_is_shown_before_it_runs(self) -> None:
        """Each step says who is responsible, how long it takes and what to mind."""
        answer = _answer(STARTED)

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
        answer = _answer(STARTED, _told("application.material_added", material="id_card", reference="doc-1"))

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
        assert answer["waiting_for"] == _waiting("customer", "you", "12", "your completed application")

    def test_a_complete_draft_only_has_to_be_submitted(self) -> None:
        """Nothing is missing any more."""
        added = [
            _told("application.material_added", material=code, reference="r")
            for code in ("id_card", "income")
        ]

        assert _answer(STARTED, *added)["next"] == "Complete your application and submit it."
        assert _answer(STARTED, *added, language="zh")["next"] == "请完善申请信息后提交。"

    def test_a_draft_has_no_round_that_ends_when_it_is_withdrawn(self) -> None:
        """Nothing was submitted."""
        answer = _answer(STARTED, _told("application.withdrawn", reason="r"))

        assert (answer["state"], answer["rounds"], answer["percent"]) == ("withdrawn", [], 0)
        assert "current" not in {step["status"] for step in answer["steps"]}
        assert answer["materials"]["missing"] == []


class TestReview:
    def test_a_submitted_application_is_told_in_english(self) -> None:
        """The facts of the application, and whose turn it is."""
        _given(STARTED, SUBMITTED).then(
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
            waiting_for=_waiting("institution", "Branch", "13", "the review to begin"),
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
        rows = _given(STARTED, SUBMITTED).then(
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

        answer = _answer(bare, language="zh")

        assert answer["next"] == "我行已收到您的申请，请尽快补交以下材料：身份证、收入证明。"

    def test_the_reviewer_who_started_holds_the_ball(self) -> None:
        """The running step says what is waited for."""
        answer = _answer(SUBMITTED, REVIEWED)

        assert answer["waiting_for"] == _waiting("institution", "Li Wei", "13", "Check")
        assert answer["next"] == "The review is under way: Check (responsible: Branch)."
        assert _answer(SUBMITTED, REVIEWED, language="zh")["next"] == (
            "申请正在审批中，当前环节：资料核验（受理网点负责）。"
        )

    def test_a_passed_step_is_done_and_the_next_one_runs(self) -> None:
        """It says who did it, when, and what was noted."""
        answer = _answer(SUBMITTED, REVIEWED, CHECKED)
        check = answer["steps"][1]

        assert (check["status"], check["by"], check["note"]) == ("done", "Li Wei", "all fine")
        assert check["at"] == "2026-11-02T14:00:00.000000Z"
        assert answer["steps"][2]["status"] == "current"
        assert answer["percent"] == 40
        assert answer["waiting_for"]["since"] == "2026-11-02T13:00:00.000000Z"

    @pytest.mark.parametrize(("outcome", "status"), [("failed", "failed"), ("waived", "skipped")])
    def test_a_step_with_another_outcome_is_settled_too(self, outcome: str, status: str) -> None:
        """The next step runs all the same."""
        step = _told("review.step_completed", step="check", outcome=outcome, reviewer="Li Wei")

        statuses = _statuses(SUBMITTED, REVIEWED, step)

        assert (statuses["check"], statuses["decide"]) == (status, "current")
        assert _answer(SUBMITTED, REVIEWED, step)["percent"] == 40

    def test_a_step_that_is_examined_again_has_its_latest_outcome(self) -> None:
        """It counts once."""
        failed = _told("review.step_completed", step="check", outcome="failed", reviewer="Li Wei")

        assert _statuses(SUBMITTED, REVIEWED, failed, CHECKED)["check"] == "done"
        assert len(_statuses(SUBMITTED, REVIEWED, failed, CHECKED)) == 5

    def test_a_step_that_the_definition_does_not_know_ends_its_stage(self) -> None:
        """Its code is its name, and it does not count for the percentage."""
        extra = _told("review.step_completed", step="video call", outcome="passed", reviewer="Li Wei")

        answer = _answer(SUBMITTED, REVIEWED, extra)

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
        decided = _told("review.step_completed", step="decide", outcome="passed", reviewer="Li Wei")

        answer = _answer(SUBMITTED, REVIEWED, CHECKED, decided)

        assert answer["waiting_for"]["for"] == "the decision"
        assert answer["next"] == "The review is under way; the decision comes next."

    def test_an_expected_finish_never_moves_before_a_late_event(self) -> None:
        """The latest of the events counts, not the last one recorded."""
        late = _told(
            "review.step_completed",
            at="2026-11-01T00:00:00Z",
            step="check",
            outcome="passed",
            reviewer="Li Wei",
        )

        answer = _answer(SUBMITTED, REVIEWED, late)

        assert answer["updated_at"] == "2026-11-02T13:00:00.000000Z"
        assert answer["expected_finish"] == "2026-11-06T01:00:00.000000Z"

    def test_at_the_end_of_the_calendar_no_finish_is_expected(self) -> None:
        """There is no room for the steps to come."""
        last = _told("review.started", at="9999-12-31T00:00:00Z", reviewer="Li Wei", team="credit")

        assert _answer(SUBMITTED, last)["expected_finish"] is None


class TestSupplement:
    def test_what_the_reviewer_asks_for_is_missing_with_the_reason(self) -> None:
        """Also what was handed in before, and what the checklist does not know."""
        answer = _answer(SUBMITTED, REVIEWED, ASKED)

        assert answer["state"] == "supplementing"
        assert answer["materials"]["missing"] == [
            {"code": "income", "name": "Proof of income", "hint": "Sealed.", "why": "unreadable"},
            {"code": "lease", "name": "lease", "hint": None, "why": "new address"},
        ]
        assert answer["materials"]["due_at"] == "2026-11-30T15:00:00.000000Z"
        checklist = {entry["code"]: entry["handed_in"] for entry in answer["materials"]["checklist"]}
        assert checklist == {"id_card": True, "income": False, "assets": False, "lease": False}
        assert answer["waiting_for"] == _waiting("customer", "you", "14", "the materials asked for")

    def test_the_customer_is_told_what_to_hand_in_and_by_when(self) -> None:
        """The day is the one in the time zone of the institution."""
        english, chinese = _answer(SUBMITTED, ASKED), _answer(SUBMITTED, ASKED, language="zh")

        assert english["next"] == "Please hand in by 2026-11-30: Proof of income, lease."
        assert chinese["next"] == "请于2026年11月30日前补交以下材料：收入证明、lease。"

    def test_what_is_handed_in_one_by_one_is_no_longer_missing(self) -> None:
        """When all has arrived, only the confirmation is."""
        income = _told("application.material_added", material="income", reference="r")
        lease = _told("application.material_added", material="lease", reference="r")

        one = _answer(SUBMITTED, REVIEWED, ASKED, income)
        both = _answer(SUBMITTED, REVIEWED, ASKED, income, lease)

        assert [material["code"] for material in one["materials"]["missing"]] == ["lease"]
        assert both["materials"]["missing"] == []
        assert "due_at" not in both["materials"]
        assert both["next"].startswith("All materials that were asked for have arrived")

    def test_a_supplement_takes_the_review_up_again(self) -> None:
        """Whoever names no material says that all is there; whoever names some still owes the others."""
        all_there = _answer(SUBMITTED, REVIEWED, ASKED, _told("application.supplemented"))
        some = _answer(SUBMITTED, REVIEWED, ASKED, _told("application.supplemented", materials=["lease"]))

        assert (all_there["state"], all_there["materials"]["missing"]) == ("in_review", [])
        assert all_there["waiting_for"]["name"] == "Li Wei"
        assert [material["code"] for material in some["materials"]["missing"]] == ["income"]


class TestRejection:
    def test_a_rejection_gives_its_reasons_and_what_to_do(self) -> None:
        """In the definition's words where it knows the reason, else in the reviewer's."""
        answer = _answer(SUBMITTED, REVIEWED, CHECKED, REJECTED)
        again = "Mend what the reasons name, then submit the same application again: a new round of review begins."

        assert answer["rejection"] == {
            "reasons": [
                {
                    "code": "income_low",
                    "explanation": "The income is too low.",
                    "what_to_do": "Ask for less.",
                    "reviewer_says": "3000 short",
                },
                {
                    "code": "other",
                    "explanation": "see letter",
                    "what_to_do": again,
                    "reviewer_says": "see letter",
                },
            ],
            "may_resubmit": True,
            "what_to_do": again,
        }
        assert answer["next"] == "Mend what the reasons name, then submit the application again."
        assert answer["waiting_for"]["who"] == "customer"
        assert answer["expected_finish"] is None
        assert answer["percent"] == 40

    def test_a_rejection_is_told_in_chinese(self) -> None:
        """Explanation, remedy and next step."""
        answer = _answer(SUBMITTED, REVIEWED, REJECTED, language="zh")

        assert answer["state_name"] == "审批未通过"
        assert answer["rejection"]["reasons"][0]["explanation"] == "收入不足。"
        assert answer["rejection"]["reasons"][0]["what_to_do"] == "请降低申请金额。"
        assert answer["next"] == "请对照未通过原因补充完善后重新提交申请。"

    def test_a_final_rejection_waits_for_nobody(self) -> None:
        """The application is closed."""
        final = _told("review.rejected", reasons=[{"code": "x", "explanation": "e"}], may_resubmit=False)

        answer = _answer(SUBMITTED, REVIEWED, final)

        assert answer["waiting_for"] == _waiting("nobody", None, "14", None)
        assert answer["rejection"]["what_to_do"].startswith("This application cannot be submitted again")
        assert answer["next"].startswith("This application is closed")
        assert answer["materials"]["missing"] == []

    def test_a_resubmission_begins_a_second_round(self) -> None:
        """The review begins anew, with any reviewer; what was handed in stays."""
        answer = _answer(SUBMITTED, REVIEWED, CHECKED, REJECTED, RESUBMITTED)

        assert (answer["round"], answer["rejection"], answer["percent"]) == (2, None, 20)
        assert answer["rounds"] == [
            {
                "round": 1,
                "submitted_at": "2026-11-02T12:00:00.000000Z",
                "decided_at": "2026-11-02T15:00:00.000000Z",
                "outcome": "rejected",
                "reasons": ["income_low", "other"],
            },
            {
                "round": 2,
                "submitted_at": "2026-11-02T16:00:00.000000Z",
                "decided_at": None,
                "outcome": None,
                "reasons": [],
            },
        ]
        assert answer["steps"][1]["status"] == "current"
        assert all(entry["handed_in"] for entry in answer["materials"]["checklist"])
        assert answer["submitted_at"] == "2026-11-02T16:00:00.000000Z"
        assert answer["waiting_for"]["name"] == "Branch"

    def test_the_second_round_has_its_own_outcome(self) -> None:
        """The first one's stays."""
        answer = _answer(SUBMITTED, REVIEWED, REJECTED, RESUBMITTED, REVIEWED, APPROVED)

        assert [told["outcome"] for told in answer["rounds"]] == ["rejected", "approved"]
        assert (answer["state"], answer["percent"]) == ("approved", 60)

    def test_a_withdrawal_ends_the_round(self) -> None:
        """What was reached stays."""
        answer = _answer(SUBMITTED, REVIEWED, CHECKED, _told("application.withdrawn", reason="r"))

        assert (answer["rounds"][0]["outcome"], answer["percent"]) == ("withdrawn", 40)
        assert answer["waiting_for"]["who"] == "nobody"
        assert answer["next"] == "You withdrew this application; you may apply again at any time."
        assert "current" not in {step["status"] for step in answer["steps"]}


class TestOffers:
    def test_an_offer_that_was_sent_waits_for_the_customer(self) -> None:
        """The amount is kept from the event that told it."""
        made = _told("offer.made", offer="O-1", amount=5000)
        sent = _told("offer.sent", offer="O-1", medium="email")

        answer = _answer(SUBMITTED, REVIEWED, made, sent)

        assert answer["offers"] == [
            {"code": "O-1", "status": "sent", "amount": 5000.0, "at": "2026-11-02T15:00:00.000000Z"}
        ]
        assert answer["waiting_for"] == _waiting("customer", "you", "15", "your answer to offer O-1")
        assert _answer(SUBMITTED, REVIEWED, made, sent, language="zh")["next"] == (
            "请查看方案O-1，并确认接受或谢绝。"
        )

    @pytest.mark.parametrize("answered", ["returned", "accepted", "declined", "cancelled"])
    def test_an_offer_that_is_answered_gives_the_ball_back(self, answered: str) -> None:
        """The review goes on."""
        sent = _told("offer.sent", offer="O-1", amount=5000)

        answer = _answer(SUBMITTED, REVIEWED, sent, _told(f"offer.{answered}", offer="O-1", amount=4000))

        assert answer["offers"][0]["status"] == answered
        assert answer["offers"][0]["amount"] == 4000.0
        assert answer["waiting_for"]["who"] == "institution"


class TestDelivery:
    def test_an_approval_settles_the_review_and_delivery_comes_next(self) -> None:
        """Steps that nobody recorded are done with the decision."""
        answer = _answer(SUBMITTED, REVIEWED, APPROVED)

        assert answer["steps"][2]["status"] == "done"
        assert answer["steps"][2]["at"] == "2026-11-02T14:00:00.000000Z"
        assert answer["steps"][3]["status"] == "current"
        assert answer["next"] == "Your application is approved; next comes: Sign (responsible: Manager)."
        assert answer["waiting_for"] == _waiting("institution", "Manager", "14", "Sign")

    def test_a_delivery_shows_promised_and_actual_times(self) -> None:
        """Planned steps that the definition does not know are shown too; the last promise is the finish."""
        answer = _answer(SUBMITTED, APPROVED, DELIVERING, SIGNED)
        steps = {step["code"]: step for step in answer["steps"]}

        assert (steps["sign"]["status"], steps["sign"]["by"]) == ("done", "Zhao")
        assert steps["sign"]["at"] == "2026-11-02T15:00:00.000000Z"
        assert steps["sign"]["promised_at"] == "2026-11-05T09:00:00+08:00"
        assert (steps["pay"]["status"], steps["card"]["status"]) == ("current", "to_come")
        assert answer["delivery"]["promised_finish"] == "2026-11-05T20:00:00.000000Z"
        assert answer["expected_finish"] == "2026-11-05T20:00:00.000000Z"
        assert answer["next"] == (
            "Delivery is under way: Pay out (responsible: Operations), promised to be finished on 2026-11-05."
        )
        assert answer["percent"] == 80

    def test_a_delay_announces_the_new_promise(self) -> None:
        """With the reason."""
        answer = _answer(SUBMITTED, APPROVED, DELIVERING, DELAYED)

        assert answer["delivery"]["delays"] == [
            {
                "at": "2026-11-02T15:00:00.000000Z",
                "reason": "stamp missing",
                "new_promise": "2026-11-08T10:00:00.000000Z",
            }
        ]
        assert answer["delivery"]["promised_finish"] == "2026-11-08T10:00:00.000000Z"
        assert answer["expected_finish"] == "2026-11-08T10:00:00.000000Z"
        assert answer["next"] == "Delivery is delayed (stamp missing); it is now promised for 2026-11-08."
        assert _answer(SUBMITTED, APPROVED, DELIVERING, DELAYED, language="zh")["next"] == (
            "业务办理延期，原因：stamp missing；新的承诺办结时间为2026年11月8日。"
        )

    def test_all_steps_are_done_but_only_the_completion_makes_a_hundred(self) -> None:
        """Until then the customer has not got what was applied for."""
        paid = _told("delivery.step_completed", step="pay", by="Qian")

        assert _answer(SUBMITTED, APPROVED, _told("delivery.started"), SIGNED, paid)["percent"] == 99
        assert _answer(SUBMITTED, APPROVED, _told("delivery.started"), SIGNED, paid)["next"] == (
            "Delivery is under way."
        )

    def test_a_delivered_application_is_complete(self) -> None:
        """Whatever was recorded of its steps."""
        answer = _answer(SUBMITTED, APPROVED, DELIVERING, DELIVERED)

        assert answer["percent"] == 100
        assert {step["status"] for step in answer["steps"]} == {"done"}
        assert answer["delivery"]["completed_at"] == "2026-11-02T15:00:00.000000Z"
        assert (answer["expected_finish"], answer["waiting_for"]["who"]) == (None, "nobody")
        assert answer["next"] == "Everything is done; there is nothing more for you to do."

    def test_a_failed_delivery_says_why_and_keeps_what_was_reached(self) -> None:
        """It waits for nobody."""
        failed = _told("delivery.failed", reason="account closed")

        answer = _answer(SUBMITTED, APPROVED, DELIVERING, SIGNED, DELAYED, failed)

        assert (answer["state"], answer["percent"]) == ("failed", 80)
        assert answer["delivery"]["failure"] == "account closed"
        assert answer["next"] == (
            "Delivery could not be completed: account closed; please contact your customer manager."
        )
        assert answer["waiting_for"]["who"] == "nobody"


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
            ([REVIEWED, APPROVED, DELIVERING, _told("delivery.failed", reason="r")], 80),
            ([_told("application.withdrawn", reason="r")], 10),
        ],
    )
    def test_the_state_alone_tells_how_far_it_is(self, history: list[Told], percent: int) -> None:
        """One that is closed keeps what it had reached."""
        assert _answer(self.UNKNOWN, *history)["percent"] == percent

    def test_the_steps_are_those_that_happened_or_were_promised(self) -> None:
        """The product goes by its code, no finish is known."""
        answer = _answer(self.UNKNOWN, REVIEWED, CHECKED, APPROVED, _told("delivery.started"), SIGNED)

        assert [(step["code"], step["stage"]) for step in answer["steps"]] == [
            ("check", "review"),
            ("sign", "delivery"),
        ]
        assert (answer["product_name"], answer["process"]) == ("gold_bar", None)
        assert answer["expected_finish"] is None
        assert answer["waiting_for"]["name"] == "the institution"

    def test_a_change_of_product_leaves_the_process_of_the_former_one(self) -> None:
        """The steps of another product would be a false promise."""
        answer = _answer(STARTED, self.UNKNOWN)

        assert (answer["product"], answer["process"], answer["steps"]) == ("gold_bar", None, [])

    def test_materials_go_by_their_codes(self) -> None:
        """There is no checklist to compare with."""
        added = _told("application.material_added", material="photo", reference="r")

        assert _answer(self.UNKNOWN, added)["materials"] == {
            "checklist": [
                {"code": "photo", "name": "photo", "required": False, "handed_in": True, "hint": None}
            ],
            "missing": [],
        }


class TestDeviations:
    def test_they_are_counted_and_the_state_moves_all_the_same(self) -> None:
        """A review that nobody saw submitted has a first round without a time."""
        unlawful = _told(
            "review.started", deviation="in -, expected application.started", reviewer="Li Wei", team="credit"
        )

        answer = _answer(unlawful)

        assert (answer["deviations"], answer["state"], answer["product"]) == (1, "in_review", None)
        assert answer["rounds"] == [
            {"round": 1, "submitted_at": None, "decided_at": None, "outcome": None, "reasons": []}
        ]

    def test_a_submission_after_the_review_began_fills_the_round_in(self) -> None:
        """A late event finds its place."""
        answer = _answer(REVIEWED, SUBMITTED)

        assert len(answer["rounds"]) == 1
        assert answer["submitted_at"] == "2026-11-02T13:00:00.000000Z"

    def test_a_submission_after_a_decision_begins_a_round(self) -> None:
        """Whatever it is called."""
        assert _answer(SUBMITTED, REVIEWED, REJECTED, SUBMITTED)["round"] == 2

    def test_an_application_of_which_only_an_offer_is_known_has_no_state_yet(self) -> None:
        """The customer is told so."""
        answer = _answer(_told("offer.made", offer="O-1"), language="zh")

        assert (answer["state"], answer["state_name"], answer["percent"]) == (None, "状态待确认", 0)
        assert answer["waiting_for"]["who"] == "nobody"
        assert answer["next"] == "该笔申请记录尚不完整，请向客户经理或客服核实办理进度。"

    def test_a_delivery_that_fails_and_goes_on_is_delivered_in_the_end(self) -> None:
        """The failure is forgotten with the completion."""
        failed = _told("delivery.failed", reason="r")

        answer = _answer(SUBMITTED, APPROVED, DELIVERING, failed, DELIVERED)

        assert (answer["state"], answer["delivery"]["failure"]) == ("delivered", None)


class TestRows:
    def test_a_row_has_the_columns_that_lists_filter_by(self) -> None:
        """They agree with the answer."""
        row = _given(SUBMITTED, REVIEWED).rows[NUMBER]

        assert (row["number"], row["stream_id"], row["product"]) == (NUMBER, "c-1", "loan")
        assert (row["case_state"], row["updated_at"]) == ("in_review", "2026-11-02T13:00:00.000000Z")
        assert (row["version"], row["position"]) == (2, 20)

    def test_only_events_of_applications_touch_a_row(self) -> None:
        """Other kinds of case, other streams and events without a case stay out."""
        ticket = Told(type="ticket.confirmed", data={"solved": True}, case="TKT-1")
        homeless = Told(type="review.approved")
        improvement = Told(type="review.approved", case="APP-9", customer="improvement:1")

        _given(SUBMITTED, ticket, homeless, improvement).then(NUMBER, version=1)
        assert list(_given(SUBMITTED, ticket, homeless, improvement).rows) == [NUMBER]

    def test_each_application_has_a_row_of_its_own(self) -> None:
        """Also when one customer has several."""
        other = Told(type="application.started", data={"product": "loan"}, case="APP-2", process=STAMP)

        _given(SUBMITTED, other, REVIEWED).then(NUMBER, state="in_review").then("APP-2", state="draft")
