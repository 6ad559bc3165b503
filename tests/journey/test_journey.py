"""What may happen in one customer's journey, and how it is marked."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, get_args

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from journey import case_numbers
from journey.encoding import from_state, to_state
from journey.errors import (
    CaseOfAnotherKind,
    CaseRequired,
    IllegalTransition,
    MaterialsMissing,
    Refused,
    ResubmissionNotAllowed,
)
from journey.events import Event, RecordedEvent
from journey.journey import Journey, LifecycleMode, decide, evolve, initial
from journey.processes import Processes
from journey.touchpoints import TOUCHPOINTS
from tests.facts import NOON, event, submitted, visit
from tests.journey.moves import approved, started, withdrawn
from tests.journey.specs import PROCESSES, given
from tests.strategies import payloads

LOAN = "personal-loan@2026-11"
OLD = Processes.of(PROCESSES.by_product["personal-loan"][:1])
WEALTH = ("identity_card", "settlement_account", "risk_questionnaire", "tax_residence", "source_of_funds")


def rejected(*, may_resubmit: bool) -> Event:
    """Return a rejection of the case APP."""
    reasons = [{"code": "income", "explanation": "Too low."}]
    return event("review.rejected", {"reasons": reasons, "may_resubmit": may_resubmit}, case="APP")


def resubmitted() -> Event:
    """Return another round of the case APP."""
    return event("application.resubmitted", {"changes": "Less money."}, case="APP")


def wealth(*materials: str, type_: str = "application.submitted") -> Event:
    """Return an application for a product that demands its materials."""
    data: dict[str, Any] = {"product": "wealth-account"}
    return event(type_, data | ({"materials": list(materials)} if materials else {}), case="APP")


class TestLawful:
    def test_without_a_case(self) -> None:
        """What belongs to no case is always lawful, and recorded as it was told."""
        given().when(visit()).then()
        given(submitted(case="APP")).when(visit(case="anything")).then(case="anything")

    def test_first_of_a_case(self) -> None:
        """An opening event begins the case that it names, under the latest process of its product."""
        given().when(submitted(case="APP")).then(process=LOAN)

    @pytest.mark.parametrize("mode", get_args(LifecycleMode))
    def test_next_of_a_case(self, mode: LifecycleMode) -> None:
        """A lawful move is recorded without a mark in either mode."""
        given(submitted(case="APP")).when(started("APP"), mode).then(process=LOAN)

    def test_cases_do_not_touch_each_other(self) -> None:
        """Each case has a state of its own."""
        history = [submitted(case="APP"), submitted(case="APP-2"), withdrawn("APP")]

        given(*history).when(started("APP-2")).then(process=LOAN)


class TestUnlawful:
    @pytest.mark.parametrize(
        ("history", "told", "state", "expected"),
        [
            ([], started("APP"), None, "in -, expected application.started, application.submitted"),
            (
                [submitted(case="APP")],
                approved("APP"),
                "submitted",
                "in submitted, expected application.withdrawn, review.started",
            ),
            (
                [submitted(case="APP")],
                submitted(case="APP"),
                "submitted",
                "in submitted, expected application.withdrawn, review.started",
            ),
            (
                [submitted(case="APP"), withdrawn("APP")],
                started("APP"),
                "withdrawn",
                "in withdrawn, expected nothing",
            ),
        ],
    )
    def test_move(self, history: list[Event], told: Event, state: str | None, expected: str) -> None:
        """An unlawful move is refused with what had been lawful, or kept with that as its mark."""
        allowed = [] if expected.endswith("nothing") else expected.partition("expected ")[2].split(", ")
        process = LOAN if history else None

        given(*history).when(told).refused(
            IllegalTransition, case="APP", state=state, type=told.type, allowed=allowed
        )
        given(*history).when(told, "record").then(deviation=expected, process=process)

    def test_state_after_a_deviation(self) -> None:
        """A fact that is kept moves its case all the same, to where such an event leads."""
        approval = approved("APP")
        plan = [{"step": "contract_signing", "promised_at": "2026-11-23T17:00:00+08:00"}]

        given(approval, mode="record").when(event("delivery.started", {"plan": plan}, case="APP")).then()
        given(submitted(case="APP"), approval, mode="record").when(started("APP")).refused(
            IllegalTransition, state="approved"
        )

    def test_resubmission_that_was_excluded(self) -> None:
        """A final rejection allows no other round; a kept one is marked."""
        history = [submitted(case="APP"), started("APP"), rejected(may_resubmit=False)]

        given(*history).when(resubmitted()).refused(ResubmissionNotAllowed, case="APP")
        given(*history).when(resubmitted(), "record").then(
            deviation="expected nothing after a final rejection", process=LOAN
        )

    def test_resubmission_that_was_allowed(self) -> None:
        """The last rejection counts: what it allows is lawful, once."""
        history = [submitted(case="APP"), started("APP"), rejected(may_resubmit=True)]

        given(*history).when(resubmitted()).then(process=LOAN)
        given(*history, resubmitted(), started("APP"), rejected(may_resubmit=False)).when(
            resubmitted()
        ).refused(ResubmissionNotAllowed)


class TestCaseNumber:
    @pytest.mark.parametrize("mode", get_args(LifecycleMode))
    def test_missing(self, mode: LifecycleMode) -> None:
        """An event that goes on with a case must name it, in either mode."""
        given(submitted(case="APP")).when(event("review.approved", {}), mode).refused(
            CaseRequired, type="review.approved"
        )

    @pytest.mark.parametrize("mode", get_args(LifecycleMode))
    def test_of_another_kind(self, mode: LifecycleMode) -> None:
        """A case stays of its kind: an event of another kind cannot move it, in either mode."""
        data = {"class": "complex", "product": "card", "problem": "Lost.", "contact": "0571"}
        ticket = event("ticket.opened", data, case="APP")

        given(submitted(case="APP")).when(ticket, mode).refused(
            CaseOfAnotherKind, case="APP", kind="application", type="ticket.opened"
        )

    def test_given(self) -> None:
        """An opening event without a number is given one, drawn from the event."""
        told = submitted()

        given().when(told).then(case=_number(told, 0), process=LOAN)

    def test_given_is_free(self) -> None:
        """A given number is none that is taken, by other customers or by an earlier case of this one."""
        told = submitted()
        taken = frozenset({_number(told, 0), _number(told, 2)})

        given().when(told, taken=taken).then(case=_number(told, 1), process=LOAN)
        given(submitted(case=_number(told, 1))).when(told, taken=taken).then(
            case=_number(told, 3), process=LOAN
        )

    def test_named_is_kept(self) -> None:
        """A number that the event names is never replaced."""
        given().when(submitted(case="APP"), taken=frozenset({"APP"})).then(process=LOAN)


class TestProcess:
    def test_version_is_kept(self) -> None:
        """An application goes on under the version that it was opened under."""
        draft = event("application.started", {"product": "personal-loan"}, case="APP")
        history = given(draft, processes=OLD)

        history.when(submitted(case="APP")).then(process="personal-loan@2025-06")
        given(draft).when(submitted(case="APP")).then(process=LOAN)

    def test_every_event_of_a_case_carries_it(self) -> None:
        """What follows carries the version too, also after a newer one appeared."""
        given(submitted(case="APP"), processes=OLD).when(started("APP")).then(process="personal-loan@2025-06")

    def test_other_product(self) -> None:
        """An application that is handed in for another product than begun for gets that one's process."""
        draft = event("application.started", {"product": "personal-loan"}, case="APP")

        given(draft, processes=OLD).when(submitted(case="APP", product="credit-card")).then(
            process="credit-card@2026-11"
        )

    def test_unknown_product(self) -> None:
        """A product without a definition has no process, and needs none."""
        draft = event("application.started", {"product": "personal-loan"}, case="APP")

        given().when(submitted(case="APP", product="gold")).then()
        given(draft).when(submitted(case="APP", product="gold")).then()


