"""Processes that load builds: killed at any moment, or left by their parent, they leave nothing half done."""

import multiprocessing
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from projections.engine import Engine
from projections.registry import catalogue
from tests.facts import submitted, visit
from tests.processes import command, place, surroundings
from tests.projections.keeping import NOW, Kept
from tests.projections.test_engine import caught_up, started, until
from tests.projections.test_loading import same_as_live
from tests.projections.test_rebuild import statuses

CUSTOMERS = 40
LOADED = {"load_events": 1, "page_events": 7, "load_processes": 2, "poll_interval": 0.05}


@pytest.fixture
def shown(kept: Kept) -> Kept:
    """Give the service's own read models of a few customers."""
    if kept.storage.embedded:
        pytest.skip("one process writes")
    for number in range(CUSTOMERS):
        kept.record(submitted(f"C{number}", case=f"APP-{number}"), visit(f"C{number}"), visit(f"C{number}"))
    kept.engine(*catalogue(kept.settings)).catch_up()
    return kept


def parallel(kept: Kept) -> Engine:
    """Return an engine that has builds loaded by two processes."""
    settings = kept.settings.model_copy(update=LOADED)
    return Engine(kept.log, kept.views, catalogue(settings), settings, lambda: NOW, catalogue=catalogue)


@contextmanager
def stuck(kept: Kept) -> Iterator[None]:
    """Let whoever writes to the timeline wait in the midst of its transaction, until the block ends."""
    with kept.views.begin() as connection:
        connection.execute(sa.text("LOCK TABLE timeline IN EXCLUSIVE MODE"))
        yield


def waiting(kept: Kept) -> set[int]:
    """Return the process ids of the backends that wait for a lock."""
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with kept.reading.connect() as connection:
        return set(connection.scalars(sa.text(query)))


def gone(kept: Kept, backends: set[int]) -> bool:
    """Tell whether none of some backends is left."""
    with kept.reading.connect() as connection:
        return backends.isdisjoint(connection.scalars(sa.text("SELECT pid FROM pg_stat_activity")))


def test_a_rebuild_in_processes_is_the_same(shown: Kept) -> None:
    """And they are gone when it is done."""
    projections = catalogue(shown.settings)
    engine = parallel(shown)
    for projection in projections:
        engine.rebuild(projection.name)
    engine.catch_up()
    until(lambda: not multiprocessing.active_children(), shown)
    engine.stop()

    same_as_live(shown, *projections)


def test_who_is_killed_in_the_midst_of_a_part_is_replaced(shown: Kept) -> None:
    """Their transactions come to nothing, and others do the parts anew."""
    projections = catalogue(shown.settings)
    engine = parallel(shown)
    with started(engine):
        with stuck(shown):
            for projection in projections:
                engine.rebuild(projection.name)
            until(lambda: len(waiting(shown)) == 2, shown)
            killed = multiprocessing.active_children()
            assert len(killed) == 2
            for process in killed:
                process.kill()
            until(lambda: engine.failure is not None, shown)
        shown.record(visit("C1"), visit("late"))
        until(lambda: all(shown.live(projection).build == 2 for projection in projections), shown)
        until(lambda: caught_up(shown, *projections), shown)
        assert engine.failure is None

    for projection in projections:
        assert shown.rows(projection) == shown.replayed(projection)
        assert shown.live(projection).error is None
    assert multiprocessing.active_children() == []


def test_an_engine_that_stops_ends_them(shown: Kept) -> None:
    """At once, whatever they are at; the next engine carries on."""
    projections = catalogue(shown.settings)
    engine = parallel(shown)
    with stuck(shown):
        with started(engine):
            engine.rebuild("timeline")
            until(lambda: len(waiting(shown)) == 2, shown)
        assert multiprocessing.active_children() == []
        assert statuses(shown, projections[2]) == {1: "live", 2: "loading"}
    engine = parallel(shown)
    engine.prepare()
    engine.catch_up()
    engine.stop()

    same_as_live(shown, projections[2])


def test_those_of_a_killed_parent_end_by_themselves(shown: Kept) -> None:
    """They finish the part that they are at; a process that starts later does the rest."""
    projections = catalogue(shown.settings)
    environment = surroundings(**{f"JOURNEY_{name.upper()}": str(value) for name, value in LOADED.items()})
    orders = shown.engine(*projections)
    process = subprocess.Popen(
        command("project", *place(shown.settings)), env=environment, stderr=subprocess.DEVNULL
    )
    with stuck(shown):
        for projection in projections:
            orders.rebuild(projection.name)
        until(lambda: len(waiting(shown)) == 2, shown)
        orphans = waiting(shown)
        process.kill()
        process.wait(30)
    until(lambda: gone(shown, orphans), shown)
    assert statuses(shown, projections[2]) == {1: "live", 2: "loading"}

    again = command("project", *place(shown.settings), "--once")
    subprocess.run(again, env=environment, stderr=subprocess.DEVNULL, timeout=120, check=True)

    same_as_live(shown, *projections)
