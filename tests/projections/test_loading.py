"""Loading: a build made customer by customer holds what following the log by position would have made."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st

from journey.errors import CheckpointMoved
from journey.event_log import EventLog
from journey.events import Event, Position, RecordedEvent
from projections import checkpoints, loading, parts
from projections.checkpoints import Parked
from projections.engine import Engine
from projections.loading import Place
from projections.projection import Key, Projection, Row
from tests.facts import visit
from tests.projections.keeping import NOW, Count, Kept, counting, facts
from tests.projections.specs import Told
from tests.projections.test_batch import ALL, Kill, Killed, journey_of, journeys
from tests.projections.test_engine import at_once, caught_up, started, until
from tests.projections.test_parking import KINDS, POISONS, before_poison, poison
from tests.projections.test_rebuild import statuses, stored

AS_THEY_COME = (hypothesis.Phase.generate,)
"""Nothing smaller is looked for where an example fails: each begins with what those before it left."""


def loads(kept: Kept, least: int = 1) -> Kept:
    """Return the same place where builds are loaded from so many events on."""
    return replace(kept, settings=kept.settings.model_copy(update={"load_events": least}))


def place(kept: Kept, *projections: Projection[Any], page: int = 1_000) -> Place:
    """Return what a process that loads is told."""
    settings = kept.settings.model_copy(update={"page_events": page})
    known = {projection.name: projection for projection in projections}
    return Place(kept.log, kept.views, known, settings, lambda: NOW)


def begun(kept: Kept, engine: Engine, *projections: Projection[Any]) -> None:
    """Order rebuilds and let the engine begin to load them: no part is done yet."""
    for projection in projections:
        engine.rebuild(projection.name)
    while not all("loading" in statuses(kept, projection).values() for projection in projections):
        engine.step()


def same_as_live(kept: Kept, *projections: Projection[Any]) -> None:
    """See that readers have a second build, whose rows and parked customers are those of the first."""
    for projection in projections:
        before, live = [build for build in kept.builds(projection).values() if build.status != "dropped"]
        assert (before.status, live.status) == ("retired", "live"), projection.name
        loaded, followed = kept.rows(projection), kept.rows(projection, before.build)
        assert loaded == followed, difference(kept, projection, loaded, followed)
        parked, waiting = kept.parked(projection), kept.parked(projection, before)
        assert parked == waiting, difference(kept, projection, as_rows(parked), as_rows(waiting))
        assert (live.position, live.recorded_at) == (before.position, before.recorded_at), projection.name
    with kept.reading.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(parts.PARTS)) == 0


def as_rows(parked: Mapping[str, Parked]) -> dict[Key, Row]:
    """Return parked customers in the form of rows."""
    return {stream_id: asdict(customer) for stream_id, customer in parked.items()}


def difference(
    kept: Kept, projection: Projection[Any], loaded: Mapping[Key, Row], followed: Mapping[Key, Row]
) -> str:
    """Tell in full which rows differ, and of which events they are made: none of it may come again."""
    rows = [(loaded.get(key), followed.get(key)) for key in dict.fromkeys((*loaded, *followed))]
    differing = [(first, second) for first, second in rows if first != second]
    customers = {row["stream_id"] for pair in differing for row in pair if row is not None}
    events = [event for event in kept.log.read_all(limit=1_000_000) if event.stream_id in customers]
    pairs = [f"loaded   {first}\nfollowed {second}" for first, second in differing]
    return "\n".join([projection.name, *pairs, *map(str, events)])


class TestLoadedRows:
    def test_are_row_for_row_those_of_the_loop(self, kept: Kept) -> None:
        """For any history, any sizes of parts, and customers who are larger than a part."""
        example = 0

        @hypothesis.settings(max_examples=8, deadline=None, database=None, phases=AS_THEY_COME)
        @hypothesis.given(journeys(), st.integers(1, 7))
        def same(history: list[tuple[str, Told]], page: int) -> None:
            nonlocal example
            example += 1
            kept.record(*facts([(f"{customer}-{example}", told) for customer, told in history]))
            kept.engine(*ALL).catch_up()
            engine = loads(kept).engine(*ALL, page=page)
            begun(kept, engine, *ALL)
            engine.catch_up()
            same_as_live(kept, *ALL)

        same()

    def test_go_on_where_a_customer_is_larger_than_what_is_read_at_once(self, kept: Kept) -> None:
        """The state is taken from the row that the events before have given."""
        kept.record(*[visit(f"C{min(number, 7)}") for number in range(40)])
        kept.engine(*ALL).catch_up()
        engine = loads(kept).engine(*ALL, page=4)
        begun(kept, engine, *ALL)
        engine.catch_up()

        same_as_live(kept, *ALL)

    @pytest.mark.parametrize("fragile", POISONS.values(), ids=list(POISONS))
    def test_stop_at_the_poison_event_of_a_customer_and_of_nobody_else(
        self, kept: Kept, fragile: Projection[Count]
    ) -> None:
        """For any history, whatever the failure is, and wherever a customer's events are cut."""
        example = 0

        @hypothesis.settings(max_examples=5, deadline=None, database=None, phases=AS_THEY_COME)
        @hypothesis.given(
            st.lists(st.tuples(st.sampled_from("abc"), KINDS), min_size=1, max_size=20), st.integers(1, 9)
        )
        def same(history: list[tuple[str, Callable[[str], Event]]], page: int) -> None:
            nonlocal example
            example += 1
            kept.record(*(told(f"{who}-{example}") for who, told in history))
            kept.engine(fragile).catch_up()
            engine = loads(kept).engine(fragile, page=page)
            begun(kept, engine, fragile)
            engine.catch_up()
            same_as_live(kept, fragile)
            assert kept.rows(fragile) == before_poison(kept.log.read_all(limit=10_000))

        same()

    def test_leave_out_whom_a_damaged_event_parks(self, kept: Kept) -> None:
        """It has no content, and may be the last of the log."""
        kept.record(visit("C1"), visit("C2"), visit("C1"), visit("C3"), visit("C2"))
        log = DamagedLog(kept.log._store)  # noqa: SLF001  # the same log, read otherwise
        kept.engine(*ALL, log=log).catch_up()
        engine = loads(kept).engine(*ALL, log=log)
        begun(kept, engine, *ALL)
        engine.catch_up()

        assert set(kept.parked(counting())) == {"C2", "C3"}
        for projection in ALL:
            before, live = kept.builds(projection).values()
            assert kept.rows(projection) == kept.rows(projection, before.build)
            assert kept.parked(projection) == kept.parked(projection, before)
            assert live.position == before.position

    def test_are_written_once_however_often_a_customer_was_heard_of(self, kept: Kept) -> None:
        """That is what makes it worth while; the events are read once for all builds."""
        written: Counter[str] = Counter()

        def count(state: Count) -> dict[str, Any]:
            written[state.stream_id] += 1
            return vars(state)

        projections = (counting(to_row=count), counting("other"))
        kept.record(*[visit(f"C{number % 5}") for number in range(50)])
        kept.engine(*projections).catch_up()
        log = CountedLog(kept.log._store)  # noqa: SLF001  # the same log, counted
        engine = loads(kept).engine(*projections, page=10, log=log)
        begun(kept, engine, *projections)
        written.clear()
        engine.catch_up()

        assert written == dict.fromkeys(["C0", "C1", "C2", "C3", "C4"], 1)
        assert log.read == 50
        same_as_live(kept, *projections)


