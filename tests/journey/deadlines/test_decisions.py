"""What may happen to a time limit: given what happened, when something is told, then it is so, or refused."""

from datetime import datetime
from typing import Any

import pytest

from journey.errors import IllegalTransition, RulesUnknown, TimeLimitRefused
from journey.events import Event
from journey.processes import Processes
from tests.facts import event
from tests.journey.deadlines.stories import rules_of
from tests.journey.specs import Decision, Given, given

CN, UK = (Processes.of((), rules_of(code)) for code in ("cn", "uk"))
NOTICE = {"told_at": "2026-03-05T10:05:00+08:00", "medium": "sms"}


def _told(kind: str, day: str, case: str = "CMP-1", **data: Any) -> Event:
    return event(f"complaint.{kind}", data, case=case, at=datetime.fromisoformat(f"{day}T10:00:00+08:00"))


def _registered(day: str = "2026-03-01", case: str = "CMP-1") -> Event:
    return _told("registered", day, case, category="fees", severity="normal", description="x", contact="x")


def _assigned(day: str = "2026-03-02") -> Event:
    return _told("assigned", day, department="d", handler="h", due_at="2026-03-16T23:59:59+08:00")


def _extended(day: str = "2026-03-10", **changed: Any) -> Event:
    data = {
        "new_due_at": "2026-03-31T23:59:59+08:00",
        "ground": "complex",
        "reason": "x",
        "approved_by": "Li",
        "level": "department",
        "notice": NOTICE,
    }
    return _told("extended", day, **{**data, **changed})


def _suspended(day: str = "2026-03-05", **changed: Any) -> Event:
    return _told("suspended", day, **{"cause": "testing", "body": "B", "notice": NOTICE, **changed})


def _resumed(day: str = "2026-03-08", **changed: Any) -> Event:
    return _told("resumed", day, **{"notice": NOTICE, **changed})


def _answered(day: str, case: str = "CMP-1") -> Event:
    return _told("answered", day, case, result="x", medium="phone")


def _open(*more: Event, processes: Processes = CN) -> Given:
    return given(_registered(), _assigned(), *more, processes=processes)


def _refused(decision: Decision, *fields: str) -> None:
    """See that exactly these fields are named."""
    assert isinstance(decision.outcome, TimeLimitRefused)
    assert sorted(field for field, _ in decision.outcome.faults) == sorted(fields)


class TestRuleSet:
    def test_a_complaint_carries_the_one_it_was_registered_under(self) -> None:
        """Each of its events does, so that no setting changes it any more."""
        given(processes=CN).when(_registered(), processes=CN).then(process="cn@2020-03")
        given(_registered(), processes=CN).when(_assigned(), processes=UK).then(process="cn@2020-03")

    def test_before_the_first_version_it_carries_none(self) -> None:
        """And nothing is held against what happens to it."""
        old = given(_registered("2019-03-01"), _assigned("2019-03-02"), processes=CN)

        given(processes=CN).when(_registered("2019-03-01"), processes=CN).then()
        old.when(_extended("2019-03-03"), processes=CN).then()

    def test_one_that_is_not_there_any_more_lets_nobody_judge(self) -> None:
        """The operator is told; nothing is guessed."""
        gone = Processes.of((), rules_of("plain").of("plain", rules_of("plain").by_code["plain"]))

        with pytest.raises(RulesUnknown, match="cn@2020-03"):
            _open().when(_extended(), processes=gone)


class TestMistypedYears:
    @pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
    def test_overflow_nothing(self, time: str) -> None:
        """Whatever a channel's clock says, the event is judged like any other."""
        strange = datetime.fromisoformat(time)
        notice = {"told_at": time, "medium": "sms"}
        registered = _registered()._replace(occurred_at=strange)
        suspended = _suspended(notice=notice)._replace(occurred_at=strange)

        for processes in (CN, UK):
            given(processes=processes).when(registered, processes=processes)
            given(registered, _assigned(), processes=processes).when(suspended, processes=processes)
            decision = _open(processes=processes).when(
                _extended(new_due_at=time, notice=notice), processes=processes
            )
            assert isinstance(decision.outcome, TimeLimitRefused)


