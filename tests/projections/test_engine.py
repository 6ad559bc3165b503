"""The engine: any number at once and none counts twice, one failure holds up nobody else, and it goes on."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st

from journey.errors import LogUnavailable, NoBuildToReturnTo, UnknownProjection
from journey.event_log import EventLog, open_event_log
from journey.events import Position, RecordedEvent
from projections import engine as engine_module
from projections.engine import Engine
from projections.projection import Projection
from tests.facts import visit
from tests.projections.keeping import NOW, Kept, counting


def until(condition: Callable[[], bool], kept: Kept) -> None:
    """Wait for a condition, a bounded time."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it does not come true"
        kept.log.wait_for_append(kept.log.head(), 0.02)


def caught_up(kept: Kept, *projections: Projection[Any]) -> bool:
    """Tell whether the live rows show the whole log."""
    return all(kept.live(projection).position == kept.log.head() for projection in projections)


@contextmanager
def started(*engines: Engine) -> Iterator[None]:
    """Run engines in their threads until the block ends."""
    for engine in engines:
        engine.start()
    try:
        yield
    finally:
        for engine in engines:
            engine.stop()
        assert not any(engine.alive for engine in engines)


class TestTwoEngines:
    def test_each_event_counts_once_while_both_run_and_appends_go_on(self, kept: Kept) -> None:
        """Two threads on PostgreSQL are as two processes; on SQLite they share the one writer."""
        projections = (counting(), counting("other"))
        engines = [kept.process(*projections, page=3) for _ in range(2)]
        with started(*engines):
            for number in range(60):
                kept.record(visit(f"C{number % 7}"), visit(f"C{number % 3}"))
            until(lambda: caught_up(kept, *projections), kept)

        for projection in projections:
            assert kept.rows(projection) == kept.replayed(projection)
            assert kept.parked(projection) == {}

    def test_each_event_counts_once_whatever_the_order_of_their_steps(self, kept: Kept) -> None:
        """An engine that read the checkpoint before the other moved it gives way."""
        projection = counting()

        @hypothesis.settings(max_examples=15, deadline=None, database=None)
        @hypothesis.given(st.lists(st.sampled_from(["first", "second", "both", "append"]), max_size=12))
        def same(moves: list[str]) -> None:
            engines = {
                name: kept.engine(projection, page=2, pages=pages)
                for name, pages in (("first", 1), ("second", 3))
            }
            for move in moves:
                if move == "append":
                    kept.record(visit("C1"), visit("C2"), visit("C1"))
                elif move == "both":
                    at_once(*(engine.step for engine in engines.values()))
                else:
                    engines[move].step()
            engines["first"].catch_up()
            assert kept.rows(projection) == kept.replayed(projection)

        same()

    @pytest.mark.parametrize("number", range(3))
    def test_any_number_that_start_at_once_agree_on_the_builds(self, kept: Kept, number: int) -> None:
        """No process fails because another one was first to see that there is nothing yet."""
        del number  # the race is run several times, each on an empty database
        projections = (counting(), counting("other"))
        at_once(*[lambda: kept.engine(*projections)] * 4)

        for projection in projections:
            assert [build.status for build in kept.builds(projection).values()] == ["live"]


def at_once(*functions: Callable[[], object]) -> None:
    """Call functions in threads that start together; raise what one of them raised."""
    errors: list[BaseException] = []
    start = threading.Barrier(len(functions))

    def run(function: Callable[[], object]) -> None:
        start.wait()
        try:
            function()
        except BaseException as error:  # noqa: BLE001  # told to the test below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


class CountedLog(EventLog):
    """A log that counts how often a page is read of it."""

    reads = 0

    def read_all(self, *args: Any) -> list[RecordedEvent]:
        """Return a page, and count it."""
        self.reads += 1
        return super().read_all(*args)


def test_builds_at_one_position_share_a_page(kept: Kept) -> None:
    """The log is read once per position, however many projections stand there."""
    projections = (counting(), counting("other"))
    kept.record(visit(), visit(), visit())
    kept.engine(*projections)
    kept.engine(projections[0], page=1).step()
    log = CountedLog(kept.log._store)  # noqa: SLF001  # the same log, counted
    engine = Engine(log, kept.views, projections, kept.settings, lambda: NOW)

    assert engine.step()
    assert log.reads == 2  # "other" stands one event behind
    assert not engine.step()
    assert log.reads == 3