class DamagedLog(EventLog):
    """A log in which the fourth and the last event cannot be read."""

    def read_all(self, *args: Any, **further: Any) -> list[RecordedEvent]:
        """Return a page."""
        return [self._as_stored(event) for event in super().read_all(*args, **further)]

    def read_stream(self, *args: Any, **further: Any) -> list[RecordedEvent]:
        """Return the events of one customer."""
        return [self._as_stored(event) for event in super().read_stream(*args, **further)]

    def read_by_stream(self, *args: Any, **further: Any) -> Iterator[RecordedEvent]:
        """Go through the log."""
        return map(self._as_stored, super().read_by_stream(*args, **further))

    def _as_stored(self, event: RecordedEvent) -> RecordedEvent:
        return event._replace(damaged=event.position in (self.head() - 1, self.head()))


class CountedLog(EventLog):
    """A log that counts the events that are read of it by customer."""

    read = 0

    def read_by_stream(self, *args: Any, **further: Any) -> Iterator[RecordedEvent]:
        """Go through the log, and count."""
        for event in super().read_by_stream(*args, **further):
            self.read += 1
            yield event


def progress(kept: Kept, projection: Projection[Any]) -> float:
    """Return what is told of the latest build."""
    with kept.reading.connect() as connection:
        return loading.progress(connection, checkpoints.builds(connection, projection.name)[-1])


