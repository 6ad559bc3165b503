"""What may still happen with a customer whose data is restricted or erased."""

import pytest

from journey.errors import PersonalDataErased, ProcessingRestricted
from journey.events import Event
from tests.facts import event, submitted, visit
from tests.journey.moves import started, withdrawn
from tests.journey.specs import given

TOLD = {"request": "R1", "by": "zhao.min", "basis": "PIPL Art. 47"}
NAMED = {"name": "陈晓燕", "segment": "mass"}


def step(name: str, **further: object) -> Event:
    """Return a step of privacy."""
    return event(f"customer.{name}", {**TOLD, **further})


WANTED = step("erasure_requested", jurisdiction="CN")
EVERYTHING = ["identity", "contact", "correspondence"]


class TestRestricted:
    @pytest.mark.parametrize("how", [step("restricted"), WANTED], ids=["restricted", "to be erased"])
    def test_nothing_new(self, how: Event) -> None:
        """What is restricted is not used: no visit, no profile, no new case."""
        for told in (visit(), event("customer.registered", NAMED), submitted(case="NEW")):
            given(submitted(case="APP"), how).when(told).refused(ProcessingRestricted)
            given(submitted(case="APP"), how).when(told, "record").refused(ProcessingRestricted)

    def test_what_the_law_asks_for(self) -> None:
        """A case under way is recorded to its end, and a complaint can always be made."""
        complaint = event(
            "complaint.registered",
            {"category": "service", "severity": "low", "description": "x", "contact": "12345"},
        )
        given(submitted(case="APP"), step("restricted")).when(started("APP")).then(
            process="personal-loan@2026-11"
        )
        assert isinstance(given(step("restricted")).when(complaint).outcome, Event)

    def test_lifted(self) -> None:
        """Then everything is as before."""
        given(step("restricted"), step("restriction_lifted")).when(visit()).then()
        given(WANTED, step("restriction_lifted")).when(visit()).then()

    def test_a_hold_restricts_nothing(self) -> None:
        """It keeps data from being erased, and nothing else."""
        given(step("held")).when(visit()).then()


class TestErased:
    def test_what_is_gone_does_not_come_back(self) -> None:
        """Of classes whose erasure has begun no more is taken, of others it is."""
        begun = step("erasure_begun", classes=["contact"])
        phone = event("customer.profile_changed", {"phone": "13800138000"})
        given(begun).when(phone).refused(PersonalDataErased, fields=["phone"])
        given(begun).when(event("customer.profile_changed", NAMED)).then()

    @pytest.mark.parametrize("name", ["erasure_begun", "erased"])
    def test_all_is_gone(self, name: str) -> None:
        """Everything without personal data goes on, as nothing is left that could be used."""
        told = step(name, classes=EVERYTHING)
        given(WANTED, told).when(visit()).then()
        given(WANTED, told).when(event("customer.registered", NAMED)).refused(PersonalDataErased)
        given(submitted(case="APP"), WANTED, told).when(withdrawn("APP")).refused(PersonalDataErased)

    def test_the_rest_stays_restricted(self) -> None:
        """Where the law keeps one class, it is restricted until it goes too."""
        some = step("erasure_begun", classes=["contact"])
        given(WANTED, some).when(visit()).refused(ProcessingRestricted)
        given(WANTED, some, step("restriction_lifted")).when(visit()).then()
