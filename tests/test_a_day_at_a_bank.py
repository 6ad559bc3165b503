"""A scripted day at a bank and the weeks after it, over HTTP: every case is moved on by the service itself.

The chapters of a class follow one another, as one story.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.bank import Bank, Case, bank
from tests.conftest import DATABASES

LOAN = {
    "product": "personal-loan",
    "amount": 100_000,
    "currency": "CNY",
    "materials": ["identity_card", "income_proof"],
}
REVIEW = {"reviewer": "zhao", "team": "credit"}
CHARGED_TWICE = {
    "category": "card-fees",
    "severity": "high",
    "description": "charged twice",
    "contact": "13800000000",
}
BURNS = {"class": "complaint", "product": "card", "problem": "it burns", "contact": "13911112222"}
RATES = {"topic": "rates", "category": "common"}


@pytest.fixture(scope="module", params=DATABASES)
def here(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """Give the bank on each database; its days go on from chapter to chapter."""
    with bank(request.param, tmp_path_factory.mktemp("bank")) as opened:
        yield opened


def routed(handler: str, language: str = "zh") -> list[str]:
    """Return what the service does about a complaint: a handler has it, and the customer knows."""
    return [
        "complaint.assigned",
        f"work complaint.handle for {handler}",
        f"message complaint.registered ({language})",
        f"message complaint.assigned ({language})",
    ]


def missing(loan: Case) -> list[str]:
    """Return the codes of the materials that an application lacks."""
    return [each["code"] for each in loan.now()["materials"]["missing"]]


def is_served(call: Case) -> None:
    """Let the agent take a call and settle it."""
    call.happens("consultation.answered", agent=call.now()["handler"])
    assert call.state == "talking"
    call.happens("consultation.resolved", outcome="told", first_contact=True)


class TestALoan:
    """Wang wants a personal loan."""

    def test_materials_are_missing(self, here: Bank) -> None:
        """They are asked for; who does not hand them in is reminded a day before, and looked after then."""
        loan = here.opens("wang", "application.submitted", LOAN, channel="web")
        assert here.did() == ["message application.submitted (zh)"]
        assert (loan.state, loan.now()["waiting_for"]["who"]) == ("submitted", "institution")
        assert missing(loan) == ["credit_authorisation", "bank_statements", "purpose_proof"]

        here.passes(hours=1)
        loan.happens("review.started", **REVIEW)
        assert here.did() == ["message review.started (zh)"]
        assert here.names("applications", handler="zhao", state="in_review") == ["wang"]
        assert here.names("applications", step="identity_check", team="credit") == ["wang"]

        asked = [{"code": "bank_statements", "why": "two months are missing"}]
        loan.happens("review.materials_requested", materials=asked, due_at=here.later(days=3))
        assert here.did() == ["message review.materials_requested (zh)"]
        assert (loan.state, loan.now()["due_at"][:10]) == ("supplementing", "2026-11-05")
        assert loan.now()["waiting_for"]["who"] == "customer"
        assert missing(loan)[0] == "bank_statements"

        assert here.did_from_day_to_day(4) == {
            2: ["message materials.reminder (zh)"],
            3: ["work materials.overdue for front-desk"],
        }
        assert here.names("applications", due="overdue") == here.names("work") == ["wang"]

    def test_it_is_rejected_and_comes_back(self, here: Bank) -> None:
        """The reasons say what to do, and the second round ends well."""
        loan = here.case("applications", "wang")
        loan.happens(
            "application.supplemented",
            materials=["credit_authorisation", "bank_statements", "purpose_proof"],
        )
        assert here.did() == ["message application.supplemented (zh)"]
        assert (loan.state, missing(loan)) == ("in_review", [])

        reason = {"code": "income_insufficient", "explanation": "for 100,000 it is too little"}
        loan.happens("review.rejected", reasons=[reason], may_resubmit=True)
        assert here.did() == ["message review.rejected (zh)"]
        assert loan.state == "rejected"
        [told] = loan.now()["rejection"]["reasons"]
        assert (told["code"], told["reviewer_says"]) == tuple(reason.values())
        assert told["what_to_do"].startswith("Ask for a lower amount")
        assert here.names("applications", turn="institution") == []

        here.passes(days=1)
        loan.happens("application.resubmitted", changes="my wife signs too")
        assert here.did() == ["message application.resubmitted (zh)"]
        assert (loan.state, loan.now()["round"]) == ("submitted", 2)
        loan.happens("review.started", **REVIEW)
        assert here.did() == ["message review.started (zh)"]
        here.passes_until(loan.now()["due_at"], seconds=1)
        assert (here.did(), here.names("applications", due="overdue")) == ([], [])
        here.passes(seconds=2)
        assert here.did() == ["work review.overdue for zhao"]
        assert here.names("applications", due="overdue", handler="zhao") == ["wang"]
        loan.happens("review.approved", terms="five years")
        assert here.did() == ["message review.approved (zh)"]
        assert [each["outcome"] for each in loan.now()["rounds"]] == ["rejected", "approved"]
        assert (loan.state, here.names("work")) == ("approved", [])

    def test_its_delivery_takes_longer(self, here: Bank) -> None:
        """The customer is told the new promise, that it is missed, and is asked for an opinion at the end."""
        loan = here.case("applications", "wang")
        plan = [{"step": "disbursement", "promised_at": here.later(days=2)}]
        loan.happens("delivery.started", plan=plan)
        assert here.did() == ["message delivery.started (zh)"]
        assert loan.now()["due_at"][:10] == "2026-11-09"

        here.passes(days=1)
        promise = here.later(days=2)
        loan.happens("delivery.delayed", reason="the registry is closed", new_promise=promise)
        assert here.did() == ["message delivery.delayed (zh)"]
        [delay] = loan.now()["delivery"]["delays"]
        assert delay["new_promise"] == loan.now()["expected_finish"] == loan.now()["due_at"]
        assert (loan.state, loan.now()["due_at"][:19]) == ("delivering", promise[:19])

        assert here.did_from_day_to_day(1) == {}
        assert here.names("applications", due="overdue") == []
        here.passes_until(promise, seconds=-1)
        assert here.did() == ["work delivery.overdue for front-desk", "message delivery.promise-missed (zh)"]
        assert here.names("applications", due="overdue") == here.names("work") == ["wang"]
        assert here.did_from_day_to_day(1) == {}

        loan.happens("delivery.completed", handover="paid out")
        assert here.did() == ["message delivery.completed (zh)", "feedback.invited"]
        assert (loan.state, loan.now()["due_at"]) == ("delivered", None)

    def test_one_of_five_is_followed_up(self, here: Bank) -> None:
        """Somebody looks into it, and says what was changed."""
        loan, survey = here.case("applications", "wang"), here.case("surveys", "wang")
        assert (survey.state, survey.now()["about"]) == ("invited", loan.number)

        survey.happens("feedback.submitted", csat=1, comment="far too slow", about=loan.number)
        assert here.did() == ["feedback.follow_up_opened"]
        assert (survey.state, survey.now()["because"]) == ("following_up", "csat 1")
        assert here.names("surveys", state="following_up", handler="care-desk") == ["wang"]
        assert here.counts(by="handler") == {"care-desk": (1, 0, 0, 0)}

        here.passes(days=1)
        survey.happens(
            "feedback.follow_up_closed", result="we apologised", changed="delays are told a day earlier"
        )
        assert here.did() == []
        assert (survey.state, here.counts(by="kind")) == ("closed", {})
        wang = here.get("customers/wang")
        assert (wang["open_cases"], wang["closed_cases"]) == ([], {"application": 1, "survey": 1})


class TestAComplaint:
    """Li was charged twice, and wants to hear of it in English."""

    def test_it_is_routed(self, here: Bank) -> None:
        """By category to the department and, because it is severe, to its senior; fifteen days remain."""
        here.tell("li", "customer.registered", {"language": "en"})
        complaint = here.opens("li", "complaint.registered", CHARGED_TWICE, channel="counter")
        assert here.did() == routed("sun.yu", "en")
        told = complaint.now()
        assert (told["state"], told["team"], told["handler"]) == ("assigned", "cards", "sun.yu")
        assert complaint.deadline() == ("running", "2026-11-27")
        assert here.names("complaints", team="cards", handler="sun.yu") == ["li"]

    def test_it_is_extended(self, here: Bank) -> None:
        """Not without an approver's level and a notice, and not for longer than the rules allow."""
        complaint = here.case("complaints", "li")
        complaint.happens(
            "complaint.step_recorded", kind="investigation", detail="asked the shop", by="sun.yu"
        )
        assert (here.did(), complaint.state) == (["message complaint.step_recorded (en)"], "investigating")
        asked: dict[str, Any] = {"ground": "complex", "reason": "the shop is abroad", "approved_by": "gu.lan"}
        short = {**asked, "new_due_at": here.later(days=40), "level": None, "notice": None}
        refused = complaint.refuses("complaint.extended", **short)
        assert refused == ["#/data/notice", "#/data/level", "#/data/new_due_at"]
        assert complaint.deadline() == ("running", "2026-11-27")

        notice = {"told_at": here.today.isoformat(), "medium": "sms"}
        granted = {**asked, "new_due_at": here.later(days=28), "level": "department", "notice": notice}
        complaint.happens("complaint.extended", **granted)
        assert complaint.deadline() == ("running", "2026-12-10")
        assert complaint.now()["due_at"][:10] == "2026-12-10"
        assert here.did_from_day_to_day(20) == {}

    def test_it_is_answered_and_appealed(self, here: Bank) -> None:
        """The answer came in time; the appeal has a time limit of its own, and somebody else examines it."""
        complaint = here.case("complaints", "li")
        complaint.happens("complaint.answered", result="both charges are right", medium="phone")
        assert here.did() == ["message complaint.answered (en)"]
        assert (complaint.state, complaint.deadline()) == ("answered", ("met", "2026-12-10"))
        assert here.names("complaints", turn="customer") == ["li"]

        complaint.happens("complaint.appealed", reason="I bought one")
        assert here.did() == [
            "complaint.assigned",
            "work complaint.examine for li.na",
            "message complaint.appealed (en)",
            "message complaint.assigned (en)",
        ]
        told = complaint.now()
        assert (told["state"], told["handler"], told["due_at"][:10]) == ("assigned", "li.na", "2027-01-01")
        assert complaint.deadline() == ("running", "2027-01-01")
        assert here.names("complaints", handler="li.na") == ["li"]

    def test_nobody_answers_and_it_is_escalated(self, here: Bank) -> None:
        """The handler is warned five days before the end, the president told after it: once each."""
        complaint = here.case("complaints", "li")
        assert here.did_from_day_to_day(27) == {26: ["work deadline.warning for li.na"]}
        assert here.names("complaints", due="soon") == here.names("work") == ["li"]
        assert here.names("complaints", due="overdue") == []
        assert here.counts(by="handler") == {"li.na": (1, 0, 1, 0)}

        assert here.did_from_day_to_day(6) == {4: ["complaint.escalated"]}
        assert complaint.deadline() == ("missed", "2027-01-01")
        told = complaint.now()
        assert (told["escalated_to"], told["escalated_because"]) == ("president", "overdue")
        assert here.names("complaints", due="overdue") == here.names("complaints", escalated="true") == ["li"]
        assert here.counts(by="handler") == {"li.na": (1, 1, 0, 1)}

    def test_it_is_answered_again_and_confirmed(self, here: Bank) -> None:
        """Late is late; the customer is content in the end."""
        complaint = here.case("complaints", "li")
        complaint.happens(
            "complaint.answered", result="one was wrong", measures=["paid back"], medium="phone"
        )
        complaint.happens("complaint.confirmed", satisfied=True)
        assert here.did() == [
            "message complaint.answered (en)",
            "message complaint.confirmed (en)",
            "feedback.invited",
        ]
        assert (complaint.state, complaint.deadline()) == ("closed", ("missed", "2027-01-01"))
        here.case("surveys", "li").happens("feedback.submitted", csat=4)
        assert (here.did(), here.counts(by="kind")) == ([], {})


