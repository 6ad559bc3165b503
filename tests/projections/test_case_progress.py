"""The progress of complaints, tickets, consultations and surveys: one row a case."""

from datetime import UTC, datetime
from typing import Any

import pytest

from journey.lifecycle import STATES, is_closed
from journey.processes import Processes
from journey.rule_sets import load_rule_sets
from journey.touchpoints import TOUCHPOINTS
from projections.application_words import INSTITUTION
from projections.case_facts import FACTS, FOR_STAFF, KEPT
from projections.case_progress import CASE_PROGRESS, projection
from projections.case_words import NEXT, TURNS, WAITED_FOR
from projections.work import NEVER, due
from tests.api.posting import CHINESE
from tests.projections.specs import LOAN, Given, Told, given

PROJECTION = projection(Processes.of([LOAN]))
"""With no rules: a limit is what handlers were told."""
BY_RULES = projection(Processes.of([LOAN], load_rule_sets("cn")))


def _told(case: str, type_: str, at: str | None = None, **data: Any) -> Told:
    return Told(type=type_, data=data, case=case, at=at)


COMPLAINED = Told(
    type="complaint.registered",
    data={"category": "fees", "severity": "high", "description": "charged twice", "contact": "138"},
    case="CMP-1",
    channel="counter",
)
ASSIGNED = _told(
    "CMP-1",
    "complaint.assigned",
    department="cards",
    handler="Li Wei",
    due_at="2026-11-17T20:00:00+08:00",
)
EXAMINED = _told("CMP-1", "complaint.step_recorded", kind="investigation", detail="the log", by="Li Wei")
ANSWERED = _told(
    "CMP-1",
    "complaint.answered",
    result="refunded",
    measures=["refund", "training"],
    improvement="one charge a day",
    medium="phone",
)
ESCALATED = _told("CMP-1", "complaint.escalated", to="Director Zhao", cause="overdue")
APPEALED = _told("CMP-1", "complaint.appealed", reason="too little")
CONFIRMED = _told("CMP-1", "complaint.confirmed", satisfied=False, comment="late")
ASKED = Told(
    type="consultation.requested",
    data={"topic": "rates", "category": "common", "product": "loan", "priority": "high"},
    case="CON-1",
    channel="phone",
)


def _after(*history: Told) -> Given:
    return given(PROJECTION, *history)


def _row(*history: Told) -> dict[str, Any]:
    [row] = _after(*history).rows.values()
    return {name: value for name, value in row.items() if name not in ("state", "position")}