class TestWhoIsLoaded:
    def test_a_new_build_with_a_long_way_to_go(self, kept: Kept) -> None:
        """Neither one with a short way, nor the first of a projection, nor one that has rows already."""
        projection = counting()
        kept.record(*[visit(f"C{number % 3}") for number in range(9)])
        loads(kept).engine(projection).step()
        assert statuses(kept, projection) == {1: "live"}
        short = loads(kept, 10).engine(projection, page=4)
        short.catch_up()
        short.rebuild("counting")
        short.step()
        assert statuses(kept, projection) == {1: "live", 2: "building"}
        assert kept.builds(projection)[2].position == 4

        loads(kept, 9).engine(projection, page=4).step()
        assert statuses(kept, projection) == {1: "live", 2: "building"}
        loads(kept, 9).engine(projection).rebuild("counting")
        loads(kept, 9).engine(projection).step()
        assert statuses(kept, projection) == {1: "live", 2: "dropped", 3: "loading"}

    def test_one_of_new_logic_too(self, kept: Kept) -> None:
        """Readers see the old rows, at their position, until all new ones are there."""
        old, new = counting(version=1), counting(version=2)
        kept.record(*[visit(f"C{number % 3}") for number in range(9)])
        kept.engine(old).catch_up()
        engine = loads(kept).engine(new, page=2)
        while kept.live(new).build == 1:
            assert kept.rows(new) == kept.replayed(old)
            engine.step()

        assert kept.rows(new) == kept.replayed(new)

    def test_nobody_follows_positions_meanwhile(self, kept: Kept) -> None:
        """An engine that saw the build before, and has a page at hand, is told that it moved."""
        projection = counting()
        kept.record(visit("C1"), visit("C2"))
        engine = loads(kept).engine(projection)
        engine.catch_up()
        engine.rebuild("counting")
        stale = kept.builds(projection)[2]
        assert loading.begin(place(loads(kept), projection), stale)

        with pytest.raises(CheckpointMoved), kept.views.begin() as connection:
            checkpoints.advance(connection, stale, Position(1), None)
        with pytest.raises(CheckpointMoved):
            loading.begin(place(loads(kept), projection), stale)
        assert engine.retry_parked("counting") == 0
        assert kept.builds(projection)[2].position == 0


class TestMeanwhile:
    def test_events_that_come_are_followed_afterwards(self, kept: Kept) -> None:
        """Of customers who are loaded by then, of others, and of new ones; none is missing or twice."""
        projection = counting()
        kept.record(*[visit(f"C{number % 4}") for number in range(12)])
        engine = loads(kept).engine(projection, page=3)
        engine.catch_up()
        begun(kept, engine, projection)
        while statuses(kept, projection)[2] == "loading":
            if kept.log.head() < 40:
                kept.record(visit("A"), visit("C1"), visit("Z"))
            engine.step()
            assert kept.live(projection).build == 1
            assert kept.live(projection).position == kept.log.head()
        engine.catch_up()

        same_as_live(kept, projection)
        assert kept.rows(projection) == kept.replayed(projection)

    def test_a_rebuild_that_is_ordered_later_shares_what_is_left(self, kept: Kept) -> None:
        """And gets what was loaded before by itself."""
        projections = (counting(), counting("other"))
        kept.record(*[visit(f"C{number}") for number in range(12)])
        engine = loads(kept).engine(*projections, page=3)
        engine.catch_up()
        begun(kept, engine, projections[0])
        assert progress(kept, projections[0]) == 0
        while not stored(kept, projections[0]).get(2):
            engine.step()
        assert 0 < progress(kept, projections[0]) < 1
        begun(kept, engine, projections[1])
        assert stored(kept, projections[1]) == {1: 12}
        engine.catch_up()

        assert progress(kept, projections[1]) == 1
        same_as_live(kept, *projections)

    def test_a_load_that_is_given_up_leaves_nothing(self, kept: Kept) -> None:
        """For another rebuild, or a roll-back: its rows and parts go."""
        projection = counting()
        kept.record(*[visit(f"C{number}") for number in range(12)])
        engine = loads(kept).engine(projection, page=3)
        engine.catch_up()
        for order, expected in ((engine.rebuild, 3), (engine.roll_back, 1)):
            begun(kept, engine, projection)
            while not stored(kept, projection).get(max(statuses(kept, projection))):
                engine.step()
            assert order("counting") == expected
            engine.catch_up()
            assert kept.live(projection).build == expected
            assert kept.rows(projection) == kept.replayed(projection)
            assert set(stored(kept, projection)) == set(statuses(kept, projection)) == {1, 3}
        with kept.reading.connect() as connection:
            assert parts.counts(connection, kept.live(projection)) == (0, 0)
            assert connection.scalar(sa.select(sa.func.count()).select_from(parts.PARTS)) == 0


