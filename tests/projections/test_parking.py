"""A poison event parks its customer in that projection only; all others go on, and a retry makes it right."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st

from journey.events import Event, RecordedEvent
from journey.processes import load_definitions
from projections import repair
from projections.engine import Engine
from projections.projection import Key, Projection, Row
from projections.registry import projections
from projections.verification import Checked, verify
from tests.facts import submitted, visit
from tests.journey.proof.tampering import put
from tests.projections.keeping import NOW, Count, Kept, counting
from tests.projections.specs import fold


def poison(customer: str) -> Event:
    """Return an event that the projections of this module stumble over."""
    return visit(customer, channel="phone")


def stumble(event: RecordedEvent) -> None:
    """Raise for a poison event."""
    if event.channel == "phone":
        raise ValueError("poison")


def before_poison(events: Sequence[RecordedEvent]) -> dict[Key, Row]:
    """Return the rows that the events before each customer's first poison event give."""
    parked: set[str] = set()
    good = []
    for event in events:
        if event.channel == "phone":
            parked.add(event.stream_id)
        if event.stream_id not in parked:
            good.append(event)
    return fold(counting(), good)


def no_state(count: Count) -> Row:
    """Fail to write the row of a state that a poison event gave."""
    if count.note == "phone":
        raise ValueError("poison")
    return asdict(count)


def writes(value: Any, column: str) -> Callable[[Count], Row]:
    """Return a `to_row` that gives a value which the database refuses for a poison event."""

    def to_row(count: Count) -> Row:
        return {**asdict(count), **({column: value} if count.note == "phone" else {})}

    return to_row


POISONS = {
    "evolve raises": counting(refuse=stumble),
    "to_row raises": counting(to_row=no_state),
    "a value is missing": counting(to_row=writes(None, "events")),
    "a number is too large": counting(to_row=writes(2**70, "events")),
    "a value is of no type": counting(to_row=writes({"a": object()}, "note")),
    "a text cannot be encoded": counting(to_row=writes("\ud800", "note")),
}


@pytest.fixture(params=POISONS)
def fragile(request: pytest.FixtureRequest) -> Projection[Count]:
    """Give a projection that stumbles over poison events, in each way that there is."""
    return POISONS[request.param]


KINDS: st.SearchStrategy[Callable[[str], Event]] = st.sampled_from([visit, visit, visit, poison])


class TestParking:
    def test_stops_one_customer_in_one_projection_at_the_event_before(
        self, kept: Kept, fragile: Projection[Count]
    ) -> None:
        """Rows before the failing event are kept, in a batch too; the checkpoint goes on with the others."""
        sound = counting("other")
        positions = kept.record(visit("C1"), visit("C2"), visit("C1"), poison("C1"), visit("C2"), visit("C1"))
        kept.engine(fragile, sound).catch_up()

        assert kept.rows(fragile) == before_poison(kept.log.read_all())
        assert kept.rows(fragile)["C1"]["total"] == positions[0] + positions[2]
        assert {"C1": positions[3]} == {who: parked.position for who, parked in kept.parked(fragile).items()}
        assert kept.live(fragile).position == kept.live(sound).position == positions[-1]
        assert kept.live(fragile).error is None
        assert kept.rows(sound) == kept.replayed(sound)
        assert kept.parked(sound) == {}

    def test_is_the_same_for_any_history_and_size_of_pages(
        self, kept: Kept, fragile: Projection[Count]
    ) -> None:
        """The rows are a fold that leaves out each customer from the first poison event on."""
        example = 0

        @hypothesis.settings(max_examples=5, deadline=None, database=None)
        @hypothesis.given(
            st.lists(st.tuples(st.sampled_from("abc"), KINDS), min_size=1, max_size=20),
            st.integers(1, 25),
        )
        def same(history: list[tuple[str, Callable[[str], Event]]], page: int) -> None:
            nonlocal example
            example += 1
            kept.record(*(told(f"{who}-{example}") for who, told in history))
            kept.engine(fragile, page=page).catch_up()
            events = kept.log.read_all(limit=10_000)
            assert kept.rows(fragile) == before_poison(events)
            poisoned = {event.stream_id for event in events if event.channel == "phone"}
            assert set(kept.parked(fragile)) == poisoned
            assert differences(kept, fragile) == []

        same()

    def test_a_stored_state_that_cannot_be_read_parks_its_customer(self, kept: Kept) -> None:
        """And a retry, which folds from the beginning, makes it right."""

        def from_row(row: Row) -> Count:
            if row["note"] == "damaged":
                raise ValueError("damaged")
            return counting().from_row(row)  # type: ignore[misc]  # it has one

        projection = replace(counting(), from_row=from_row)
        kept.record(visit("C1"), visit("C2"))
        engine = kept.engine(projection)
        engine.catch_up()
        with kept.views.begin() as connection:
            table = projection.table
            connection.execute(table.update().where(table.c.stream_id == "C1").values(note="damaged"))
        kept.record(visit("C1"), visit("C2"))
        engine = kept.engine(projection)  # the first remembers what it wrote
        engine.catch_up()
        assert set(kept.parked(projection)) == {"C1"}

        assert engine.retry_parked("counting") == 1
        assert kept.parked(projection) == {}
        assert kept.rows(projection) == kept.replayed(projection)

    def test_a_new_build_has_parked_customers_of_its_own(self, kept: Kept) -> None:
        """What the old logic stumbled over need not trouble the new."""
        old, new = counting(refuse=stumble), counting(version=2)
        kept.record(visit("C1"), poison("C1"))
        kept.engine(old).catch_up()
        assert set(kept.parked(old)) == {"C1"}
        kept.engine(new).catch_up()
        assert kept.live(new).version == 2
        assert kept.parked(new) == {}