class TestComplaint:
    def test_one_that_is_handled(self) -> None:
        """Who has it, until when, what happens next, and what has happened."""
        answer = _after(COMPLAINED, ASSIGNED, EXAMINED).answer("complaint/CMP-1")

        assert (answer["number"], answer["kind"], answer["state"]) == ("CMP-1", "complaint", "investigating")
        assert (answer["category"], answer["severity"]) == ("fees", "high")
        assert (answer["team"], answer["handler"]) == ("cards", "Li Wei")
        assert answer["due_at"] == "2026-11-17T12:00:00.000000Z"
        assert answer["waiting_for"] == {
            "who": "institution",
            "name": "Li Wei",
            "since": "2026-11-02T14:00:00.000000Z",
            "for": "the answer to your complaint",
            "until": "2026-11-17T12:00:00.000000Z",
        }
        assert answer["next"] == "We are looking into your complaint and answer it by 2026-11-17."
        assert [step["type"] for step in answer["steps"]] == [
            "complaint.registered",
            "complaint.assigned",
            "complaint.step_recorded",
        ]
        assert answer["steps"][2] == {
            "type": "complaint.step_recorded",
            "title": "Step recorded",
            "says": "A step of the handling was recorded",
            "at": "2026-11-02T14:00:00.000000Z",
            "by": "Li Wei",
            "note": "the log",
        }

    def test_an_answer_gives_the_ball_to_the_customer(self) -> None:
        """Result, measures and the plan are told; no limit runs for the institution."""
        _after(COMPLAINED, ASSIGNED, ANSWERED).then(
            "complaint/CMP-1",
            state="answered",
            result="refunded",
            measures=["refund", "training"],
            improvement="one charge a day",
            medium="phone",
            due_at=None,
            waiting_for={
                "who": "customer",
                "name": "you",
                "since": "2026-11-02T14:00:00.000000Z",
                "for": "your word on whether the answer settles it",
                "until": None,
            },
        )

    def test_an_appeal_waits_for_a_new_limit(self) -> None:
        """The old one was kept with the answer; the team is known still."""
        answer = _after(COMPLAINED, ASSIGNED, ANSWERED, APPEALED).answer("complaint/CMP-1")

        assert (answer["state"], answer["due_at"], answer["appeal"]) == ("appealed", None, "too little")
        assert (answer["team"], answer["waiting_for"]["who"]) == ("cards", "institution")

    def test_an_extension_moves_the_limit(self) -> None:
        """Who approved it is told to staff."""
        extended = _told(
            "CMP-1",
            "complaint.extended",
            new_due_at="2026-12-02T20:00:00+08:00",
            reason="complex",
            approved_by="Zhao",
            ground="complex",
            level="head_office",
            notice=None,
        )

        _after(COMPLAINED, ASSIGNED, extended).then(
            "complaint/CMP-1", due_at="2026-12-02T12:00:00.000000Z", approved_by="Zhao"
        )

    def test_a_closed_one_waits_for_nobody(self) -> None:
        """And says that an appeal is possible."""
        answer = _after(COMPLAINED, ASSIGNED, ANSWERED, CONFIRMED).answer("complaint/CMP-1")

        assert (answer["state"], answer["satisfied"], answer["comment"]) == ("closed", False, "late")
        assert answer["waiting_for"]["who"] == "nobody"
        assert "appeal" in answer["next"]

    def test_customers_are_not_told_who_works_on_it(self) -> None:
        """Nor how the institution judges it, what staff noted, or that it was escalated."""
        history = _after(COMPLAINED, ASSIGNED, EXAMINED, ESCALATED)
        answer = history.answer("complaint/CMP-1", audience="customer")

        assert answer["waiting_for"]["name"] == "cards"
        assert (answer["team"], answer["description"]) == ("cards", "charged twice")
        assert not {"handler", "severity", "escalated_to", "approved_by", "deviations"} & answer.keys()
        assert [step["type"] for step in answer["steps"]][-1] == "complaint.step_recorded"
        assert all(step["by"] is None for step in answer["steps"])
        assert answer["steps"][-1]["note"] is None
        assert history.answer("complaint/CMP-1")["escalated_to"] == "Director Zhao"

    def test_its_place_on_work_lists(self) -> None:
        """A row tells all that lists filter and order by; a closed one is due never."""
        assert _row(COMPLAINED, ASSIGNED, ESCALATED) == {
            "key": "complaint/CMP-1",
            "stream_id": "c-1",
            "kind": "complaint",
            "number": "CMP-1",
            "case_state": "assigned",
            "turn": "institution",
            "team": "cards",
            "handler": "Li Wei",
            "step": None,
            "channel": "counter",
            "product": None,
            "category": "fees",
            "opened_at": "2026-11-02T12:00:00.000000Z",
            "since": "2026-11-02T13:00:00.000000Z",
            "due_at": "2026-11-17T12:00:00.000000Z",
            "warn_at": "2026-11-14T12:00:00.000000Z",
            "escalated": 1,
            **dict.fromkeys(("about", "csat", "nps", "ces", "waited_ms", "first_contact", "satisfied")),
        }
        closed = _row(COMPLAINED, ASSIGNED, ANSWERED, CONFIRMED)
        assert (closed["turn"], closed["due_at"], closed["warn_at"]) == ("nobody", NEVER, NEVER)