class TestSharing:
    def test_several_engines_load_each_part_once(self, kept: Kept) -> None:
        """A customer loaded twice would count twice or break a key; appends go on."""
        projections = (counting(), counting("other"))
        kept.record(*[visit(f"C{number % 17}") for number in range(60)])
        engines = [loads(kept).process(*projections, page=4) for _ in range(3)]
        engines[0].catch_up()
        with started(*engines):
            for projection in projections:
                engines[0].rebuild(projection.name)
            for number in range(20):
                kept.record(visit(f"C{number}"), visit("C1"))
            until(lambda: all(kept.live(each).build == 2 for each in projections), kept)
            until(lambda: caught_up(kept, *projections), kept)

        for projection in projections:
            assert kept.rows(projection) == kept.replayed(projection)
            assert kept.parked(projection) == {}

    def test_a_part_that_somebody_is_at_is_left_to_them(self, kept: Kept) -> None:
        """And is there for the next one when they end in the midst of it."""
        if kept.storage.embedded:
            pytest.skip("one writer")
        projection = counting()
        kept.record(*[visit(f"C{number}") for number in range(4)])
        engine = loads(kept).engine(projection, page=1)
        engine.catch_up()
        begun(kept, engine, projection)
        here = place(kept, projection, page=1)
        assert loading.load_next(here)
        [build] = here.loading()
        with broken_off(kept) as connection:
            claimed = parts.claim(connection, [build])
            assert claimed is not None
            while loading.load_next(here):
                pass
            with kept.reading.connect() as reader:
                loaded, all_ = parts.counts(reader, build)
            assert loaded == all_ - 1
            assert not loading.end(here, build)
        engine.catch_up()

        same_as_live(kept, projection)

    def test_who_divides_the_log_first_has_divided_it(self, kept: Kept) -> None:
        """Another one, who is late or at it in the same moment, changes nothing."""
        projection = counting()
        kept.record(*[visit(f"C{number}") for number in range(9)])
        engine = loads(kept).engine(projection)
        engine.catch_up()
        begun(kept, engine, projection)
        [build] = place(kept, projection).loading()
        at_once(*[lambda page=page: loading.load_next(place(kept, projection, page=page)) for page in (1, 2)])
        with kept.views.begin() as connection:
            divided = parts.of(connection, [build])
            parts.plan(connection, build, parts.divided(["C3"], Position(4)))
            assert parts.of(connection, [build]) == divided
        engine.catch_up()

        same_as_live(kept, projection)


@contextmanager
def broken_off(kept: Kept) -> Iterator[sa.Connection]:
    """Give a transaction that comes to nothing."""
    with kept.views.connect() as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize("closing", [False, True], ids=["killed", "connection lost"])
def test_a_kill_before_any_statement_costs_one_part(kept: Kept, *, closing: bool) -> None:
    """Whoever comes next carries on from there, and ends with all rows, each once."""
    projections = (ALL[0], POISONS["evolve raises"])
    kept.record(*journey_of("C1"), poison("C2"), *journey_of("C3"))
    kept.engine(*projections).catch_up()
    kill = Kill(-1, closing)
    while kill.seen > kill.number:
        kill = Kill(kill.number + 1, closing)
        engine = loads(kept).engine(*projections, page=3)
        begun(kept, engine, *projections)
        with kill.watching(kept.views), contextlib.suppress(Killed, sa.exc.DBAPIError):
            engine.catch_up()
        loads(kept).engine(*projections, page=3).catch_up()
        same_as_live(kept, *projections)

    # Plan, claim, rows, parked customers, mark, end, take-over, and the commit of each.
    assert kill.number >= 40
