"""Current state: what is known of a customer, in both languages."""

from typing import Any

import pytest

from journey.words import Language
from projections.current_state import projection
from tests.projections.specs import PROCESSES, Given, Told, given

PROJECTION = projection(PROCESSES)

REGISTERED = Told(
    type="customer.registered",
    data={
        "name": "王芳",
        "phone": "13800000000",
        "segment": "gold",
        "since": "2020-01-31",
        "attributes": {"branch": "east", "age_band": "30s"},
    },
    channel="counter",
)
STARTED = Told(type="application.started", data={"product": "loan"}, case="APP-1")
SUBMITTED = Told(type="application.submitted", data={"product": "loan"}, case="APP-1")
ASKED = Told(
    type="consultation.requested",
    data={"topic": "rates", "category": "common", "product": "loan"},
    case="CON-1",
    channel="phone",
)
COMPLAINED = Told(
    type="complaint.registered",
    data={"category": "fees", "severity": "high", "description": "d", "contact": "138"},
    case="CMP-1",
)
WITHDRAWN = Told(type="complaint.withdrawn", data={"reason": "r"}, case="CMP-1")


def _given(*history: Told) -> Given:
    return given(PROJECTION, *history)


def _open_cases(*history: Told, language: Language = "en") -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = _given(*history).answer("c-1", language)["open_cases"]
    return cases


def test_a_profile_keeps_the_latest_value_of_each_field() -> None:
    """What a change does not send stays as it was; attributes are merged one by one."""
    changed = Told(
        type="customer.profile_changed",
        data={
            "phone": "13900000000",
            "email": None,
            "segment": "platinum",
            "attributes": {"age_band": "40s"},
        },
    )

    _given(REGISTERED, changed).then(
        "c-1",
        customer="c-1",
        segment="platinum",
        profile={
            "name": "王芳",
            "phone": "13900000000",
            "segment": "platinum",
            "since": "2020-01-31",
            "attributes": {"branch": "east", "age_band": "40s"},
        },
        channels={"counter": 1, "mobile": 1},
        events=2,
        version=2,
        position=20,
    )


def test_a_customer_of_whom_no_profile_was_told_has_none() -> None:
    """A journey may begin with any event."""
    _given(STARTED).then("c-1", profile={}, segment=None, aliases=[], closed_cases={}, deviations=0)


def test_aliases_are_kept_once_in_the_order_in_which_they_came() -> None:
    """Another channel may tell the same alias again."""
    aliases = ["wechat:9", "card:1", "wechat:9"]
    history = [Told(type="customer.alias_added", data={"alias": alias}) for alias in aliases]

    _given(*history).then("c-1", aliases=["wechat:9", "card:1"])


def test_how_far_the_data_is_restricted_or_erased() -> None:
    """What is sealed stays where it is, and is told as erased: it has no key any more."""
    asked = {"request": "R1", "by": "privacy", "basis": "request"}
    wanted = Told(type="customer.erasure_requested", data={**asked, "jurisdiction": "CN"}, channel=None)
    classes = ["identity", "contact", "correspondence"]
    begun = Told(type="customer.erasure_begun", data={**asked, "classes": classes}, channel=None)
    erased = Told(type="customer.erased", data={**asked, "classes": classes}, channel=None)

    _given(REGISTERED).then("c-1", privacy="active")
    _given(REGISTERED, wanted).then("c-1", privacy="restricted")
    _given(REGISTERED, wanted, begun).then("c-1", privacy="erasing")
    _given(REGISTERED, wanted, begun, erased).then("c-1", privacy="erased", segment="gold")


def test_an_open_case_is_told_in_english() -> None:
    """Kind and state have their names, and the product is known from the opening."""
    [case] = _open_cases(ASKED)

    assert case == {
        "number": "CON-1",
        "kind": "consultation",
        "kind_name": "Consultation",
        "state": "waiting",
        "state_name": "Waiting",
        "stage": "consultation",
        "since": "2026-11-02T12:00:00.000000Z",
        "channel": "phone",
        "product": "loan",
    }


def test_an_open_case_is_told_in_chinese() -> None:
    """Only the words for people differ."""
    [case] = _open_cases(ASKED, language="zh")

    assert case["kind_name"] == "咨询"
    assert case["state_name"] == "等待应答"
    assert case["state"] == "waiting"


def test_a_state_lasts_since_the_event_that_brought_it() -> None:
    """An event that leaves the state as it is does not restart it; the channel is the first one."""
    acknowledged = Told(type="complaint.acknowledged", data={"medium": "sms"}, case="CMP-1", channel="phone")
    assigned = Told(
        type="complaint.assigned",
        data={"department": "d", "handler": "h", "due_at": "2026-12-01T00:00:00Z"},
        case="CMP-1",
    )

    [before] = _open_cases(COMPLAINED, acknowledged)
    [after] = _open_cases(COMPLAINED, acknowledged, assigned)

    assert before["since"] == "2026-11-02T12:00:00.000000Z"
    assert (after["state"], after["since"], after["channel"]) == (
        "assigned",
        "2026-11-02T14:00:00.000000Z",
        "mobile",
    )


