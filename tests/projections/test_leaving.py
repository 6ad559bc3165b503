"""The risk that a customer leaves: a stated rule, whose reasons and weights are told."""

from typing import Any

import pytest

from journey.touchpoints import TOUCHPOINTS
from projections.current_state import projection
from projections.leaving import LEVELS, SAYS, SIGNALS
from tests.api.posting import CHINESE
from tests.projections.specs import PROCESSES, Given, Told, given

PROJECTION = projection(PROCESSES)
UNHAPPY = Told(type="feedback.submitted", data={"csat": 1, "nps": 2}, case="SVY-1")
COMPLAINED = Told(
    type="complaint.registered",
    data={"category": "fees", "severity": "high", "description": "d", "contact": "138"},
    case="CMP-1",
)
UNSETTLED = Told(type="complaint.confirmed", data={"satisfied": False}, case="CMP-1")
VISITED = Told(type="interaction.recorded", data={"touchpoint": "app", "action": "login"})


def _risk(*history: Told) -> dict[str, Any]:
    risk: dict[str, Any] = given(PROJECTION, *history).answer("c-1")["risk"]
    return risk


def test_of_whom_nothing_speaks_for_leaving() -> None:
    """The risk is low, and says so without reasons."""
    assert _risk(VISITED)["score"] == 0
    assert _risk(VISITED)["reasons"] == []
    assert _risk(VISITED)["level"] == "low"


def test_each_reason_is_told_with_what_it_adds() -> None:
    """The heaviest first; the sum is the score."""
    risk = _risk(UNHAPPY, COMPLAINED, UNSETTLED)

    assert [(reason["code"], reason["weight"], reason["times"]) for reason in risk["reasons"]] == [
        ("complaint_unsettled", 25, 1),
        ("detractor", 15, 1),
        ("low_satisfaction", 15, 1),
        ("complaint", 10, 1),
    ]
    assert risk["score"] == sum(reason["adds"] for reason in risk["reasons"]) == 65
    assert (risk["level"], risk["level_name"]) == ("high", "High")
    assert risk["reasons"][0]["says"] == "was not satisfied with how a complaint ended"
    assert risk["reasons"][0]["last_at"] == risk["as_of"] == "2026-11-02T14:00:00.000000Z"


def test_what_came_often_counts_up_to_a_limit() -> None:
    """Five complaints count as three."""
    [reason] = _risk(*[COMPLAINED] * 5)["reasons"]

    assert (reason["times"], reason["adds"]) == (3, 30)


def test_what_speaks_for_staying_lowers_it() -> None:
    """But never below nothing."""
    satisfied = Told(type="feedback.submitted", data={"csat": 5, "nps": 10}, case="SVY-2")

    assert _risk(COMPLAINED, satisfied)["score"] == 0
    assert [reason["adds"] for reason in _risk(UNHAPPY, satisfied)["reasons"]] == [15, 15, -15, -10]


def test_what_is_long_past_counts_no_more() -> None:
    """Half a year before the last event of the customer."""
    later = [
        Told(type=VISITED.type, data=VISITED.data, at=f"2027-{day}T12:00:00Z") for day in ("05-01", "05-02")
    ]

    assert _risk(COMPLAINED, later[0])["score"] == 10
    assert _risk(COMPLAINED, later[1])["score"] == 0


def test_customers_are_not_told_and_whose_data_is_restricted_has_none() -> None:
    """It is the institution's own judgement; of data that may not be used none is made."""
    asked = {"request": "R1", "by": "privacy", "basis": "request"}
    restricted = Told(type="customer.restricted", data=asked, channel=None)

    assert "risk" not in given(PROJECTION, COMPLAINED).answer("c-1", audience="customer")
    assert given(PROJECTION, COMPLAINED, restricted).answer("c-1")["risk"] is None


@pytest.mark.parametrize("signal", SIGNALS, ids=[signal.code for signal in SIGNALS])
def test_every_signal_is_of_the_catalogue(signal: Any) -> None:
    """Its type and field exist, and it has its words in both languages."""
    assert signal.type in TOUCHPOINTS
    assert signal.field is None or signal.field in TOUCHPOINTS[signal.type].model_fields
    assert CHINESE.search(SAYS[signal.code].zh)
    assert not CHINESE.search(SAYS[signal.code].en)


def test_the_table_is_sound() -> None:
    """Each signal once, levels from the highest on."""
    assert len({signal.code for signal in SIGNALS}) == len(SIGNALS) == len(SAYS)
    assert [least for least, _ in LEVELS.values()] == sorted(
        (least for least, _ in LEVELS.values()), reverse=True
    )
    assert all(signal.most > 0 for signal in SIGNALS)


class TestCare:
    """Care activities, and what came of them."""

    def _care(self, *history: Told) -> list[dict[str, Any]]:
        care: list[dict[str, Any]] = self._given(*history).answer("c-1")["care"]
        return care

    def _given(self, *history: Told) -> Given:
        return given(PROJECTION, *history)

    def test_a_response_belongs_to_the_latest_of_its_kind(self) -> None:
        """That nobody has responded to yet."""
        contacts = [
            Told(type="care.contacted", data={"kind": kind, "campaign": campaign}, channel="phone")
            for kind, campaign in (("offer", "autumn"), ("offer", "winter"), ("salon", "tea"))
        ]
        responded = Told(type="care.responded", data={"kind": "offer", "response": "interested"})

        care = self._care(*contacts, responded)

        assert [(each["campaign"], each["response"]) for each in care] == [
            ("autumn", None),
            ("winter", "interested"),
            ("tea", None),
        ]
        assert care[1] == {
            "kind": "offer",
            "kind_name": "Offer",
            "at": "2026-11-02T13:00:00.000000Z",
            "channel": "phone",
            "campaign": "winter",
            "response": "interested",
            "responded_at": "2026-11-02T15:00:00.000000Z",
        }

    def test_a_response_to_what_nobody_recorded(self) -> None:
        """It is kept, and has no time of contact."""
        [care] = self._care(Told(type="care.responded", data={"kind": "salon", "response": "came"}))

        assert (care["at"], care["response"]) == (None, "came")

    def test_the_latest_are_kept(self) -> None:
        """A row shall stay small."""
        contacts = [
            Told(type="care.contacted", data={"kind": "greeting", "campaign": f"c{number}"})
            for number in range(25)
        ]

        assert [care["campaign"] for care in self._care(*contacts)] == [
            f"c{number}" for number in range(5, 25)
        ]