class TestMaterials:
    def test_missing(self) -> None:
        """A product that demands its materials takes no application without them; a kept one is marked."""
        missing = [code for code in WEALTH if code != "identity_card"]

        given().when(wealth("identity_card")).refused(MaterialsMissing, case="APP", materials=missing)
        given().when(wealth("identity_card"), "record").then(
            deviation=f"expected materials {', '.join(missing)}", process="wealth-account@2026-11"
        )

    def test_complete(self) -> None:
        """With every required material it is lawful, the optional ones left out."""
        given().when(wealth(*WEALTH)).then(process="wealth-account@2026-11")

    def test_handed_in_before(self) -> None:
        """What was handed in with the draft counts."""
        material = event(
            "application.material_added", {"material": WEALTH[0], "reference": "dms/1"}, case="APP"
        )
        draft = wealth(type_="application.started")

        given(draft, material).when(wealth(*WEALTH[1:])).then(process="wealth-account@2026-11")
        given(draft).when(wealth(*WEALTH[1:])).refused(MaterialsMissing, materials=[WEALTH[0]])

    def test_not_demanded(self) -> None:
        """Other products take the application, and ask for what is missing later."""
        given().when(submitted(case="APP")).then(process=LOAN)

    def test_unlawful_move_comes_first(self) -> None:
        """Who may not submit at all is not asked for materials."""
        given(wealth(*WEALTH)).when(wealth("identity_card")).refused(IllegalTransition)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Draw events of one customer, lawful and not, of few cases."""
    told = []
    for _ in range(draw(st.integers(0, 12))):
        type_ = draw(st.sampled_from(sorted(TOUCHPOINTS)))
        data = draw(payloads(type_))
        if "product" in data and draw(st.booleans()):
            data = {**data, "product": draw(st.sampled_from(["wealth-account", "personal-loan"]))}
        told.append(event(type_, data, case=draw(st.sampled_from([None, "A", "B", "A-1"]))))
    return told


@st.composite
def applications(draw: st.DrawFn) -> list[Event]:
    """Draw events of one application, many of them lawful."""
    made: list[Callable[[], Event]] = [
        lambda: submitted(case="APP"),
        lambda: started("APP"),
        lambda: approved("APP"),
        lambda: withdrawn("APP"),
        lambda: rejected(may_resubmit=True),
        lambda: rejected(may_resubmit=False),
        resubmitted,
        lambda: wealth("identity_card"),
        visit,
    ]
    return [make() for make in draw(st.lists(st.sampled_from(made), max_size=15))]


class TestProperties:
    @settings(max_examples=60, deadline=None)
    @for_all(histories() | applications())
    def test_record_mode_refuses_no_move(self, history: list[Event]) -> None:
        """What strict mode takes, record mode takes alike; what the rules forbid, it takes with a mark."""
        journey = initial()
        for told in history:
            strict, record = _decided(journey, told, "strict"), _decided(journey, told, "record")
            if isinstance(strict, IllegalTransition | ResubmissionNotAllowed | MaterialsMissing):
                assert isinstance(record, Event)
                assert record.deviation is not None
            elif isinstance(strict, Refused):
                assert isinstance(record, type(strict))
            else:
                assert strict == record
                assert strict.deviation is None
            if isinstance(record, Event):
                journey = evolve(journey, record)

    @settings(max_examples=60, deadline=None)
    @for_all(histories() | applications(), st.integers(0, 12))
    def test_folding(self, history: list[Event], cut: int) -> None:
        """The log folds to what the writer remembers, in whole or from where it had been folded to."""
        remembered, recorded = initial(), list[RecordedEvent]()
        for told in history:
            decided = _decided(remembered, told, "record")
            if isinstance(decided, Event):
                remembered = evolve(remembered, decided)
                state = to_state(decided, NOON)
                recorded.append(from_state("C1", remembered.version, remembered.version, told.type, state))
        part = _folded(initial(), recorded[:cut])
        kept = deepcopy(part)

        assert _folded(initial(), recorded) == remembered
        assert _folded(part, recorded[cut:]) == remembered
        assert part == kept
        assert remembered.version == len(recorded)

    @settings(max_examples=40, deadline=None)
    @for_all(histories() | applications(), st.sampled_from(get_args(LifecycleMode)))
    def test_deciding_changes_nothing(self, history: list[Event], mode: LifecycleMode) -> None:
        """To decide on an event leaves journey and event as they are, and comes out the same again."""
        journey = initial()
        for told in history:
            untouched = deepcopy((journey, told))
            one, two = _decided(journey, told, mode), _decided(journey, told, mode)

            assert (journey, told) == untouched
            assert one == two or (isinstance(one, Refused) and isinstance(two, type(one)))

            if isinstance(one, Event):
                journey = evolve(journey, one)


def _decided(journey: Journey, told: Event, mode: LifecycleMode) -> Event | Refused:
    try:
        return decide(journey, told, mode, PROCESSES)
    except Refused as error:
        return error


def _folded(journey: Journey, events: list[RecordedEvent]) -> Journey:
    for each in events:
        journey = evolve(journey, each)
    return journey


def _number(told: Event, attempt: int) -> str:
    return case_numbers.number("application", told.source, told.id, NOON.date(), attempt)