class TestRules:
    """Complaints that carry a rule set, or were registered while it was in force."""

    def _due(self, *history: Told) -> tuple[str | None, str, str]:
        after = given(BY_RULES, *history)
        [row] = after.rows.values()
        return after.answer("complaint/CMP-1")["due_at"], row["due_at"][:19], row["warn_at"][:19]

    def test_the_limit_runs_from_the_registration(self) -> None:
        """Fifteen days, to the end of the last one in Shanghai; what handlers were told does not count."""
        expected = ("2026-11-17T15:59:59.000000Z", "2026-11-17T15:59:59", "2026-11-14T15:59:59")

        assert self._due(COMPLAINED) == expected
        assert self._due(COMPLAINED, ASSIGNED) == expected
        given(BY_RULES, COMPLAINED, ASSIGNED).then(
            "complaint/CMP-1", next="Your complaint is with cards, which answers it by 2026-11-17."
        )

    def test_new_facts_start_it_again(self) -> None:
        """From the day on which they came."""
        new = _told("CMP-1", "complaint.facts_added", at="2026-11-09T12:00:00Z", facts="a witness")

        assert self._due(COMPLAINED, ASSIGNED, new)[0] == "2026-11-24T15:59:59.000000Z"

    def test_while_it_stands_still_nothing_is_due(self) -> None:
        """An outside body appraises; then the time goes on, by so much later."""
        notice = {"told_at": "2026-11-03T12:00:00Z", "medium": "phone"}
        out = _told(
            "CMP-1",
            "complaint.suspended",
            at="2026-11-03T12:00:00Z",
            cause="appraisal",
            body="lab",
            notice=notice,
        )
        back = _told("CMP-1", "complaint.resumed", at="2026-11-06T12:00:00Z", notice=notice)

        assert self._due(COMPLAINED, ASSIGNED, out) == (None, NEVER[:19], NEVER[:19])
        given(BY_RULES, COMPLAINED, ASSIGNED, out).then("complaint/CMP-1", appraiser="lab")
        assert self._due(COMPLAINED, ASSIGNED, out, back)[0] == "2026-11-20T15:59:59.000000Z"

    def test_an_appeal_has_a_limit_at_once(self) -> None:
        """Before anybody is made responsible anew."""
        history = (COMPLAINED, ASSIGNED, ANSWERED, APPEALED)

        assert self._due(*history)[0] == "2026-12-02T15:59:59.000000Z"

    def test_where_rules_are_not_known_what_handlers_were_told_holds(self) -> None:
        """A rule set may be gone; nothing breaks of it."""
        registered = Told(
            type="complaint.registered", data=COMPLAINED.data, case="CMP-1", process="gone@2020-01"
        )

        assert self._due(registered)[0] is None
        assert self._due(registered, ASSIGNED)[1] == "2026-11-17T12:00:00"


class TestConsultation:
    def test_one_that_waits(self) -> None:
        """Since when it waits is told, and what waiting means; a wait that runs is not counted yet."""
        answer = _after(ASKED).answer("consultation/CON-1")

        assert (answer["topic"], answer["state"], answer["channel_name"]) == ("rates", "waiting", "Phone")
        assert answer["waiting"]["waited_s"] == 0
        assert answer["waiting"]["since"] == "2026-11-02T12:00:00.000000Z"
        assert "from the request or a transfer until" in answer["waiting"]["means"]

    def test_an_assignment_ends_no_wait(self) -> None:
        """Only who takes the question up does; a transfer begins another wait."""
        assigned = _told("CON-1", "consultation.assigned", agent="a1", team="desk")
        answered = _told("CON-1", "consultation.answered", agent="a1")
        passed_on = _told("CON-1", "consultation.transferred", to_team="loans", reason="loan")
        again = _told("CON-1", "consultation.answered", agent="a2")
        resolved = _told("CON-1", "consultation.resolved", outcome="ok", first_contact=False, answer="4 %")
        history = (ASKED, assigned, answered, passed_on, again, resolved)

        waits = [_after(*history[: place + 1]).answer("consultation/CON-1") for place in range(len(history))]

        assert [answer["waiting"]["waited_s"] for answer in waits] == [0, 0, 7200, 7200, 10800, 10800]
        assert [answer["team"] for answer in waits] == [None, "desk", "desk", "loans", "loans", "loans"]
        assert [answer["handler"] for answer in waits] == [None, "a1", "a1", None, "a2", "a2"]
        assert waits[3]["waiting"]["since"] == "2026-11-02T15:00:00.000000Z"
        assert (waits[5]["answer"], waits[5]["waiting"]["since"]) == ("4 %", None)

    def test_one_who_gave_up_has_waited(self) -> None:
        """The wait ends when the customer leaves."""
        left = _told("CON-1", "consultation.abandoned", waited_reason="few agents")

        answer = _after(ASKED, left).answer("consultation/CON-1")

        assert (answer["waiting"]["waited_s"], answer["left_because"]) == (3600, "few agents")

    def test_a_clock_that_was_wrong_gives_no_negative_wait(self) -> None:
        """Another system's time may lie before the request."""
        answered = _told("CON-1", "consultation.answered", at="2026-11-02T11:00:00Z", agent="a1")

        assert _after(ASKED, answered).answer("consultation/CON-1")["waiting"]["waited_s"] == 0