@pytest.mark.parametrize("fragile", ["evolve raises", "to_row raises"], indirect=True)
class TestRetrying:
    def test_makes_it_right_after_mending(self, kept: Kept, fragile: Projection[Count]) -> None:
        """All that happened meanwhile is there too, and what happens next is counted once."""
        kept.record(visit("C1"), poison("C1"), visit("C1"), visit("C2"))
        kept.engine(fragile).catch_up()
        kept.record(visit("C1"), visit("C2"))
        kept.engine(fragile).catch_up()
        engine = kept.engine(counting())

        assert engine.retry_parked("counting") == 1
        assert kept.parked(fragile) == {}
        assert kept.rows(fragile) == kept.replayed(counting())
        kept.record(visit("C1"))
        engine.catch_up()
        assert kept.rows(fragile) == kept.replayed(counting())

    def test_leaves_things_as_they_are_while_nothing_is_mended(
        self, kept: Kept, fragile: Projection[Count]
    ) -> None:
        """The rows stay, and so does who is parked and where."""
        kept.record(visit("C1"), visit("C1"), poison("C1"), visit("C1"), visit("C2"))
        engine = kept.engine(fragile)
        engine.catch_up()
        rows, parked = kept.rows(fragile), kept.parked(fragile)

        assert engine.retry_parked("counting") == 0
        assert (rows, parked) == (kept.rows(fragile), kept.parked(fragile))


class TestRetryingAgain:
    def test_goes_on_to_the_next_poison_event(self, kept: Kept) -> None:
        """Half mended: the rows show what was before the second one."""
        positions = kept.record(
            visit("C1"), poison("C1"), visit("C1"), visit("C1", channel="email"), visit("C1")
        )
        kept.engine(counting(refuse=stumble)).catch_up()
        half = counting(refuse=lambda event: 1 / (event.channel != "email"))
        engine = kept.engine(half)

        assert engine.retry_parked("counting") == 0
        assert kept.parked(half)["C1"].position == positions[3]
        assert kept.rows(half)["C1"]["events"] == 3

    def test_happens_by_itself_when_a_process_starts(self, kept: Kept) -> None:
        """A deployment that mends the code needs no order."""
        kept.record(*[poison(f"C{number}") for number in range(50)], visit("C1"))
        kept.engine(counting(refuse=stumble)).catch_up()
        assert len(kept.parked(counting())) == 50
        kept.engine(counting()).catch_up()
        assert kept.parked(counting()) == {}
        assert kept.rows(counting()) == kept.replayed(counting())

    def test_reaches_the_checkpoint_as_it_is_by_then(self, kept: Kept) -> None:
        """Between two customers the engine goes on: the second misses nothing of what came meanwhile."""
        broken, mended = counting(refuse=stumble), counting()
        kept.record(poison("C1"), poison("C2"))
        kept.engine(broken).catch_up()
        retries = repair.retry_parked(mended, kept.views, kept.log, NOW)
        assert next(retries)
        kept.record(visit("C1"), visit("C2"))
        assert not kept.parked(mended).keys() - {"C2"}
        Engine(kept.log, kept.views, [mended], kept.settings, lambda: NOW).catch_up()
        assert list(retries) == [True]

        assert kept.rows(mended) == kept.replayed(mended)

    def test_is_exact_while_the_loop_runs(self, kept: Kept) -> None:
        """A repair and a batch that meet on one build come one after the other."""
        broken, mended = counting(refuse=stumble), counting()
        kept.record(*[poison(f"C{number}") for number in range(10)])
        kept.engine(broken).catch_up()
        engine = kept.engine(mended, page=3)
        engine.start()
        try:
            for number in range(20):
                kept.record(visit(f"C{number % 10}"))
                engine.retry_parked("counting")
        finally:
            engine.stop()
        engine.catch_up()
        assert kept.parked(mended) == {}
        assert kept.rows(mended) == kept.replayed(mended)


