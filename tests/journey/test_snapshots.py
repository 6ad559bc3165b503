"""A journey comes back from its snapshot as it was, and no other rules' snapshot is taken for one."""

from datetime import UTC
from hashlib import sha256
from typing import get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from journey.cases import Case
from journey.deadlines.facts import ClockFact, Kind
from journey.erasure.states import Privacy
from journey.events import Version
from journey.journey import Journey, evolve, initial
from journey.lifecycle import CASE_KINDS, STATES
from journey.snapshots import LOGIC, from_snapshot, to_snapshot
from journey.touchpoints.touchpoint import CLASSES
from tests.facts import event, submitted, visit
from tests.journey.moves import started
from tests.journey.specs import given as given_events

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MOMENTS = st.datetimes(timezones=st.just(UTC))
FACTS = st.builds(
    ClockFact,
    kind=st.sampled_from(get_args(Kind)),
    at=MOMENTS,
    recorded_at=st.none(),
    version=st.none(),
    category=st.none() | TEXTS,
    level=st.none() | TEXTS,
    into=st.none() | TEXTS,
    rules=st.none() | TEXTS,
    until=st.none() | MOMENTS,
    ground=st.none() | TEXTS,
    told_at=st.none() | MOMENTS,
)
CASES = st.sampled_from(CASE_KINDS).flatmap(
    lambda kind: st.builds(
        Case,
        kind=st.just(kind),
        state=st.none() | st.sampled_from(STATES[kind]),
        may_resubmit=st.booleans(),
        product=st.none() | TEXTS,
        process=st.none() | TEXTS,
        materials=st.frozensets(TEXTS, max_size=4),
        clock=st.lists(FACTS, max_size=3).map(tuple) if kind == "complaint" else st.just(()),
    )
)
JOURNEYS = st.builds(
    Journey,
    version=st.integers(0, 2**53).map(Version),
    cases=st.dictionaries(TEXTS, CASES, max_size=8).map(Map),
    privacy=st.none()
    | st.builds(Privacy, st.booleans(), st.booleans(), *[st.frozensets(st.sampled_from(CLASSES))] * 2),
)


class TestRoundTrip:
    @given(JOURNEYS)
    def test_any_journey(self, journey: Journey) -> None:
        """Nothing is lost, and nothing becomes of another type."""
        read = from_snapshot("C1", to_snapshot("C1", journey))

        assert read == journey
        assert _types(read) == _types(journey)

    def test_rules_go_on_from_it(self) -> None:
        """What is decided upon a snapshot is what is decided upon the events."""
        journey = given_events(submitted(case="APP"), visit()).journey
        read = from_snapshot("C1", to_snapshot("C1", journey))
        next_ = started("APP")

        assert read is not None
        assert evolve(read, next_) == evolve(journey, next_)

    def test_equal_journeys_give_equal_bytes(self) -> None:
        """Neither the order of cases nor that of materials shows."""
        first = event("application.material_added", {"material": "a", "reference": "1"}, case="A")
        second = event("application.material_added", {"material": "b", "reference": "2"}, case="A")
        ticket = event("consultation.requested", {"topic": "x", "category": "y"}, case="B")
        written = set()
        for told in ([first, second, ticket], [ticket, second, first]):
            journey = initial()
            for each in told:
                journey = evolve(journey, each)
            written.add(to_snapshot("C1", journey))

        assert len(written) == 1


def _types(journey: Journey) -> list[list[type]]:
    return [list(map(type, journey.cases[number])) for number in sorted(journey.cases)]


def written(told: bytes) -> bytes:
    """Return a snapshot of C1 that says something."""
    return sha256(b'"C1"' + told).digest() + told


class TestLogic:
    def test_bytes_of_today(self) -> None:
        """What these events come to is fixed: whoever changes it raises `LOGIC`, and writes it anew here."""
        data = {"reasons": [{"code": "income", "explanation": "Too low."}], "may_resubmit": True}
        told = [
            submitted(case="APP"),
            started("APP"),
            event("review.rejected", data, case="APP"),
            event("application.supplemented", {"materials": ["a"]}, case="APP-2"),
            event("complaint.acknowledged", {"medium": "sms"}, case="D"),
            event("complaint.acknowledged", {"medium": "sms"}, case="C"),
            visit(),
        ]

        assert to_snapshot("C1", given_events(*told, mode="record").journey)[32:] == (
            b'[3,7,[["application","rejected",true,"personal-loan","personal-loan@2026-11",["identity_card"],[],'
            b'["APP"]],["application","in_review",false,null,null,["a"],[],["APP-2"]],'
            b'["complaint",null,false,null,null,[],'
            b'[{"kind":"acknowledged","at":"2026-11-20T12:00:00+00:00"}],["C","D"]]],null]'
        )

    @pytest.mark.parametrize("logic", [LOGIC - 1, LOGIC + 1, str(LOGIC), None])
    def test_of_other_rules(self, logic: object) -> None:
        """What other rules have written is no snapshot."""
        _, *rest = orjson.loads(to_snapshot("C1", given_events(submitted(case="APP")).journey)[32:])

        assert from_snapshot("C1", written(orjson.dumps([LOGIC, *rest]))) is not None
        assert from_snapshot("C1", written(orjson.dumps([logic, *rest]))) is None

    @pytest.mark.parametrize(
        "damaged",
        [
            b"",
            b"null",
            b"[1,2,",
            b"[1,2]",
            b"[1,null,[]]",
            b'[1,"2",[]]',
            b"[1,2,3]",
            b"[1,2,[[]]]",
            b'[1,2,[["ticket","open",false,null,null,["A"]]]]',
            b'[1,2,[["ticket","open",false,null,null,[],["A"],1]]]',
            b'[1,2,[["ticket","open",false,null,null,null,["A"]]]]',
            b'[1,2,[["ticket","open",false,null,null,[],[["A"]]]]]',
        ],
    )
    def test_what_cannot_be_read(self, damaged: bytes) -> None:
        """Is no snapshot either: the events are there."""
        assert from_snapshot("C1", damaged) is None
        assert from_snapshot("C1", written(damaged)) is None

    def test_any_bit_that_has_changed(self) -> None:
        """Makes it none, as does another stream in whose place it stands."""
        whole = to_snapshot("C1", given_events(submitted(case="APP")).journey)

        for bit in range(8 * len(whole)):
            damaged = bytearray(whole)
            damaged[bit // 8] ^= 1 << bit % 8
            assert from_snapshot("C1", bytes(damaged)) is None, bit
        assert from_snapshot("C2", whole) is None
        assert from_snapshot("C1", whole) is not None
