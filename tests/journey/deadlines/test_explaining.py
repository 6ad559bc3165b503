"""What is told of a deadline beside its end: steps with their rules, warnings, milestones, what is a fact."""

from dataclasses import replace

import pytest

from journey.deadlines import Deadline, explain, fact_of
from journey.words import Words
from tests.journey.deadlines.stories import facts_of, moment, rules_of, told, zone_of


def _explained(rules: str, story: str, as_of: str) -> Deadline:
    zone = zone_of(rules)
    deadline = explain(facts_of(story, zone), rules_of(rules), as_of=moment(as_of, zone))
    assert deadline is not None
    return deadline


class TestSteps:
    def test_say_what_happened_and_by_how_many_days_it_moved_the_end(self) -> None:
        """In order, each with the place of its event."""
        story = """2026-03-01 10:00 registered
            2026-03-02 10:00 acknowledged
            2026-03-05 10:00 suspended
            2026-03-09 10:00 resumed
            2026-03-10 10:00 extended ground=complex new_due_at=2026-04-04
            2026-03-12 10:00 facts
            2026-03-13 10:00 extended ground=exceptional new_due_at=2026-05-30 level=branch
            2026-04-05 10:00 answered
            2026-04-08 10:00 appealed
            2026-04-20 10:00 answered
            2026-04-21 10:00 confirmed"""

        steps = _explained("cn", story, "2026-06-01").steps

        assert [(step.kind, f"{step.due_at:%m-%d}", step.days, step.version) for step in steps] == [
            ("started", "03-16", 0, 1),
            ("acknowledged", "03-16", 0, 2),
            ("suspended", "03-16", 0, 3),
            ("resumed", "03-20", 4, 4),
            ("extended", "04-04", 15, 5),
            ("new_facts", "04-04", 0, 6),
            ("extended", "04-04", 0, 7),
            ("passed", "04-04", 0, None),
            ("answered", "04-04", 0, 8),
            ("appealed", "05-08", 0, 9),
            ("answered", "05-08", 0, 10),
        ]

    def test_that_rest_on_a_rule_name_it_and_whether_it_was_read(self) -> None:
        """The appeal's time is the institution's own."""
        story = """2026-03-01 10:00 registered
            2026-03-05 10:00 facts
            2026-03-06 10:00 answered
            2026-03-07 10:00 appealed"""

        started, facts, answered, appealed = _explained("cn", story, "2026-03-08").steps

        assert (started.read, facts.read, appealed.read) == (True, True, False)
        assert started.source is not None
        assert "15" in started.source.zh
        assert answered.source is None

    def test_that_do_not_count_say_why(self) -> None:
        """All that the rules hold against them."""
        story = """2026-03-01 10:00 registered
            2026-03-05 10:00 extended ground=exceptional new_due_at=2026-04-30 level=branch untold"""

        says = _explained("cn", story, "2026-03-06").steps[-1].says

        assert says == Words(
            "It does not count: The customer must be told, and when and how be recorded. "
            "It must be approved by one of: superior_unit, head_office.",
            "不予计算：须告知客户，并记录告知时间和方式。须经以下层级之一审批：superior_unit、head_office。",
        )

    def test_of_time_that_stands_still_are_told_up_to_now(self) -> None:
        """Ten days so far."""
        story = """2026-03-01 10:00 registered
            2026-03-05 10:00 suspended"""

        last = _explained("cn", story, "2026-03-15").steps[-1]

        assert (last.kind, last.days, f"{last.due_at:%m-%d}") == ("standing", 10, "03-26")


class TestWarnings:
    @pytest.mark.parametrize(
        ("rules", "story", "warned"),
        [
            ("cn", "2026-03-01 10:00 registered", "2026-03-13 23:59:59"),
            ("uk", "2026-03-02 10:00 registered", "2026-04-20 23:59:59"),
            ("us", "2026-03-01 10:00 registered", "2026-03-13 23:59:59"),  # its clocks go forward in between
            ("office", "2026-03-02 14:30 registered category=fraud", "2026-03-03 15:30"),
        ],
    )
    def test_come_days_before_the_end(self, rules: str, story: str, warned: str) -> None:
        """At the same time of day."""
        assert _explained(rules, story, "2026-03-02 15:00").warn_at == moment(warned, zone_of(rules))

    def test_are_over_when_the_time_is(self) -> None:
        """What is overdue is so until it is answered."""
        registered = "2026-03-01 10:00 registered"

        late = _explained("cn", registered, "2026-03-17")
        answered = _explained("cn", f"{registered}\n2026-03-18 10:00 answered", "2026-03-19")

        assert (late.status, late.is_overdue, late.warn_at) == ("missed", True, None)
        assert (answered.status, answered.is_overdue) == ("missed", False)
        assert answered.stopped_at == moment("2026-03-18 10:00", zone_of("cn"))