class TestOthers:
    def test_a_ticket(self) -> None:
        """It is routed, answered, confirmed, and comes back."""
        opened = _told(
            "TKT-1",
            "ticket.opened",
            **{"class": "complex", "product": "card", "problem": "p", "contact": "1"},
        )
        routed = _told("TKT-1", "ticket.routed", team="tech", reason="hard")
        answered = _told("TKT-1", "ticket.answered", answer="restart", by="Wu", first_contact=True)
        confirmed = _told("TKT-1", "ticket.confirmed", solved=False)
        reopened = _told("TKT-1", "ticket.reopened", reason="again")

        history = _after(opened, routed, answered)
        history.then("ticket/TKT-1", answer="restart", handler="Wu", team="tech", state="answered")
        assert history.answer("ticket/TKT-1", audience="customer")["steps"][1]["note"] is None
        assert history.answer("ticket/TKT-1")["steps"][1]["note"] == "hard"
        assert _row(opened)["category"] == "complex"
        _after(opened, routed, answered, confirmed).then("ticket/TKT-1", state="closed", solved=False)
        _after(opened, routed, answered, confirmed, reopened).then(
            "ticket/TKT-1", state="open", solved=None, handler=None, team="tech"
        )

    def test_a_survey(self) -> None:
        """What was said, who looks into it, and what came of it."""
        invited = _told("SVY-1", "feedback.invited", kind="questionnaire", about="CMP-1", medium="sms")
        rated = _told("SVY-1", "feedback.submitted", csat=2, comment="slow")
        followed = _told("SVY-1", "feedback.follow_up_opened", handler="Sun", because="csat 2")
        done = _told("SVY-1", "feedback.follow_up_closed", result="called", changed="one more agent")

        _after(invited).then("survey/SVY-1", next="Please tell us how we did with CMP-1.")
        _after(invited, rated).then("survey/SVY-1", state="submitted", csat=2, comment="slow", about="CMP-1")
        following = _row(invited, rated, followed)
        assert (following["turn"], following["handler"], following["case_state"]) == (
            "institution",
            "Sun",
            "following_up",
        )
        _after(invited, rated, followed, done).then(
            "survey/SVY-1", state="closed", result="called", changed="one more agent"
        )

    def test_a_ticket_that_became_a_complaint_leads_there(self) -> None:
        """It is nobody's turn any more, and the customer learns where it goes on."""
        opened = _told(
            "TKT-1",
            "ticket.opened",
            **{"class": "complaint", "product": "card", "problem": "p", "contact": "1"},
        )
        converted = _told("TKT-1", "ticket.converted", complaint="CMP-7")
        told = _after(opened, converted)

        answer = told.answer("ticket/TKT-1", audience="customer")
        assert (answer["state"], answer["complaint"]) == ("converted", "CMP-7")
        assert (answer["waiting_for"]["who"], "CMP-7" in answer["next"]) == ("nobody", True)
        assert "CMP-7" in told.answer("ticket/TKT-1", "zh")["next"]
        assert told.rows["ticket/TKT-1"]["turn"] == "nobody"

    def test_one_number_may_serve_two_kinds(self) -> None:
        """A channel that numbers its own cases knows nothing of the others."""
        asked = _told("7", "consultation.requested", topic="rates", category="common")
        opened = _told(
            "7", "ticket.opened", **{"class": "common", "product": "card", "problem": "p", "contact": "1"}
        )

        assert _after(asked, opened).rows.keys() == {"consultation/7", "ticket/7"}

    def test_a_record_without_a_beginning_says_so(self) -> None:
        """An import may know of a complaint only that it was acknowledged."""
        known = _told("CMP-1", "complaint.acknowledged", medium="sms")

        answer = _after(known).answer("complaint/CMP-1")

        assert (answer["state"], answer["waiting_for"]["who"]) == (None, "nobody")
        assert answer["next"].startswith("The record of this case is incomplete")

    def test_a_long_history_leaves_a_small_row(self) -> None:
        """The latest steps are kept; the others are counted."""
        steps = [EXAMINED] * 60

        answer = _after(COMPLAINED, ASSIGNED, *steps).answer("complaint/CMP-1")

        assert (len(answer["steps"]), answer["steps_before"]) == (50, 12)

    def test_applications_have_a_projection_of_their_own(self) -> None:
        """And what belongs to no case touches no row."""
        submitted = Told(type="application.submitted", data={"product": "loan"}, case="APP-1")
        visited = Told(type="interaction.recorded", data={"touchpoint": "app", "action": "login"})

        assert _after(submitted, visited).rows == {}


