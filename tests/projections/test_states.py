"""What an engine remembers of its rows, and what lies in archives, gives the rows that reading gives."""

from collections.abc import Sequence

import hypothesis
import sqlalchemy as sa
from hypothesis import strategies as st

from journey.events import Event, RecordedEvent
from journey.processes import load_definitions
from projections.current_state import CLOSED_CASES
from projections.projection import Projection
from projections.registry import projections
from projections.states import Recent
from projections.verification import Checked, Difference, verify
from tests.facts import event, visit
from tests.projections.keeping import Count, Kept, counting

CURRENT_STATE: Projection[object] = projections(load_definitions())[0]
COMPLAINT = {"category": "fees", "severity": "high", "description": "d", "contact": "138"}


def complaint(number: int, *, closed: bool, customer: str = "C1") -> Event:
    """Return the beginning or the end of a complaint."""
    if closed:
        return event("complaint.withdrawn", {"reason": "r"}, case=f"CMP-{number}", customer=customer)
    return event("complaint.registered", COMPLAINT, case=f"CMP-{number}", customer=customer)


def archived(kept: Kept) -> set[str]:
    """Return the numbers of the cases in the archive."""
    with kept.reading.connect() as connection:
        return set(connection.scalars(sa.select(CLOSED_CASES.c.number)))


def differences(kept: Kept, projection: Projection[object]) -> list[Difference]:
    """Return what verification finds."""
    with kept.reading.connect() as connection:
        return list(verify(kept.log, connection, projection, Checked()))


def stumble(recorded: RecordedEvent) -> None:
    """Raise for an event on the telephone."""
    if recorded.channel == "phone":
        raise ValueError("poison")


def test_engines_that_take_turns_on_a_build_see_what_the_other_wrote(kept: Kept) -> None:
    """What one remembers is of a checkpoint that the other has moved."""
    projection = counting()
    first, second = kept.engine(projection), kept.engine(projection)

    for engine in (first, first, second, first, second, second, first):
        kept.record(visit("C1"), visit("C2"))
        engine.step()

    assert kept.rows(projection) == kept.replayed(projection)


def test_a_customer_who_was_parked_and_repaired_elsewhere_is_read_anew(kept: Kept) -> None:
    """A repair changes rows at a checkpoint that stays where it is."""
    fragile, mended = counting(refuse=stumble), counting()
    running = kept.engine(fragile)
    kept.record(visit("C1"), visit("C2"))
    running.catch_up()
    kept.record(visit("C1", channel="phone"), visit("C2"))
    running.catch_up()
    assert set(kept.parked(fragile)) == {"C1"}
    kept.record(visit("C1"), visit("C2"))
    running.catch_up()

    assert kept.engine(mended).retry_parked("counting") == 1
    kept.record(visit("C1"), visit("C2"))
    running.catch_up()

    assert kept.rows(mended) == kept.replayed(mended)


def test_a_batch_that_was_rolled_back_is_not_remembered(kept: Kept) -> None:
    """A row that cannot be written has its page done again in halves, upon what the rows held."""

    def to_row(count: Count) -> dict[str, object]:
        return {**vars(count), "events": 2**70 if count.note == "phone" else count.events}

    projection = counting(to_row=to_row)
    engine = kept.engine(projection)
    kept.record(visit("C1"), visit("C2"))
    engine.catch_up()
    kept.record(visit("C1"), visit("C2"), visit("C3", channel="phone"), visit("C1"))
    engine.catch_up()
    kept.record(visit("C1"), visit("C2"))
    engine.catch_up()

    assert set(kept.parked(projection)) == {"C3"}
    expected = {key: row for key, row in kept.replayed(counting()).items() if key != "C3"}
    assert kept.rows(projection) == expected


def test_what_was_not_touched_for_long_is_forgotten_first(kept: Kept) -> None:
    """The bound holds whatever the batches are."""
    projection = counting()
    kept.engine(projection)
    build = kept.live(projection)
    recent = Recent(limit=3)

    recent.remember(build, build, {"a": 1, "b": 2, "c": 3})
    recent.remember(build, build, {"a": 4, "d": 5})
    recent.remember(build, build, {"c": None})

    assert recent.of(build) == {"a": 4, "d": 5}


def test_closed_cases_are_archived_and_come_back_with_their_next_event(kept: Kept) -> None:
    """An engine that knows nothing but the database, and one that remembers, count them alike."""
    engine = kept.engine(CURRENT_STATE)
    for number in range(3):
        kept.record(complaint(number, closed=False))
        engine.catch_up()
        kept.record(complaint(number, closed=True))
        engine.catch_up()
    assert archived(kept) == {"CMP-0", "CMP-1", "CMP-2"}

    kept.record(complaint(1, closed=False))
    engine.catch_up()
    assert archived(kept) == {"CMP-0", "CMP-2"}
    kept.record(complaint(0, closed=False))
    kept.engine(CURRENT_STATE).catch_up()
    assert archived(kept) == {"CMP-2"}
    assert kept.rows(CURRENT_STATE) == kept.replayed(CURRENT_STATE)


def test_cases_that_close_and_open_in_any_batches_give_the_rows_of_a_plain_fold(kept: Kept) -> None:
    """Several customers, one engine that goes on and others that begin anew."""
    example = 0
    steps = st.tuples(st.sampled_from(["C1", "C2"]), st.integers(0, 2), st.booleans())

    @hypothesis.settings(max_examples=15, deadline=None, database=None)
    @hypothesis.given(
        st.lists(st.lists(steps, min_size=1, max_size=6), min_size=1, max_size=5), st.booleans()
    )
    def same(pages: Sequence[list[tuple[str, int, bool]]], anew: bool) -> None:  # noqa: FBT001  # drawn by name
        nonlocal example
        example += 1
        engine = kept.engine(CURRENT_STATE)
        for page in pages:
            for name, number, closed in page:
                customer = f"{name}-{example}"
                told = event(
                    "complaint.withdrawn" if closed else "complaint.registered",
                    {"reason": "r"} if closed else COMPLAINT,
                    case=f"{customer}-{number}",
                    customer=customer,
                )
                kept.record(told)
            engine = kept.engine(CURRENT_STATE) if anew else engine
            engine.catch_up()

        assert kept.rows(CURRENT_STATE) == kept.replayed(CURRENT_STATE)

    same()


def test_nothing_of_a_dropped_build_is_left_in_its_archive(kept: Kept) -> None:
    """Builds share the table; a repair replaces a customer's archive too."""
    kept.record(complaint(1, closed=False), complaint(1, closed=True))
    engine = kept.engine(CURRENT_STATE)
    engine.catch_up()
    for _ in range(2):
        engine.rebuild("current_state")
        engine.catch_up()

    builds = set(kept.builds(CURRENT_STATE))
    with kept.reading.connect() as connection:
        assert set(connection.scalars(sa.select(CLOSED_CASES.c.build))) == builds


def test_verification_compares_archives_too(kept: Kept) -> None:
    """A closed case that was changed, or is gone, would tell once it is opened again."""
    kept.record(*[complaint(number, closed=closed) for number in (1, 2) for closed in (False, True)])
    kept.engine(CURRENT_STATE).catch_up()
    assert differences(kept, CURRENT_STATE) == []

    with kept.views.begin() as connection:
        connection.execute(CLOSED_CASES.delete().where(CLOSED_CASES.c.number == "CMP-1"))

    assert [each.key for each in differences(kept, CURRENT_STATE)] == ["closed_cases CMP-1"]