def test_builds_are_kept_side_by_side_where_the_database_takes_it(kept: Kept) -> None:
    """On PostgreSQL each of two is in the middle of its page when the other is; SQLite has one writer."""
    meeting = threading.Barrier(2, timeout=0 if kept.storage.embedded else 30)
    projections = [counting(name, refuse=lambda _: meeting.wait()) for name in ("counting", "other")]
    kept.record(visit())
    kept.engine(*projections).catch_up()

    apart = [bool(kept.parked(projection)) for projection in projections]
    assert apart == [kept.storage.embedded] * 2


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
def test_a_build_goes_some_pages_on_before_it_waits_for_others(kept: Kept) -> None:
    """One may be at its third page while another is at its first, and each page is read once for both."""
    far = threading.Event()

    def wait(event: RecordedEvent) -> None:
        if event.position == 1:
            assert far.wait(30)

    def tell(event: RecordedEvent) -> None:
        if event.position == 5:
            far.set()

    slow, fast = counting(refuse=wait), counting("other", refuse=tell)
    kept.record(*(visit(f"C{number}") for number in range(9)))
    log = CountedLog(kept.log._store)  # noqa: SLF001  # as above
    engine = kept.engine(slow, fast, page=2, pages=3, log=log)

    assert engine.step()
    assert [kept.live(projection).position for projection in (slow, fast)] == [6, 6]
    assert kept.parked(slow) == {}
    assert log.reads == 3

    engine.catch_up()
    assert kept.rows(slow) == kept.replayed(slow)
    assert kept.rows(fast) == kept.replayed(fast)