class TestATicket:
    """Zhou's card burns."""

    def test_it_is_a_complaint(self, here: Bank) -> None:
        """The service opens it; it names the ticket, and stands in one story with it."""
        ticket = here.opens("zhou", "ticket.opened", BURNS, channel="web")
        assert Counter(here.did()) == Counter(
            ["complaint.registered", "ticket.converted", *routed("customer-service")]
        )
        complaint = here.case("complaints", "zhou")
        told = complaint.now()
        assert (told["about"], told["category"]) == (ticket.number, "after-sales")
        assert (told["description"], told["contact"]) == (BURNS["problem"], BURNS["contact"])
        story = [each for each in here.log() if each.get("subject") == "zhou"]
        assert {each["case"] for each in story} == {ticket.number, complaint.number}
        assert {each.get("correlationid", each["id"]) for each in story} == {story[0]["id"]}

        became = ticket.now()
        assert (became["state"], became["complaint"]) == ("converted", complaint.number)
        assert complaint.number in became["next"]
        assert here.get("tickets")["items"] == []

    def test_it_is_escalated_on_the_fifteenth_day(self, here: Bank) -> None:
        """To the second: warned three days before, and told higher up when the day is over."""
        complaint = here.case("complaints", "zhou")
        assert complaint.deadline() == ("running", here.later(days=15)[:10])
        here.passes_until(complaint.now()["due_at"], seconds=1)
        assert here.did() == ["work deadline.warning for customer-service"]
        here.passes(seconds=1)
        assert here.did() == ["complaint.escalated"]
        here.passes(seconds=1)
        assert here.names("complaints", due="overdue", team="customer-service") == ["zhou"]
        assert complaint.deadline()[0] == "missed"

    def test_who_does_not_confirm_is_asked_again(self, here: Bank) -> None:
        """Twice, some days apart; then the complaint is closed, and the service asks how it was."""
        complaint = here.case("complaints", "zhou")
        complaint.happens("complaint.answered", result="a new card", medium="sms")
        assert here.did() == ["message complaint.answered (zh)"]
        for _ in range(2):
            assert here.did_from_day_to_day(3) == {3: ["work complaint.ask-again for customer-service"]}
            complaint.happens("complaint.recontacted", medium="phone", reached=False)
        assert here.did_from_day_to_day(3) == {
            3: [
                "complaint.closed_unconfirmed",
                "message complaint.closed_unconfirmed (zh)",
                "feedback.invited",
            ]
        }
        assert (complaint.state, complaint.now()["attempts"]) == ("closed", 2)

        assert here.did_from_day_to_day(15) == {14: ["feedback.expired"]}
        assert here.counts(by="kind") == {}


