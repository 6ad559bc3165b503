"""Review progress: rejections, offers and deliveries, in both languages."""

import pytest

from tests.projections.applications import (
    APPROVED,
    CHECKED,
    DELAYED,
    DELIVERED,
    DELIVERING,
    NUMBER,
    REJECTED,
    RESUBMITTED,
    REVIEWED,
    SIGNED,
    STAMP,
    SUBMITTED,
    answer_after,
    statuses_after,
    told,
    waiting,
)
from tests.projections.specs import Told


class TestRejection:
    def test_a_rejection_gives_its_reasons_and_what_to_do(self) -> None:
        """In the definition's words where it knows the reason, else in the reviewer's."""
        answer = answer_after(SUBMITTED, REVIEWED, CHECKED, REJECTED)
        again = (
            "Mend what the reasons name, then submit the same application again: "
            "a new round of review begins."
        )

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
        answer = answer_after(SUBMITTED, REVIEWED, REJECTED, language="zh")

        assert answer["state_name"] == "审批未通过"
        assert answer["rejection"]["reasons"][0]["explanation"] == "收入不足。"
        assert answer["rejection"]["reasons"][0]["what_to_do"] == "请降低申请金额。"
        assert answer["next"] == "请对照未通过原因补充完善后重新提交申请。"

    def test_a_final_rejection_waits_for_nobody(self) -> None:
        """The application is closed."""
        final = told("review.rejected", reasons=[{"code": "x", "explanation": "e"}], may_resubmit=False)

        answer = answer_after(SUBMITTED, REVIEWED, final)

        assert answer["waiting_for"] == waiting("nobody", None, "14", None)
        assert answer["rejection"]["what_to_do"].startswith("This application cannot be submitted again")
        assert answer["next"].startswith("This application is closed")
        assert answer["materials"]["missing"] == []

    def test_a_resubmission_begins_a_second_round(self) -> None:
        """The review begins anew, with any reviewer; what was handed in stays."""
        answer = answer_after(SUBMITTED, REVIEWED, CHECKED, REJECTED, RESUBMITTED)

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
        answer = answer_after(SUBMITTED, REVIEWED, REJECTED, RESUBMITTED, REVIEWED, APPROVED)

        assert [told["outcome"] for told in answer["rounds"]] == ["rejected", "approved"]
        assert (answer["state"], answer["percent"]) == ("approved", 60)

    def test_a_second_round_forgets_who_reviewed_and_delivered_the_first(self) -> None:
        """Even where nobody recorded that a reviewer took it up again."""
        history = [SUBMITTED, REVIEWED, APPROVED, DELIVERING, SIGNED, RESUBMITTED, CHECKED]

        answer = answer_after(*history)

        assert answer["waiting_for"]["name"] == "Approver"
        assert answer["delivery"] is None
        assert statuses_after(*history)["sign"] == "to_come"

    def test_before_a_resubmission_the_missing_materials_are_shown(self) -> None:
        """They are what the customer may complete."""
        bare = Told(type="application.submitted", data={"product": "loan"}, case=NUMBER, process=STAMP)

        missing = answer_after(bare, REVIEWED, REJECTED)["materials"]["missing"]

        assert [material["code"] for material in missing] == ["id_card", "income"]

    def test_a_withdrawal_ends_the_round(self) -> None:
        """What was reached stays."""
        answer = answer_after(SUBMITTED, REVIEWED, CHECKED, told("application.withdrawn", reason="r"))

        assert (answer["rounds"][0]["outcome"], answer["percent"]) == ("withdrawn", 40)
        assert answer["waiting_for"]["who"] == "nobody"
        assert answer["next"] == "You withdrew this application; you may apply again at any time."
        assert "current" not in {step["status"] for step in answer["steps"]}


class TestOffers:
    def test_an_offer_that_was_sent_waits_for_the_customer(self) -> None:
        """The amount is kept from the event that told it."""
        made = told("offer.made", offer="O-1", amount=5000)
        sent = told("offer.sent", offer="O-1", medium="email")

        answer = answer_after(SUBMITTED, REVIEWED, made, sent)

        assert answer["offers"] == [
            {"code": "O-1", "status": "sent", "amount": 5000.0, "at": "2026-11-02T15:00:00.000000Z"}
        ]
        assert answer["waiting_for"] == waiting("customer", "you", "15", "your answer to offer O-1")
        assert answer_after(SUBMITTED, REVIEWED, made, sent, language="zh")["next"] == (
            "请查看方案O-1，并确认接受或谢绝。"
        )

    @pytest.mark.parametrize("answered", ["returned", "accepted", "declined", "cancelled"])
    def test_an_offer_that_is_answered_gives_the_ball_back(self, answered: str) -> None:
        """The review goes on."""
        sent = told("offer.sent", offer="O-1", amount=5000)

        answer = answer_after(SUBMITTED, REVIEWED, sent, told(f"offer.{answered}", offer="O-1", amount=4000))

        assert answer["offers"][0]["status"] == answered
        assert answer["offers"][0]["amount"] == 4000.0
        assert answer["waiting_for"]["who"] == "institution"