@pytest.mark.parametrize(
    ("told", "stage"),
    [
        (STARTED, "application"),
        (SUBMITTED, "review"),
        (Told(type="review.approved", case="APP-1"), "delivery"),
        (COMPLAINED, "complaint"),
        (
            Told(
                type="feedback.invited", data={"kind": "social", "about": "APP-1", "medium": "sms"}, case="S"
            ),
            "feedback",
        ),
        (
            Told(
                type="ticket.opened",
                data={"class": "common", "product": "app", "problem": "p", "contact": "c"},
                case="TKT-1",
            ),
            "service",
        ),
    ],
)
def test_a_case_is_in_the_stage_that_its_state_belongs_to(told: Told, stage: str) -> None:
    """An application passes through three stages, any other case stays in one."""
    [case] = _open_cases(told)

    assert case["stage"] == stage


def test_closed_cases_are_counted_by_kind() -> None:
    """They leave the list of open ones."""
    other = Told(type=COMPLAINED.type, data=COMPLAINED.data, case="CMP-2")
    resolved = Told(type="consultation.self_served", data={"article": "a"}, case="CON-9")

    closing = Told(type="complaint.withdrawn", data={"reason": "r"}, case="CMP-2")
    rows = _given(COMPLAINED, WITHDRAWN, other, closing, resolved, STARTED)

    rows.then("c-1", closed_cases={"consultation": 1, "complaint": 2})
    assert [case["number"] for case in rows.answer("c-1")["open_cases"]] == ["APP-1"]


def test_open_cases_are_listed_by_number() -> None:
    """Whatever the order in which they were opened."""
    assert [case["number"] for case in _open_cases(ASKED, COMPLAINED, STARTED)] == ["APP-1", "CMP-1", "CON-1"]


def test_a_closed_case_that_is_opened_again_is_open_with_its_product() -> None:
    """An application that was rejected comes back with the next round."""
    rejected = Told(
        type="review.rejected",
        data={"reasons": [{"code": "income_low", "explanation": "e"}], "may_resubmit": True},
        case="APP-1",
    )
    again = Told(type="application.resubmitted", data={"changes": "c"}, case="APP-1", channel="web")

    _given(SUBMITTED, rejected).then("c-1", open_cases=[], closed_cases={"application": 1})
    rows = _given(SUBMITTED, rejected, again).then("c-1", closed_cases={})
    [case] = rows.answer("c-1")["open_cases"]
    assert (case["state"], case["product"], case["channel"]) == ("submitted", "loan", "web")
    assert case["since"] == "2026-11-02T14:00:00.000000Z"


def test_a_case_of_which_only_neutral_events_are_known_has_no_state_yet() -> None:
    """An import may begin in the middle of a case."""
    offered = Told(type="offer.made", data={"offer": "o"}, case="APP-1", deviation="in -, expected nothing")

    [case] = _open_cases(offered, language="zh")

    assert (case["state"], case["state_name"], case["stage"]) == (None, "状态待确认", "application")
    _given(offered).then("c-1", deviations=1)


def test_the_last_contact_is_the_latest_in_time_not_in_the_log() -> None:
    """A late event finds its place."""
    late = Told(type=ASKED.type, data=ASKED.data, case="CON-2", at="2026-11-01T00:00:00Z", channel="web")

    _given(ASKED, late).then(
        "c-1",
        first_seen_at="2026-11-01T00:00:00.000000Z",
        last_contact={
            "at": "2026-11-02T12:00:00.000000Z",
            "channel": "phone",
            "channel_name": "Phone",
            "type": "consultation.requested",
            "title": "Consultation requested",
            "says": "Asked about rates (Loan)",
        },
    )


def test_of_two_contacts_at_one_time_the_one_recorded_later_is_the_last() -> None:
    """Positions break the tie."""
    noon = "2026-11-02T12:00:00Z"
    again = Told(type=ASKED.type, data={"topic": "fees", "category": "common"}, case="CON-2", at=noon)

    last = _given(Told(type=ASKED.type, data=ASKED.data, case="CON-1", at=noon), again).answer("c-1", "zh")

    assert last["last_contact"]["says"] == "咨询fees"
    assert last["last_contact"]["channel_name"] == "手机银行"


@pytest.mark.parametrize(
    "told",
    [
        Told(
            type="notification.sent",
            data={"template": "t", "medium": "sms", "about": "APP-1", "reference": "r"},
        ),
        Told(type="work.started", data={"item": "call"}),
        Told(type="customer.erased", data={"by": "privacy", "basis": "request"}),
        Told(type="feedback.expired", case="SVY-1", channel="system"),
    ],
)
def test_what_only_systems_or_staff_do_is_no_contact(told: Told) -> None:
    """It counts as an event all the same."""
    _given(told).then("c-1", last_contact=None, events=1)
    assert _given(ASKED, told).answer("c-1")["last_contact"]["type"] == "consultation.requested"


def test_improvements_are_no_customers() -> None:
    """Their streams stay out."""
    improvement = Told(type="improvement.started", data={"area": {}}, customer="improvement:1", channel=None)

    assert list(_given(ASKED, improvement).rows) == ["c-1"]


def test_each_customer_has_a_row_of_its_own() -> None:
    """Events of several customers may be mixed in a batch."""
    other = Told(type=ASKED.type, data=ASKED.data, case="CON-2", customer="c-2")

    _given(ASKED, other, STARTED).then("c-1", events=2, version=2).then("c-2", events=1, position=20)