class TestTwentyCallers:
    """It is the day on which rates change."""

    def test_they_wait_the_longest_first(self, here: Bank) -> None:
        """One calls a minute; agents take turns, and one caller has a banker of her own."""
        here.tell("caller-07", "customer.registered", {"segment": "private", "language": "en"})
        for number in range(1, 21):
            channel = "chat" if number == 12 else "phone"
            here.opens(f"caller-{number:02}", "consultation.requested", RATES, channel=channel)
            here.passes(minutes=1)
        assert here.did() == ["consultation.assigned"] * 20

        waiting = here.get("consultations", state="waiting")["items"]
        assert [each["customer"] for each in waiting] == [f"caller-{number:02}" for number in range(1, 21)]
        assert [each["elapsed_s"] for each in waiting] == [60.0 * minutes for minutes in range(20, 0, -1)]
        others = [each["handler"] for each in waiting if each["customer"] != "caller-07"]
        assert Counter(others) == {"mei": 9, "jun": 10}
        assert here.names("consultations", team="private-bank", handler="fang") == ["caller-07"]
        assert here.counts(by="team") == {"front-desk": (19, 0, 0, 0), "private-bank": (1, 0, 0, 0)}
        assert here.counts(by="channel") == {"phone": (19, 0, 0, 0), "chat": (1, 0, 0, 0)}

    def test_some_give_up(self, here: Bank) -> None:
        """Who gave up on the phone is offered a call back; who chatted is not."""
        gone = [here.case("consultations", f"caller-{number:02}") for number in (4, 8, 12, 16, 20)]
        for call in gone:
            call.happens("consultation.abandoned")
        assert Counter(here.did()) == {
            "work consultation.call-back for front-desk": 4,
            "message consultation.call-back (zh)": 4,
        }
        assert [(call.state, call.now()["waiting"]["waited_s"]) for call in gone] == [
            ("abandoned", 60.0 * minutes) for minutes in (17, 13, 9, 5, 1)
        ]
        assert len(here.names("consultations", state="waiting")) == 15

    def test_the_others_are_answered(self, here: Bank) -> None:
        """The longest waiting first; each is asked for an opinion, and for none again within thirty days."""
        while waiting := here.names("consultations", state="waiting", limit=1):
            is_served(here.case("consultations", waiting[0]))
        assert here.did() == ["feedback.invited"] * 15
        assert here.counts(by="kind") == {"survey": (15, 0, 0, 0)}

        here.passes(days=1)
        is_served(here.opens("caller-01", "consultation.requested", RATES))
        assert here.did() == ["consultation.assigned"]
        assert here.did_from_day_to_day(14) == {13: ["feedback.expired"] * 15}
        here.passes(days=15)
        is_served(here.opens("caller-01", "consultation.requested", RATES))
        assert here.did() == ["consultation.assigned", "feedback.invited"]
        here.case("surveys", "caller-01").happens("feedback.submitted", nps=9)
        assert (here.did(), here.counts(by="kind")) == ([], {})


