"""The table of deadlines: for each rule set what happened, and when the answer is due then.

Days and times are those of the institution's zone; a limit in days ends with its last day.
"""

from typing import NamedTuple

import pytest

from journey.deadlines import Deadline, explain
from journey.errors import RulesUnknown, UnknownYear
from tests.journey.deadlines.stories import facts_of, moment, rules_of, zone_of


class Row(NamedTuple):
    """What happened by a moment, and the deadline as it stands then."""

    name: str
    rules: str
    story: str
    as_of: str
    status: str
    due: str
    known_at: str | None = None
    """What was recorded later is left out."""


TABLE = [
    # --- plain -------------------------------------------------------------------------------------------
    Row(
        "plain: 15 days",
        "plain",
        "2026-03-01 10:00 registered",
        "2026-03-02",
        "running",
        "2026-03-16 23:59:59",
    ),
    Row(
        "the day of arrival does not count, however early or late it is",
        "plain",
        "2026-03-01 23:59 registered",
        "2026-03-02",
        "running",
        "2026-03-16 23:59:59",
    ),
    # --- mainland China ----------------------------------------------------------------------------------
    Row("cn: 15 days", "cn", "2026-03-01 10:00 registered", "2026-03-02", "running", "2026-03-16 23:59:59"),
    Row(
        "cn: holidays count like other days",
        "cn",
        "2026-02-10 10:00 registered",
        "2026-02-11",
        "running",
        "2026-02-25 23:59:59",
    ),
    Row(
        "cn: a complex case may take up to 30 days",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-10 10:00 extended ground=complex new_due_at=2026-03-31 level=department""",
        "2026-03-20",
        "running",
        "2026-03-31 23:59:59",
    ),
    Row(
        "cn: exceptionally 30 more, which are 60 in all",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-10 10:00 extended ground=complex new_due_at=2026-03-31
        2026-03-30 10:00 extended ground=exceptional new_due_at=2026-04-30 level=superior_unit""",
        "2026-04-20",
        "running",
        "2026-04-30 23:59:59",
    ),
    Row(
        "cn: never over 60 days",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-10 10:00 extended ground=exceptional new_due_at=2026-05-01 level=head_office""",
        "2026-03-11",
        "running",
        "2026-03-16 23:59:59",
    ),
    Row(
        "cn: an exceptional extension needs a senior approver",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-10 10:00 extended ground=exceptional new_due_at=2026-04-30 level=branch""",
        "2026-03-11",
        "running",
        "2026-03-16 23:59:59",
    ),
    Row(
        "cn: an extension of which the customer is not told does not count",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-10 10:00 extended ground=complex new_due_at=2026-03-31 untold""",
        "2026-03-11",
        "running",
        "2026-03-16 23:59:59",
    ),
    Row(
        "cn: an extension comes too late when the time is over",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-17 00:00 extended ground=complex new_due_at=2026-03-31""",
        "2026-03-18",
        "missed",
        "2026-03-16 23:59:59",
    ),
    Row(
        "cn: time at an outside appraiser does not count",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-05 10:00 suspended
        2026-03-12 16:00 resumed""",
        "2026-03-13",
        "running",
        "2026-03-23 23:59:59",
    ),
    Row(
        "cn: while it stands still the end moves with each day",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-05 10:00 suspended""",
        "2026-04-14 09:00",
        "suspended",
        "2026-04-25 23:59:59",
    ),
    Row(
        "cn: time goes on where the customer was not told of the appraisal",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-05 10:00 suspended untold""",
        "2026-04-14",
        "missed",
        "2026-03-16 23:59:59",
    ),
    Row(
        "cn: what was granted is put off by a later appraisal too",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-10 10:00 extended ground=complex new_due_at=2026-03-31
        2026-03-20 10:00 suspended
        2026-03-25 10:00 resumed""",
        "2026-03-26",
        "running",
        "2026-04-05 23:59:59",
    ),
    Row(
        "cn: an extension may go as far beyond as the appraisal took",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-05 10:00 suspended
        2026-03-15 10:00 resumed
        2026-03-16 10:00 extended ground=complex new_due_at=2026-04-10""",
        "2026-03-17",
        "running",
        "2026-04-10 23:59:59",
    ),
    Row(
        "cn: an appraisal after the end undoes nothing",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-18 10:00 suspended
        2026-03-20 10:00 resumed""",
        "2026-03-21",
        "missed",
        "2026-03-16 23:59:59",
    ),
    Row(
        "cn: new facts start the 15 days again",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-11 10:00 facts""",
        "2026-03-12",
        "running",
        "2026-03-26 23:59:59",
    ),
    Row(
        "cn: what was granted before the new facts stays where it is later",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-05 10:00 extended ground=complex new_due_at=2026-03-31
        2026-03-06 10:00 facts""",
        "2026-03-12",
        "running",
        "2026-03-31 23:59:59",
    ),
    Row(
        "cn: after new facts it is 30 days again for a complex case",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-11 10:00 facts
        2026-03-12 10:00 extended ground=complex new_due_at=2026-04-10""",
        "2026-03-13",
        "running",
        "2026-04-10 23:59:59",
    ),
    Row(
        "cn: of an appraisal only the time after the new facts is left out",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-05 10:00 suspended
        2026-03-08 10:00 facts
        2026-03-12 10:00 resumed""",
        "2026-03-13",
        "running",
        "2026-03-27 23:59:59",
    ),
    Row(
        "cn: what is granted during an appraisal is put off by the rest of it",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-05 10:00 suspended
        2026-03-08 10:00 extended ground=complex new_due_at=2026-03-31
        2026-03-12 10:00 resumed""",
        "2026-03-13",
        "running",
        "2026-04-04 23:59:59",
    ),
    Row(
        "cn: the same complaint, made again, goes with the first",
        "cn",
        """2026-03-05 10:00 registered
        2026-03-06 10:00 merged into=CMP-0""",
        "2026-05-01",
        "ended",
        "2026-03-20 23:59:59",
    ),
    Row(
        "cn: a complaint that is taken back is never late",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-16 10:00 withdrawn""",
        "2026-05-01",
        "ended",
        "2026-03-16 23:59:59",
    ),
    Row(
        "answered in the last second",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-16 23:59:59.9 answered""",
        "2026-05-01",
        "met",
        "2026-03-16 23:59:59",
    ),
    Row(
        "answered a second later",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-17 00:00 answered""",
        "2026-05-01",
        "missed",
        "2026-03-16 23:59:59",
    ),
    Row(
        "answered during the appraisal",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-05 10:00 suspended
        2026-03-30 10:00 answered""",
        "2026-09-01",
        "met",
        "2026-04-10 23:59:59",
    ),
    Row(
        "an appeal has a time limit of its own",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-20 10:00 answered
        2026-03-25 10:00 appealed""",
        "2026-03-26",
        "running",
        "2026-04-24 23:59:59",
    ),
    # --- United Kingdom ----------------------------------------------------------------------------------
    Row("uk: 8 weeks", "uk", "2026-03-02 10:00 registered", "2026-03-03", "running", "2026-04-27 23:59:59"),
    Row(
        "uk: 8 weeks across the change of clocks",
        "uk",
        "2026-10-01 23:30 registered",
        "2026-10-02",
        "running",
        "2026-11-26 23:59:59",
    ),
    Row(
        "uk: payment services 15 business days, over Easter",
        "uk",
        "2026-03-30 10:00 registered category=payment-services",
        "2026-03-31",
        "running",
        "2026-04-22 23:59:59",
    ),
    Row(
        "uk: exceptionally 35 business days",
        "uk",
        """2026-03-30 10:00 registered category=payment-services
        2026-04-10 10:00 extended ground=exceptional new_due_at=2026-05-21""",
        "2026-04-11",
        "running",
        "2026-05-21 23:59:59",
    ),
    Row(
        "uk: and not 36",
        "uk",
        """2026-03-30 10:00 registered category=payment-services
        2026-04-10 10:00 extended ground=exceptional new_due_at=2026-05-22""",
        "2026-04-11",
        "running",
        "2026-04-22 23:59:59",
    ),
    Row(
        "uk: the 8 weeks are not extended, suspended or begun again",
        "uk",
        """2026-03-02 10:00 registered
        2026-03-03 10:00 extended ground=exceptional new_due_at=2026-05-22
        2026-03-04 10:00 suspended
        2026-03-05 10:00 facts""",
        "2026-03-06",
        "running",
        "2026-04-27 23:59:59",
    ),
    # --- United States and Taiwan ------------------------------------------------------------------------
    Row("us: 15 days", "us", "2026-03-01 10:00 registered", "2026-03-02", "running", "2026-03-16 23:59:59"),
    Row(
        "us: 60 days for a response in progress, counted from the start",
        "us",
        """2026-03-01 10:00 registered
        2026-03-14 10:00 extended ground=in_progress new_due_at=2026-04-30""",
        "2026-03-15",
        "running",
        "2026-04-30 23:59:59",
    ),
    Row("tw: 30 days", "tw", "2026-03-01 10:00 registered", "2026-03-02", "running", "2026-03-31 23:59:59"),
    # --- working days in China: holiday weeks and make-up days --------------------------------------------
    Row(
        "5 working days over Chinese New Year, of which two Saturdays are worked",
        "office",
        "2026-02-13 10:00 registered",
        "2026-02-13 12:00",
        "running",
        "2026-02-27 17:30",
    ),
    Row(
        "from within the holidays",
        "office",
        "2026-02-20 10:00 registered",
        "2026-02-20 12:00",
        "running",
        "2026-02-28 17:30",
    ),
    Row(
        "3 working days over National Day end on a make-up Saturday",
        "office",
        "2026-09-30 10:00 registered",
        "2026-09-30 12:00",
        "running",
        "2026-10-10 17:30",
    ),
    Row(
        "only working days of an appraisal are left out",
        "office",
        """2026-02-09 10:00 registered
        2026-02-12 10:00 suspended
        2026-02-25 10:00 resumed""",
        "2026-02-26",
        "running",
        "2026-02-27 17:30",
    ),
    Row(
        "8 working hours, with the break and the night left out",
        "office",
        "2026-03-02 14:30 registered category=fraud",
        "2026-03-02 15:00",
        "running",
        "2026-03-03 15:30",
    ),
    Row(
        "working hours stand still too",
        "office",
        """2026-03-02 14:30 registered category=fraud
        2026-03-02 16:30 suspended
        2026-03-03 10:00 resumed""",
        "2026-03-03 11:00",
        "running",
        "2026-03-03 17:30",
    ),
    Row(
        "of an appraisal only the working hours after the new facts are left out",
        "office",
        """2026-03-02 14:30 registered category=fraud
        2026-03-02 16:30 suspended
        2026-03-03 09:30 facts
        2026-03-03 10:00 resumed""",
        "2026-03-03 11:00",
        "running",
        "2026-03-04 11:00",
    ),
    # --- which version of the rules ----------------------------------------------------------------------
    Row(
        "the last day of the old version",
        "office",
        "2026-07-14 10:00 registered",
        "2026-07-15",
        "running",
        "2026-07-21 17:30",
    ),
    Row(
        "the first day of the new version",
        "office",
        "2026-07-15 10:00 registered",
        "2026-07-16",
        "running",
        "2026-07-20 17:30",
    ),
    Row(
        "what was chosen at the start stays, whatever is set today",
        "office",
        "2026-07-15 10:00 registered process=cn@2020-03",
        "2026-07-16",
        "running",
        "2026-07-30 23:59:59",
    ),
    # --- as of last month --------------------------------------------------------------------------------
    Row(
        "as of March 10 nothing was extended yet",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-14 10:00 extended ground=complex new_due_at=2026-03-31
        2026-04-05 10:00 answered""",
        "2026-03-10",
        "running",
        "2026-03-16 23:59:59",
    ),
    Row(
        "as of April 6 it was missed",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-14 10:00 extended ground=complex new_due_at=2026-03-31
        2026-04-05 10:00 answered""",
        "2026-04-06",
        "missed",
        "2026-03-31 23:59:59",
    ),
    Row(
        "an answer that was recorded late was not known then",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-15 10:00 answered known=2026-03-20""",
        "2026-03-18",
        "missed",
        "2026-03-16 23:59:59",
        known_at="2026-03-18",
    ),
    Row(
        "and with what is known today it was in time then",
        "cn",
        """2026-03-01 10:00 registered
        2026-03-15 10:00 answered known=2026-03-20""",
        "2026-03-18",
        "met",
        "2026-03-16 23:59:59",
    ),
]


def _explained(row: Row) -> Deadline:
    zone = zone_of(row.rules)
    known_at = moment(row.known_at, zone) if row.known_at else None
    deadline = explain(
        facts_of(row.story, zone), rules_of(row.rules), as_of=moment(row.as_of, zone), known_at=known_at
    )
    assert deadline is not None
    return deadline


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_deadline(row: Row) -> None:
    """Each row, and the last step leads to the end that is told."""
    deadline = _explained(row)

    assert (deadline.status, deadline.due_at) == (row.status, moment(row.due, zone_of(row.rules)))
    assert deadline.steps[-1].due_at == deadline.due_at
    assert (deadline.warn_at is not None) == (deadline.status == "running")
    assert all(words.en and words.zh and "{" not in words.en + words.zh for _, _, words, *_ in deadline.steps)


def test_a_year_without_data_is_an_error() -> None:
    """Working days of 2027 are not known in China: no date is told that might be wrong."""
    row = Row("", "office", "2026-12-30 10:00 registered", "2026-12-30 11:00", "", "")

    with pytest.raises(UnknownYear, match="2027"):
        _explained(row)


def test_calendar_days_need_no_such_data() -> None:
    """The Measures count days, holidays or not."""
    row = Row("", "cn", "2027-02-01 10:00 registered", "2027-02-02", "", "")

    assert _explained(row).due_at == moment("2027-02-16 23:59:59", zone_of("cn"))


@pytest.mark.parametrize(
    ("story", "named"),
    [
        ("2019-12-31 10:00 registered", "office had a version in force on 2019-12-31"),
        ("2026-03-01 10:00 registered process=gone@2020-01", "gone@2020-01 is there any more"),
    ],
)
def test_rules_that_are_not_there_are_an_error(story: str, named: str) -> None:
    """Whoever came before the first version, or carries a stamp whose file was removed."""
    with pytest.raises(RulesUnknown, match=named):
        _explained(Row("", "office", story, "2026-03-02", "", ""))


def test_before_it_began_there_is_no_deadline() -> None:
    """Neither before it happened, nor before anybody knew of it."""
    zone, story = zone_of("cn"), "2026-03-01 10:00 registered known=2026-03-05"
    facts, rules = facts_of(story, zone), rules_of("cn")

    assert explain(facts, rules, as_of=moment("2026-02-28", zone)) is None
    assert (
        explain(facts, rules, as_of=moment("2026-03-06", zone), known_at=moment("2026-03-04", zone)) is None
    )
    assert explain([], rules, as_of=moment("2026-03-06", zone)) is None