class TestFailures:
    def test_a_projection_whose_table_is_broken_holds_up_no_other_and_parks_nobody(self, kept: Kept) -> None:
        """No customer is to blame for a missing table; the error is noted, and goes when all is well."""
        broken, sound = counting(), counting("other")
        kept.record(visit("C1"), visit("C2"), visit("C1"))
        engine = kept.engine(broken, sound, page=1)
        with kept.views.begin() as connection:
            connection.execute(sa.text("ALTER TABLE counting RENAME TO elsewhere"))

        with pytest.raises(sa.exc.DBAPIError):
            engine.catch_up()
        assert engine.failure is not None
        assert kept.rows(sound) == kept.replayed(sound)
        assert kept.live(sound).error is None
        assert kept.live(broken).error == engine.failure
        assert kept.live(broken).position == 0
        assert kept.parked(broken) == {}

        with kept.views.begin() as connection:
            connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO counting"))
        engine.catch_up()
        assert engine.failure is None
        assert kept.live(broken).error is None
        assert kept.rows(broken) == kept.replayed(broken)

    def test_an_error_tells_nothing_of_what_customers_wrote(
        self, kept: Kept, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The message of a database's error quotes values; only its name is kept and logged."""

        def refuse(event: RecordedEvent) -> None:
            if event.channel == "phone":
                raise ValueError(f"secret of {event.source}")

        projection = counting(refuse=refuse)
        kept.record(visit("C1", channel="phone", source="/channels/personal-data"))
        kept.engine(projection).catch_up()

        [parked] = kept.parked(projection).values()
        told = capsys.readouterr()
        assert parked.error.startswith("ValueError at position")
        assert "customer_parked" in told.out + told.err
        assert "personal-data" not in told.out + told.err + parked.error

    def test_the_loop_outlives_any_error(self, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
        """A defect of the engine's own, too: a thread that died would stop every projection for good."""
        monkeypatch.setattr(engine_module, "_PAUSE_AFTER_FAILURE", 0.01)
        projection = counting()
        log = FailingLog(kept.log._store)  # noqa: SLF001  # the same log, which fails first
        engine = Engine(log, kept.views, [projection], kept.settings, lambda: NOW)
        kept.record(visit())
        with started(engine):
            until(lambda: not log.failures, kept)
            until(lambda: bool(kept.builds(projection)) and caught_up(kept, projection), kept)
            assert engine.alive
        assert engine.failure is None
        assert kept.rows(projection) == kept.replayed(projection)


class FailingLog(EventLog):
    """A log that fails a few times, in more ways than it should."""

    failures: list[Exception]

    def __init__(self, store: Any) -> None:
        super().__init__(store)
        self.failures = [ZeroDivisionError(), LogUnavailable(), RuntimeError("no more of it")]

    def head(self) -> Position:
        """Fail, or return the last position."""
        if self.failures:
            raise self.failures.pop()
        return super().head()


def test_the_loop_outlives_a_restart_of_the_database(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection to PostgreSQL is ended, as by a restart; the loop connects anew and misses nothing."""
    if kept.storage.embedded:
        pytest.skip("an embedded database does not restart")
    monkeypatch.setattr(engine_module, "_PAUSE_AFTER_FAILURE", 0.01)
    projection = counting()
    log = open_event_log(kept.storage, kept.settings)
    settings = kept.settings.model_copy(update={"poll_interval": 0.05})
    engine = Engine(log, kept.views, [projection], settings, lambda: NOW)
    administrator = kept.storage.engine("access", writer=True)
    with started(engine):
        for number in range(5):
            kept.record(visit(f"C{number}"), visit("C1"))
            until(lambda: bool(kept.builds(projection)) and caught_up(kept, projection), kept)
            with administrator.begin() as connection:
                connection.execute(
                    sa.text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid() "
                        "AND NOT (application_name LIKE 'journey-writer%')"
                    )
                )
        kept.record(visit("last"))
        until(lambda: caught_up(kept, projection), kept)
        assert engine.alive
    log.close()
    administrator.dispose()

    assert kept.rows(projection) == kept.replayed(projection)
    assert kept.parked(projection) == {}


def test_a_step_tells_whether_there_was_anything_to_do(kept: Kept) -> None:
    """A loop that slept with work at hand would lag; one that never slept would burn."""
    engine = kept.engine(counting(), page=1)
    assert not engine.step()
    kept.record(visit(), visit())
    assert [engine.step() for _ in range(3)] == [True, True, False]


def test_a_projection_that_this_process_does_not_know_is_left_alone(kept: Kept) -> None:
    """Another process may keep it."""
    kept.engine(counting())
    kept.record(visit())
    kept.engine(counting("other")).catch_up()
    assert kept.live(counting()).position == 0


def test_orders_for_unknown_projections_and_impossible_ones_are_refused(kept: Kept) -> None:
    """Each with its own error."""
    engine = kept.engine(counting())
    for order in (engine.rebuild, engine.roll_back, engine.retry_parked):
        with pytest.raises(UnknownProjection):
            order("nothing")
    with pytest.raises(NoBuildToReturnTo):
        engine.roll_back("counting")


def test_a_failing_repair_is_tried_again(kept: Kept) -> None:
    """Parked customers who could not be tried because the database failed are tried later."""
    broken = counting(refuse=lambda event: 1 / (event.channel != "phone"))
    kept.record(visit("C1", channel="phone"), visit("C2"))
    kept.engine(broken).catch_up()
    assert set(kept.parked(broken)) == {"C1"}

    mended = counting()
    log = BrieflyGone(kept.log._store)  # noqa: SLF001  # the same log, which fails once
    engine = Engine(log, kept.views, [mended], kept.settings, lambda: NOW)
    engine.prepare()
    with pytest.raises(LogUnavailable):
        engine.catch_up()
    assert set(kept.parked(mended)) == {"C1"}
    engine.catch_up()

    assert kept.parked(mended) == {}
    assert kept.rows(mended) == kept.replayed(mended)


class BrieflyGone(EventLog):
    """A log of which the first stream cannot be read."""

    gone = True

    def read_stream(self, *args: Any, **further: Any) -> list[RecordedEvent]:
        """Fail once, then return the events."""
        if self.gone:
            self.gone = False
            raise LogUnavailable
        return super().read_stream(*args, **further)


def test_keys_that_cannot_be_keys_park_their_customer(kept: Kept) -> None:
    """A damaged event may hold anything; what cannot be looked up must not end the loop."""
    projection = replace(
        counting(),
        key_of=lambda event: ["x"] if event.channel == "phone" else event.stream_id,  # type: ignore[arg-type, return-value]  # it is wrong
    )
    kept.record(visit("C1"), visit("C2", channel="phone"))
    kept.engine(projection).catch_up()

    assert set(kept.rows(projection)) == {"C1"}
    assert set(kept.parked(projection)) == {"C2"}