class TestARepeat:
    """Sun complains, and complains again."""

    def test_it_is_merged_while_the_first_is_in_time(self, here: Bank) -> None:
        """Nothing more is due for it."""
        told = {**CHARGED_TWICE, "severity": "normal"}
        first = here.opens("sun", "complaint.registered", told)
        assert here.did() == routed("li.na")
        assert here.did_from_day_to_day(5) == {}

        again = here.opens("sun", "complaint.registered", told, channel="mobile")
        assert here.did() == [
            "complaint.merged",
            "message complaint.registered (zh)",
            "message complaint.merged (zh)",
        ]
        assert (again.state, again.now()["into"], again.deadline()[0]) == ("merged", first.number, "ended")
        assert here.get("complaints")["items"][0]["number"] == first.number
        assert here.counts(by="handler") == {"li.na": (1, 0, 0, 0)}

    def test_it_is_told_higher_up_when_the_first_was_answered(self, here: Bank) -> None:
        """It is a matter of its own again; who was not content is followed up."""
        first = Case(here, "complaints", "sun", here.get("complaints")["items"][0]["number"])
        first.happens("complaint.answered", result="it is right", medium="email")
        first.happens("complaint.confirmed", satisfied=False)
        assert here.did() == [
            "message complaint.answered (zh)",
            "message complaint.confirmed (zh)",
            "feedback.invited",
            "feedback.follow_up_opened",
        ]
        here.passes(days=10)
        here.opens("sun", "complaint.registered", {**CHARGED_TWICE, "severity": "normal"})
        assert here.did() == ["complaint.escalated", *routed("li.na")]
        assert here.names("complaints", escalated="true", handler="li.na") == ["sun"]
        assert here.names("surveys", state="following_up") == ["sun"]