class TestMilestones:
    @pytest.mark.parametrize(
        ("answered", "as_of", "status"),
        [
            (None, "2026-04-07 16:59", "running"),
            (None, "2026-04-07 17:01", "missed"),
            ("2026-04-07 17:00", "2026-06-01", "met"),
            ("2026-04-07 17:01", "2026-06-01", "missed"),
        ],
    )
    def test_a_summary_resolution_ends_with_the_third_business_day(
        self, answered: str | None, as_of: str, status: str
    ) -> None:
        """At its close of business: from the Tuesday before Easter it is the one after."""
        story = "2026-03-31 10:00 registered" + (f"\n{answered} answered" if answered else "")

        [milestone] = _explained("uk", story, as_of).milestones

        assert (milestone.code, milestone.status) == ("summary_resolution", status)
        assert milestone.due_at == moment("2026-04-07 17:00", zone_of("uk"))

    def test_of_an_appeal_there_are_none(self) -> None:
        """They belong to the answer."""
        story = """2026-03-31 10:00 registered
            2026-04-01 10:00 answered
            2026-04-02 10:00 appealed"""

        assert _explained("uk", story, "2026-04-03").milestones == ()


class TestFarMoments:
    @pytest.mark.parametrize("rules", ["plain", "cn", "us"])
    def test_are_as_far_as_calendars_reach(self, rules: str) -> None:
        """As of the last moment of all, what stands still ends after 2200."""
        story = "2026-03-01 10:00 registered\n2026-03-02 10:00 suspended"

        far = _explained(rules, story, "9999-12-31 23:59:59")

        assert far.status == ("missed" if rules == "us" else "suspended")
        assert far.due_at.year == (2026 if rules == "us" else 2200)


class TestFacts:
    def test_what_means_nothing_for_time_limits_is_none(self) -> None:
        """An escalation moves no end."""
        [event] = told("2026-03-01 10:00 escalated", zone_of("cn"))

        assert fact_of(event) is None

    def test_an_extension_from_before_notices_were_recorded_does_not_count(self) -> None:
        """Nobody can say any more that the customer was told."""
        zone = zone_of("cn")
        start, extension = told(
            """2026-03-01 10:00 registered
            2026-03-05 10:00 extended ground=complex new_due_at=2026-03-31""",
            zone,
        )
        names = ("new_due_at", "reason", "approved_by")
        old = extension._replace(schema_version=1, data={name: extension.data[name] for name in names})
        facts = [fact for event in (start, old) if (fact := fact_of(event))]

        deadline = explain(facts, rules_of("cn"), as_of=moment("2026-03-06", zone))

        assert deadline is not None
        assert deadline.due_at == moment("2026-03-16 23:59:59", zone)

    def test_whatever_is_dated_before_the_start_counts_from_the_start(self) -> None:
        """A clock was wrong, and the answer is an answer."""
        story = """2026-03-01 10:00 registered
            2026-02-27 10:00 answered"""

        deadline = _explained("cn", story, "2026-03-06")

        assert (deadline.status, deadline.stopped_at) == ("met", moment("2026-03-01 10:00", zone_of("cn")))

    def test_rules_are_looked_up_by_whoever_chose_otherwise_since(self) -> None:
        """A deployment that moves to other rules keeps those of its open complaints."""
        rules = replace(rules_of("uk"), chosen="us")
        zone = zone_of("cn")
        facts = facts_of("2026-03-01 10:00 registered process=cn@2020-03", zone)

        deadline = explain(facts, rules, as_of=moment("2026-03-06", zone))

        assert deadline is not None
        assert deadline.rules == "cn@2020-03"
