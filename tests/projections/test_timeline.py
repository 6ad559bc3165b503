"""The timeline: one row per event, in the order of time, in both languages."""

from datetime import UTC, datetime

import hypothesis
import pytest

from journey.errors import DamagedEvent
from journey.events import Position, RecordedEvent, Version
from journey.words import Language
from projections.timeline import projection
from tests.projections.specs import PROCESSES, Given, Told, fold, given, histories, recorded

PROJECTION = projection(PROCESSES)

SUBMITTED = Told(
    type="application.submitted",
    data={"product": "loan", "amount": 5000, "currency": "CNY"},
    case="APP-1",
    at="2026-11-22T11:04:05.25+08:00",
    attributes={"authid": "teller-7"},
)


def _sole_item(told: Told, language: Language = "en") -> object:
    return given(PROJECTION, told).answer(10, language)


def test_an_item_tells_the_whole_event_in_english() -> None:
    """Every attribute, the content as it was sent, and words for people."""
    expected = {
        "position": 10,
        "version": 1,
        "type": "application.submitted",
        "title": "Application submitted",
        "says": "Applied for Loan: 5,000 CNY",
        "stage": "application",
        "stage_name": "Application",
        "channel": "mobile",
        "channel_name": "Mobile app",
        "case": "APP-1",
        "occurred_at": "2026-11-22T03:04:05.250000Z",
        "recorded_at": "2026-11-02T12:00:01.000000Z",
        "source": "/channels/mobile",
        "id": "e-1",
        "by": "teller-7",
        "deviation": None,
        "data": {"product": "loan", "amount": 5000, "currency": "CNY"},
    }

    assert expected == _sole_item(SUBMITTED)


def test_an_item_speaks_chinese() -> None:
    """Names of fields stay, texts for people change."""
    given(PROJECTION, SUBMITTED).then(
        10,
        "zh",
        title="提交申请",
        says="申请贷款：5,000 CNY",
        stage_name="申请",
        channel_name="手机银行",
        channel="mobile",
    )


def test_a_row_has_the_columns_that_lists_filter_by() -> None:
    """Times are of one width, so that their order as text is their order in time."""
    row = given(PROJECTION, SUBMITTED).rows[10]

    assert {name: value for name, value in row.items() if name not in ("says_en", "says_zh", "told")} == {
        "position": 10,
        "stream_id": "c-1",
        "occurred_at": "2026-11-22T03:04:05.250000Z",
        "recorded_at": "2026-11-02T12:00:01.000000Z",
        "type": "application.submitted",
        "channel": "mobile",
        "case_number": "APP-1",
    }


@pytest.mark.parametrize(
    ("told", "by"),
    [
        (Told(type="consultation.answered", data={"agent": "li"}, case="CON-1"), "li"),
        (Told(type="review.started", data={"reviewer": "wang", "team": "t"}, case="APP-1"), "wang"),
        (Told(type="delivery.step_completed", data={"step": "sign", "by": "zhao"}, case="APP-1"), "zhao"),
        (Told(type="work.started", data={"item": "call", "resource": "chen"}), "chen"),
        (Told(type="work.started", data={"item": "call"}), None),
        (Told(type="feedback.expired", case="SVY-1"), None),
    ],
)
def test_who_did_it_comes_from_the_content_where_the_source_names_nobody(told: Told, by: str | None) -> None:
    """The fields that name who acted are looked at in turn."""
    given(PROJECTION, told).then(10, by=by)


def test_the_caller_that_the_source_vouches_for_comes_before_the_content() -> None:
    """`authid` is the member of staff who was signed in."""
    told = Told(
        type="consultation.answered", data={"agent": "li"}, case="CON-1", attributes={"authid": "staff-9"}
    )

    given(PROJECTION, told).then(10, by="staff-9")


def test_a_deviation_is_shown() -> None:
    """The item says what the lifecycle had expected."""
    told = Told(
        type="review.approved",
        case="APP-1",
        channel=None,
        deviation="in draft, expected application.submitted",
    )

    given(PROJECTION, told).then(
        10, deviation="in draft, expected application.submitted", channel=None, channel_name=None
    )


def test_a_channel_that_the_catalogue_does_not_know_goes_by_its_code() -> None:
    """The log may hold more than today's catalogue."""
    given(PROJECTION, Told(type="feedback.expired", case="SVY-1", channel="fax")).then(10, channel_name="fax")


def test_every_event_has_a_row_of_its_own_and_improvements_have_none() -> None:
    """Streams that are not customers stay out."""
    improvement = Told(type="improvement.started", data={"area": {}}, customer="improvement:1", channel=None)

    rows = given(PROJECTION, SUBMITTED, improvement, SUBMITTED).rows

    assert list(rows) == [10, 30]


def test_the_order_of_texts_is_the_order_of_time_at_the_edges_of_the_calendar() -> None:
    """An instant that UTC puts outside the calendar is its first or last one."""
    times = [
        "0001-01-01T00:00:00+08:00",
        "0999-01-01T00:00:00Z",
        "2026-11-22T03:04:05Z",
        "9999-12-31T23:59:59-08:00",
    ]
    history = [Told(type="feedback.expired", case="SVY-1", at=at) for at in times]

    found = [row["occurred_at"] for row in given(PROJECTION, *history).rows.values()]

    assert found == sorted(found)
    assert found[0] == "0001-01-01T00:00:00.000000Z"
    assert found[-1] == "9999-12-31T23:59:59.999999Z"


def test_content_that_cannot_be_read_fails_in_evolve() -> None:
    """An engine parks the customer then, and nobody else."""
    [event] = recorded(Told(type="application.submitted", data={"nothing": 1}, case="APP-1"))

    with pytest.raises(DamagedEvent):
        PROJECTION.evolve(None, event)


@hypothesis.given(history=histories())
def test_events_of_every_type_have_an_item_in_both_languages(history: list[Told]) -> None:
    """No content that the catalogue allows breaks the timeline."""
    rows = Given(PROJECTION, fold(PROJECTION, recorded(*history)))

    for key in rows.rows:
        assert rows.answer(key)["data"] == rows.answer(key, "zh")["data"]


def test_recorded_times_are_written_in_utc() -> None:
    """A recorder may hand over any time zone."""
    event = RecordedEvent(
        stream_id="c-1",
        version=Version(1),
        position=Position(1),
        type="feedback.expired",
        source="s",
        id="1",
        time="2026-11-22T03:04:05Z",
        recorded_at=datetime(2026, 11, 22, 3, 4, 6, tzinfo=UTC),
        data={},
    )

    assert fold(PROJECTION, [event])[1]["recorded_at"] == "2026-11-22T03:04:06.000000Z"