def differences(kept: Kept, projection: Projection[Any]) -> list[Any]:
    """Return what verification finds."""
    with kept.reading.connect() as connection:
        return list(verify(kept.log, connection, projection, Checked()))


ENVELOPE = (
    b'"id":"x","source":"s","case":"APP-1","time":"2026-11-20T12:00:00Z",'
    b'"recordedtime":"2026-11-20T12:00:00.000000+00:00"'
)
DAMAGES = {
    "no JSON": b"\x00not json",
    "no object": b"[1, 2]",
    "no content": b"{}",
    "other content": b'{%b,"data":{"nothing":"known"}}' % ENVELOPE,
    "no time": b'{"id":"x","source":"s","time":5,"recordedtime":"2026-11-20T12:00:00","data":[]}',
}


@pytest.mark.parametrize("state", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_stored_event_parks_its_customer_everywhere_and_nobody_else(
    kept: Kept, state: bytes
) -> None:
    """The engine goes on with the next event; a backup that brings the event back makes all right."""
    real = projections(load_definitions())
    [current_state, _, timeline, *_] = real
    kept.record(submitted("C1", case="APP-1"), visit("C2"))
    write_raw(kept, "C1", 2, "application.withdrawn", state)
    kept.record(visit("C2"), submitted("C3", case="APP-3"))
    kept.record(visit("C1"))
    kept.engine(*real).catch_up()

    for projection in real:
        assert kept.live(projection).position == kept.log.head()
        assert differences(kept, projection) == []
    shown = kept.rows(timeline).values()
    assert [row["stream_id"] for row in shown] == ["C1", "C2", "C2", "C3"]
    assert set(kept.parked(timeline)) == {"C1"}
    assert set(kept.parked(current_state)) == {"C1"}
    assert current_state.from_row is not None
    assert current_state.from_row(kept.rows(current_state)["C1"]).version == 1

    whole = b'{%b,"data":{"reason":"mind changed"}}' % ENVELOPE
    write_raw(kept, "C1", 2, "application.withdrawn", whole)
    kept.engine(*real).catch_up()
    for projection in real:
        assert kept.parked(projection) == {}
        assert kept.rows(projection) == kept.replayed(projection)


@pytest.mark.parametrize("far", [False, True], ids=["followed", "loaded"])
def test_a_flipped_bit_parks_its_customer_and_nobody_else(kept: Kept, far: bool) -> None:  # noqa: FBT001  # a case
    """Also where the bytes can still be read; with the bytes that were appended all is right again."""
    real = projections(load_definitions())
    for _ in range(4):
        kept.record(*(visit(f"C{customer}", channel="web") for customer in range(5)))
    row = next(each for each in kept.log.tree.rows(0, 100) if (each.stream_id, each.version) == ("C2", 3))
    changed = row.state.replace(b'"web"', b'"wec"')
    assert changed != row.state
    put(kept.settings, "state", {row.position: changed})
    loading = kept.settings.model_copy(update={"load_events": 1 if far else 1_000})
    replace(kept, settings=loading).engine(*real).catch_up()

    for projection in real:
        assert kept.live(projection).position == kept.log.head()
        assert differences(kept, projection) == []
    assert set(kept.parked(real[0])) == {"C2"}
    assert kept.parked(real[0])["C2"].position == row.position
    put(kept.settings, "state", {row.position: row.state})
    kept.engine(*real).catch_up()
    for projection in real:
        assert kept.parked(projection) == {}
        assert kept.rows(projection) == kept.replayed(projection)


def write_raw(kept: Kept, stream_id: str, version: int, type_: str, state: bytes) -> None:
    """Write a stored event past the service, or restore one, as a broken disk or a person could."""
    values = {"s": stream_id, "v": version, "t": type_, "b": state}
    log = kept.storage.engine("log", writer=True)
    try:
        with log.begin() as connection:
            if kept.storage.embedded:
                connection.execute(sa.text("DROP TRIGGER IF EXISTS stored_events_no_update"))
            else:
                connection.execute(sa.text("ALTER TABLE stored_events DISABLE TRIGGER USER"))
            key = "originator_id = :s AND originator_version = :v"
            update = sa.text(f"UPDATE stored_events SET state = :b WHERE {key}")  # noqa: S608  # our own words
            if connection.execute(update, values).rowcount == 0:
                insert = "INSERT INTO stored_events (originator_id, originator_version, topic, state)"
                connection.execute(sa.text(f"{insert} VALUES (:s, :v, :t, :b)"), values)
    finally:
        log.dispose()