class TestDelivery:
    def test_an_approval_settles_the_review_and_delivery_comes_next(self) -> None:
        """Steps that nobody recorded are done with the decision."""
        answer = answer_after(SUBMITTED, REVIEWED, APPROVED)

        assert answer["steps"][2]["status"] == "done"
        assert answer["steps"][2]["at"] == "2026-11-02T14:00:00.000000Z"
        assert answer["steps"][3]["status"] == "current"
        assert answer["next"] == "Your application is approved; next comes: Sign (responsible: Manager)."
        assert answer["waiting_for"] == waiting("institution", "Manager", "14", "Sign")

    def test_a_delivery_shows_promised_and_actual_times(self) -> None:
        """Planned steps that the definition does not know are shown too; the last promise is the finish."""
        answer = answer_after(SUBMITTED, APPROVED, DELIVERING, SIGNED)
        steps = {step["code"]: step for step in answer["steps"]}

        assert (steps["sign"]["status"], steps["sign"]["by"]) == ("done", "Zhao")
        assert steps["sign"]["at"] == "2026-11-02T15:00:00.000000Z"
        assert steps["sign"]["promised_at"] == "2026-11-05T01:00:00.000000Z"
        assert (steps["pay"]["status"], steps["card"]["status"]) == ("current", "to_come")
        assert answer["delivery"]["promised_finish"] == "2026-11-05T20:00:00.000000Z"
        assert answer["expected_finish"] == "2026-11-05T20:00:00.000000Z"
        assert answer["next"] == (
            "Delivery is under way: Pay out (responsible: Operations), promised to be finished on 2026-11-05."
        )
        assert answer["percent"] == 80

    def test_a_delay_announces_the_new_promise(self) -> None:
        """With the reason."""
        answer = answer_after(SUBMITTED, APPROVED, DELIVERING, DELAYED)

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
        assert answer_after(SUBMITTED, APPROVED, DELIVERING, DELAYED, language="zh")["next"] == (
            "业务办理延期，原因：stamp missing；新的承诺办结时间为2026年11月8日。"
        )

    def test_the_latest_of_several_promises_holds(self) -> None:
        """Each delay is kept."""
        again = told("delivery.delayed", reason="holiday", new_promise="2026-11-09T18:00:00+08:00")

        answer = answer_after(SUBMITTED, APPROVED, DELIVERING, DELAYED, again)

        assert [delay["reason"] for delay in answer["delivery"]["delays"]] == ["stamp missing", "holiday"]
        assert answer["delivery"]["promised_finish"] == "2026-11-09T10:00:00.000000Z"
        assert answer["next"] == "Delivery is delayed (holiday); it is now promised for 2026-11-09."

    def test_all_steps_are_done_but_only_the_completion_makes_a_hundred(self) -> None:
        """Until then the customer has not got what was applied for."""
        paid = told("delivery.step_completed", step="pay", by="Qian")

        assert answer_after(SUBMITTED, APPROVED, told("delivery.started"), SIGNED, paid)["percent"] == 99
        assert answer_after(SUBMITTED, APPROVED, told("delivery.started"), SIGNED, paid)["next"] == (
            "Delivery is under way."
        )

    def test_a_delivered_application_is_complete(self) -> None:
        """Whatever was recorded of its steps."""
        answer = answer_after(SUBMITTED, APPROVED, DELIVERING, DELIVERED)

        assert answer["percent"] == 100
        assert {step["status"] for step in answer["steps"]} == {"done"}
        assert answer["delivery"]["completed_at"] == "2026-11-02T15:00:00.000000Z"
        assert (answer["expected_finish"], answer["waiting_for"]["who"]) == (None, "nobody")
        assert answer["next"] == "Everything is done; there is nothing more for you to do."

    def test_a_failed_delivery_says_why_and_keeps_what_was_reached(self) -> None:
        """It waits for nobody."""
        failed = told("delivery.failed", reason="account closed")

        answer = answer_after(SUBMITTED, APPROVED, DELIVERING, SIGNED, DELAYED, failed)

        assert (answer["state"], answer["percent"]) == ("failed", 80)
        assert answer["delivery"]["failure"] == "account closed"
        assert answer["next"] == (
            "Delivery could not be completed: account closed; please contact your customer manager."
        )
        assert answer["waiting_for"]["who"] == "nobody"
