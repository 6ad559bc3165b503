"""What holds of any story: nobody loses time by a suspension, and what was told as of a day stays so."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from journey.deadlines import ClockFact, explain
from tests.journey.deadlines.stories import rules_of

RULES = {code: rules_of(code) for code in ("plain", "cn", "uk", "us", "tw", "office")}
START = datetime(2026, 3, 2, 2, tzinfo=UTC)

OFFSETS = st.integers(0, 70 * 24).map(lambda hours: timedelta(hours=hours))
RULED = st.sampled_from(sorted(RULES))


@st.composite
def facts(draw: st.DrawFn, *kinds: str) -> list[ClockFact]:
    """Draw what happens to a complaint after its start, in the order of time."""
    known = kinds or (
        "acknowledged",
        "suspended",
        "resumed",
        "extended",
        "new_facts",
        "answered",
        "withdrawn",
    )
    offsets = sorted(draw(st.lists(OFFSETS, max_size=8)))
    drawn: list[Any] = [draw(st.sampled_from(known)) for _ in offsets]
    category = draw(st.sampled_from(["fees", "fraud", "payments"]))
    told = [ClockFact("started", START, START, 1, category=category)]
    for number, (kind, offset) in enumerate(zip(drawn, offsets, strict=True), 2):
        at = START + offset
        told.append(
            ClockFact(
                kind=kind,
                at=at,
                recorded_at=at + draw(OFFSETS),
                version=number,
                until=at + draw(OFFSETS) if kind == "extended" else None,
                ground=draw(st.sampled_from(["complex", "exceptional", "in_progress"])),
                level="head_office",
                told_at=at,
            )
        )
    return told


@settings(deadline=None)  # the first year is read from the library
@given(RULED, facts(), OFFSETS, OFFSETS)
def test_as_time_goes_on_the_end_never_comes_nearer(
    code: str, told: list[ClockFact], early: timedelta, more: timedelta
) -> None:
    """Whatever happens in between, but an appeal: that has a time limit of its own."""
    one = explain(told, RULES[code], as_of=START + early)
    two = explain(told, RULES[code], as_of=START + early + more)

    assert one is not None
    assert two is not None
    assert one.due_at <= two.due_at
    assert one.status != "missed" or two.status == "missed"
    assert one.stopped_at is None or one.stopped_at == two.stopped_at


@settings(deadline=None)  # the first year is read from the library
@given(RULED, facts("acknowledged", "new_facts", "answered"), OFFSETS, OFFSETS, OFFSETS)
def test_a_suspension_never_makes_it_earlier(
    code: str, told: list[ClockFact], since: timedelta, lasted: timedelta, asked: timedelta
) -> None:
    """The customer is told, and the end moves out or stays."""
    paused = [
        ClockFact("suspended", START + since, told_at=START),
        ClockFact("resumed", START + since + lasted, told_at=START),
    ]
    plain = explain(told, RULES[code], as_of=START + asked)
    with_pause = explain([*told, *paused], RULES[code], as_of=START + asked)

    assert plain is not None
    assert with_pause is not None
    assert with_pause.due_at >= plain.due_at


@settings(deadline=None)  # the first year is read from the library
@given(RULED, facts("acknowledged", "new_facts"), OFFSETS, OFFSETS, OFFSETS)
def test_a_longer_suspension_never_makes_it_earlier(
    code: str, told: list[ClockFact], since: timedelta, lasted: timedelta, longer: timedelta
) -> None:
    """By whatever it is longer."""
    ends = []
    for duration in (lasted, lasted + longer):
        paused = [
            ClockFact("suspended", START + since, told_at=START),
            ClockFact("resumed", START + since + duration, told_at=START),
        ]
        deadline = explain([*told, *paused], RULES[code], as_of=START + timedelta(days=200))
        assert deadline is not None
        ends.append(deadline.due_at)

    assert ends[0] <= ends[1]


@settings(deadline=None)  # the first year is read from the library
@given(RULED, facts(), OFFSETS)
def test_what_is_recorded_later_changes_no_earlier_answer(
    code: str, told: list[ClockFact], asked: timedelta
) -> None:
    """Recomputed with what was known then, a deadline is the one that was told then."""
    moment = START + asked
    known = [each for each in told if each.recorded_at is not None and each.recorded_at <= moment]

    assert explain(told, RULES[code], as_of=moment, known_at=moment) == explain(
        known, RULES[code], as_of=moment
    )


@settings(deadline=None)  # the first year is read from the library
@given(RULED, facts(), OFFSETS, st.randoms())
def test_the_order_in_which_facts_come_does_not_matter(
    code: str, told: list[ClockFact], asked: timedelta, random: Any
) -> None:
    """They are taken in the order in which they happened."""
    shuffled = random.sample(told, len(told))

    assert explain(shuffled, RULES[code], as_of=START + asked) == explain(
        told, RULES[code], as_of=START + asked
    )


@settings(max_examples=50, deadline=None)
@given(facts())
def test_facts_come_back_from_rows_as_they_were(told: list[ClockFact]) -> None:
    """What rows store is plain JSON."""
    stored = [each.as_json() for each in told]

    assert all(type(value) in (str, int) for each in stored for value in each.values())
    assert [ClockFact.from_json(each) for each in stored] == told


@settings(deadline=None)  # the first year is read from the library
@given(RULED, facts(), OFFSETS)
def test_steps_add_up_to_the_end(code: str, told: list[ClockFact], asked: timedelta) -> None:
    """The first step's end and the days of all others give the last one."""
    deadline = explain(told, RULES[code], as_of=START + asked)
    assert deadline is not None
    zone = RULES[code].by_code[code][-1].calendar.calendar
    first, *others = deadline.steps
    moved = sum(step.days for step in others)

    assert zone.date_of(first.due_at) + timedelta(days=moved) == zone.date_of(deadline.due_at)