class TestExtension:
    def test_with_ground_approver_and_notice(self) -> None:
        """It is taken, until the last moment that the ground allows."""
        _open().when(_extended(), processes=CN).then(process="cn@2020-03")

    @pytest.mark.parametrize(
        ("changed", "fields"),
        [
            ({"notice": None}, ["notice"]),
            ({"level": None, "ground": "exceptional"}, ["level"]),
            ({"level": "branch", "ground": "exceptional"}, ["level"]),
            ({"ground": None}, ["ground"]),
            ({"ground": "busy"}, ["ground"]),
            ({"new_due_at": "2026-04-01T00:00:00+08:00"}, ["new_due_at"]),
            ({"new_due_at": "2026-03-16T23:59:59+08:00"}, ["new_due_at"]),
            ({"new_due_at": "2026-03-10T00:00:00+08:00"}, ["new_due_at"]),
            (
                {"ground": "exceptional", "notice": None, "new_due_at": "2026-05-01T00:00:00+08:00"},
                ["level", "new_due_at", "notice"],
            ),
        ],
    )
    def test_names_every_bad_field(self, changed: dict[str, Any], fields: list[str]) -> None:
        """Without approver or notice, beyond the rule's limit, or to an earlier date."""
        _refused(_open().when(_extended(**changed), processes=CN), *fields)

    def test_comes_too_late_when_the_time_is_over(self) -> None:
        """It would make good what was missed."""
        _refused(_open().when(_extended("2026-03-17"), processes=CN), "new_due_at")

    def test_is_not_to_be_had_where_the_rules_know_none(self) -> None:
        """The 8 weeks are the 8 weeks."""
        _refused(_open(processes=UK).when(_extended(), processes=UK), "ground")

    def test_is_not_to_be_had_for_an_appeal(self) -> None:
        """Its time limit is another one."""
        appealed = _told("appealed", "2026-03-11", reason="x")
        again = _open(_answered("2026-03-10"), appealed, _assigned("2026-03-12"))

        _refused(
            again.when(_extended("2026-03-13", new_due_at="2026-05-30T00:00:00+08:00"), processes=CN),
            "ground",
        )

    def test_that_was_recorded_nevertheless_is_a_deviation(self) -> None:
        """It says what is wrong with it."""
        decision = _open().when(_extended(notice=None), "record", processes=CN)

        decision.then(
            process="cn@2020-03", deviation="The customer must be told, and when and how be recorded."
        )


class TestSuspension:
    def test_begins_and_ends_with_a_notice(self) -> None:
        """The customer is told of both."""
        _open().when(_suspended(), processes=CN).then(process="cn@2020-03")
        _open(_suspended()).when(_resumed(), processes=CN).then(process="cn@2020-03")
        _refused(_open().when(_suspended(notice=None), processes=CN), "notice")
        _refused(_open(_suspended()).when(_resumed(notice=None), processes=CN), "notice")

    def test_is_one_at_a_time(self) -> None:
        """What stands still cannot be stopped, and what runs cannot go on."""
        _refused(_open(_suspended()).when(_suspended("2026-03-06"), processes=CN), "")
        _refused(_open().when(_resumed(), processes=CN), "")

    def test_needs_a_rule(self) -> None:
        """Where none says that time may stand still, it does not."""
        _refused(_open(processes=UK).when(_suspended(), processes=UK), "cause")


class TestMerger:
    def _twice(self, *more: Event, again: str = "2026-03-10") -> Given:
        return _open(_registered(again, "CMP-2"), *more)

    def _merged(self, into: str, day: str = "2026-03-11") -> Event:
        return _told("merged", day, "CMP-2", into=into)

    def test_with_a_complaint_within_its_time_limit(self) -> None:
        """The second one is over, and nothing more happens to it."""
        self._twice().when(self._merged("CMP-1"), processes=CN).then(process="cn@2020-03")
        after = self._twice(self._merged("CMP-1")).when(_answered("2026-03-12", "CMP-2"), processes=CN)

        after.refused(IllegalTransition, state="merged", allowed=[])

    @pytest.mark.parametrize("into", ["CMP-2", "CMP-3"])
    def test_not_with_itself_or_with_nothing(self, into: str) -> None:
        """It must be another complaint of the same customer."""
        _refused(self._twice().when(self._merged(into), processes=CN), "into")

    def test_not_with_one_that_is_over_or_late(self) -> None:
        """The same complaint after the answer, or after the limit, is a new one."""
        _refused(self._twice(_answered("2026-03-10")).when(self._merged("CMP-1"), processes=CN), "into")
        late = self._twice(again="2026-03-17")
        _refused(late.when(self._merged("CMP-1", "2026-03-18"), processes=CN), "into")

    def test_late_with_one_that_was_within_it_when_the_same_was_said_again(self) -> None:
        """Nobody loses the merger because whoever merges was away."""
        self._twice().when(self._merged("CMP-1", "2026-03-18"), processes=CN).then(process="cn@2020-03")

    def test_needs_a_rule(self) -> None:
        """Where none says that complaints may be merged, they are not."""
        both = given(_registered(), _registered("2026-03-10", "CMP-2"), processes=UK)

        _refused(both.when(self._merged("CMP-1"), processes=UK), "into")