class TestAnImprovement:
    """What Sun and the callers said is to change something for all."""

    def test_it_is_announced(self, here: Bank) -> None:
        """With a day, and with the complaint and the score that it answers; whoever said so may read it."""
        complaint, survey = here.case("complaints", "sun"), here.case("surveys", "caller-01")
        improvement = here.announces(
            area={"stage": "complaint", "channel": "phone"},
            plan="a charge that comes twice is paid back by itself",
            expected_by=here.later(days=30)[:10],
            expected_effect="half as many complaints about charges",
            answers=[complaint.number, survey.number],
        )
        assert (here.did(), improvement.state) == ([], "announced")
        told = improvement.now()
        assert [(each["customer"], each["kind"]) for each in told["cases"]] == [
            ("sun", "complaint"),
            ("caller-01", "survey"),
        ]
        for case in (complaint, survey):
            [answer] = case.now()["improvements"]
            assert (answer["number"], answer["expected_by"]) == (improvement.number, told["expected_by"])
        [listed] = here.get("improvements", stage="complaint", channel="phone")["items"]
        assert (listed["number"], listed["customer"], listed["overdue"]) == (improvement.number, None, False)
        assert here.get("improvements", product="card")["items"] == []

    def test_it_takes_longer(self, here: Bank) -> None:
        """It cannot be completed before it was begun; from its day on it is overdue until it is there."""
        improvement = here.improvement()
        assert improvement.refuses("improvement.completed", area={}) == []
        here.passes(days=2)
        improvement.happens("improvement.started", area={})
        assert improvement.state == "in_progress"
        here.passes(days=30)
        assert [each["kind"] for each in here.get("improvements", due="overdue")["items"]] == ["improvement"]
        assert improvement.number in [each["number"] for each in here.get("work")["items"]]

        improvement.happens("improvement.completed", area={})
        assert (improvement.state, here.get("improvements", due="overdue")["items"]) == ("completed", [])

    def test_what_came_of_it(self, here: Bank) -> None:
        """Twenty days later there are fewer complaints, too few to say that it helped: that is recorded."""
        improvement = here.improvement()
        here.passes(days=20)
        effect = here.get(f"improvements/{improvement.number}/effect", days=60)
        assert (effect["before"]["days"], effect["after"]["days"]) == (20, 20)
        [complaints] = [each for each in effect["measures"] if each["measure"] == "complaints"]
        assert [complaints[side]["n"] for side in ("before", "after")] == [2, 0]
        assert complaints["verdict"] == "too_few"

        figure = {side: complaints[side]["value"] for side in ("before", "after")}
        improvement.happens(
            "improvement.verified",
            area={},
            figures=[{"measure": "complaints", **figure, "before_n": 2, "after_n": 0}],
            conclusion=complaints["verdict_name"],
        )
        assert (improvement.state, here.get("improvements")["items"]) == ("verified", [])
        told = improvement.now()
        assert (told["conclusion"], told["figures"][0]["before"]) == ("Too few cases to tell", 3.0)
        assert here.case("complaints", "sun").now()["improvements"][0]["state_name"] == "Effect measured"
        here.did()


class TestAtTheEnd:
    """Whoever looks back sees the same."""

    def test_replay_and_rebuild_change_nothing(self, here: Bank) -> None:
        """Policies ask about everything again, projections are built again: nothing comes of it."""
        events = list(here.log())
        improvement = here.improvement().number
        customers = sorted({each["subject"] for each in events} - {f"improvement:{improvement}"})
        before = [here.get(f"customers/{customer}") for customer in customers]
        work = here.get("work/counts", by="state")["items"]
        promise = here.get(f"improvements/{improvement}")
        assert len(customers) == 24

        here.begins_again()
        here.rebuilds()

        assert here.did() == []
        assert list(here.log()) == events
        assert [here.get(f"customers/{customer}") for customer in customers] == before
        assert here.get("work/counts", by="state")["items"] == work
        assert here.get(f"improvements/{improvement}") == promise
        assert (here.differences(), here.parked()) == ([], {})