class TestWords:
    @pytest.mark.parametrize("kind", ["consultation", "complaint", "ticket", "survey"])
    def test_every_state_has_its_words(self, kind: Any) -> None:
        """What happens next always; what is waited for where somebody holds the ball."""
        for state in STATES[kind]:
            said = NEXT[kind, state]
            assert CHINESE.search(said.zh)
            assert not CHINESE.search(said.en)
            assert ((kind, state) in TURNS) == (not is_closed(kind, state))
            assert ((kind, state) in WAITED_FOR) == ((kind, state) in TURNS)

    def test_facts_come_from_fields_that_there_are(self) -> None:
        """Each of the right kind; what is for staff follows from the catalogue."""
        for type_, kept in KEPT.items():
            assert {field for field in kept.values() if field} <= TOUCHPOINTS[type_].model_fields.keys()
        assert {("complaint", "handler"), ("complaint", "severity"), ("survey", "because")} <= FOR_STAFF
        assert not {("complaint", "team"), ("complaint", "result"), ("consultation", "answer")} & FOR_STAFF
        assert FACTS["application"] == ()

    def test_chinese(self) -> None:
        """Only the words for people differ."""
        answer = _after(COMPLAINED, ASSIGNED).answer("complaint/CMP-1", "zh")

        assert answer["state_name"] == "已分派"
        assert answer["next"] == "您的投诉已由cards受理，将于2026年11月17日前答复您。"
        assert answer["waiting_for"]["for"] == "调查并答复您的投诉"
        assert answer["kind_name"] == "投诉"
        assert INSTITUTION.zh == "我行"


class TestLimits:
    def test_the_last_fifth_of_a_time_is_when_to_warn(self) -> None:
        """Five days begun on the 1st are warned of on the 5th."""
        begun, end = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 6, tzinfo=UTC)

        assert due(begun, end) == ("2026-11-06T00:00:00.000000Z", "2026-11-05T00:00:00.000000Z")
        assert due(end, begun).warn_at == due(end, begun).due_at

    def test_never_is_after_every_instant(self) -> None:
        """So one comparison finds what is overdue, and what has no limit is not."""
        assert max(NEVER, "9999-12-31T23:59:59.000000Z") == NEVER
        assert CASE_PROGRESS.c.due_at.nullable is False
