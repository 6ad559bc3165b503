"""A batch: rows and checkpoint are one transaction, and every way of cutting the log gives the same rows."""

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st

from journey.errors import CheckpointMoved
from journey.events import Event
from journey.processes import load_definitions
from projections import batch, rows
from projections.projection import Key, Projection, Row
from projections.registry import projections
from tests.facts import submitted, visit
from tests.projections.keeping import NOW, Count, Kept, counting, facts
from tests.projections.specs import Told, histories

REAL = projections(load_definitions())
ALL: tuple[Projection[Any], ...] = (*REAL, counting())


class Killed(BaseException):
    """The process was killed, as far as its database can tell."""


@st.composite
def journeys(draw: st.DrawFn) -> list[tuple[str, Told]]:
    """Draw what happens to up to three customers at once, deviations among it."""
    waiting = [
        [(f"c-{number}", told) for told in draw(histories())] for number in range(draw(st.integers(1, 3)))
    ]
    told = []
    while any(waiting):
        told.append(draw(st.sampled_from([each for each in waiting if each])).pop(0))
    return told


def test_live_rows_equal_a_plain_fold_for_any_page_size_and_any_engine_sessions(kept: Kept) -> None:
    """Each session is a new engine, which knows nothing but the database."""
    example = 0

    @hypothesis.settings(max_examples=12, deadline=None, database=None)
    @hypothesis.given(journeys(), st.integers(1, 9), st.lists(st.integers(1, 4), max_size=4))
    def same(history: list[tuple[str, Told]], page: int, sessions: list[int]) -> None:
        nonlocal example
        example += 1
        kept.record(*facts([(f"{customer}-{example}", told) for customer, told in history]))
        for steps in sessions:
            engine = kept.engine(*ALL, page=page)
            for _ in range(steps):
                engine.step()
        kept.engine(*ALL, page=page).catch_up()

        for projection in ALL:
            assert kept.replayed(projection) == kept.rows(projection), projection.name
            assert kept.live(projection).position == kept.log.head()
            assert kept.parked(projection) == {}

    same()


@dataclass
class Kill:
    """What ends a transaction before its statement of a number, from 0; a commit counts as one."""

    number: int
    closing: bool
    """Whether its connection is lost; else the process is."""
    seen: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def strike(self, connection: sa.Connection) -> None:
        """Count a statement, and strike when it is the one; of a killed process none comes after it."""
        with self.lock:
            place, self.seen = self.seen, self.seen + 1
        if self.closing and place == self.number:
            driver: Any = connection.connection.driver_connection
            driver.close()
        if not self.closing and place >= self.number:
            raise Killed

    @contextmanager
    def watching(self, views: sa.Engine) -> Iterator[None]:
        """Strike transactions of this engine until the block ends."""

        def before_statement(connection: sa.Connection, *_: object) -> None:
            self.strike(connection)

        def before_commit(connection: sa.Connection) -> None:
            self.strike(connection)

        sa.event.listen(views, "before_cursor_execute", before_statement)
        sa.event.listen(views, "commit", before_commit)
        try:
            yield
        finally:
            sa.event.remove(views, "before_cursor_execute", before_statement)
            sa.event.remove(views, "commit", before_commit)


def journey_of(customer: str) -> list[Event]:
    """Return a few events of a customer that touch rows of every projection."""
    return [submitted(customer, case=f"APP-{customer}"), visit(customer), visit(customer)]


@pytest.mark.parametrize("closing", [False, True], ids=["killed", "connection lost"])
def test_a_kill_before_any_statement_leaves_rows_and_checkpoint_together(
    kept: Kept, *, closing: bool
) -> None:
    """After each kill the rows are a fold up to the checkpoint; whoever comes next ends with all of them."""
    kept.engine(*ALL).catch_up()
    kill = Kill(-1, closing)
    while kill.seen > kill.number:
        kill = Kill(kill.number + 1, closing)
        kept.record(*journey_of(f"C{kill.number}"), *journey_of("always"))
        engine = kept.engine(*ALL)
        with kill.watching(kept.views), contextlib.suppress(Killed, sa.exc.DBAPIError):
            engine.catch_up()
        for projection in ALL:
            assert kept.replayed(projection, kept.live(projection).position) == kept.rows(projection)
            assert kept.parked(projection) == {}
        kept.engine(*ALL).catch_up()

    assert all(kept.replayed(projection) == kept.rows(projection) for projection in ALL)
    # Each of the four projections has at least: checkpoint, parked customers, rows, commit.
    assert kill.number >= 16


def test_readers_see_rows_and_checkpoint_change_in_one_moment(kept: Kept) -> None:
    """Before the commit of a page neither shows, after it both do; there is one commit."""
    projection = counting()
    kept.engine(projection).catch_up()
    commits = 0

    def before_commit(_: sa.Connection) -> None:
        nonlocal commits
        commits += 1
        assert kept.rows(projection) == {}
        assert kept.live(projection).position == 0

    positions = kept.record(*journey_of("C1"))
    engine = kept.engine(projection)
    sa.event.listen(kept.views, "commit", before_commit)
    try:
        engine.step()
    finally:
        sa.event.remove(kept.views, "commit", before_commit)

    assert commits == 1
    assert kept.live(projection).position == positions[-1]
    assert kept.rows(projection)["C1"]["total"] == sum(positions)


TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
WIDE = st.integers(-(2**63), 2**63 - 1)
ROWS = st.dictionaries(st.integers(1, 999).map(str), st.tuples(WIDE, WIDE, TEXTS), max_size=8)


def test_rows_written_in_bulk_come_back_as_they_were(kept: Kept) -> None:
    """Every value of the columns' types, columns all empty among them; a row that is there is replaced."""
    projection = counting()
    kept.engine(projection)
    build = kept.live(projection)
    expected: dict[Key, Row] = {}

    @hypothesis.settings(max_examples=40, deadline=None, database=None)
    @hypothesis.given(ROWS, st.sets(st.integers(1, 999).map(str), max_size=3))
    def same(drawn: dict[str, tuple[int, int, str | None]], gone: set[str]) -> None:
        wanted = {
            key: {"stream_id": key, "position": first, "events": second, "total": first, "note": note}
            for key, (first, second, note) in drawn.items()
        }
        with kept.views.begin() as connection:
            rows.write(projection, connection, build, list(wanted.values()))
            rows.delete(projection, connection, build, sorted(gone))
            expected.update(wanted)
            for key in gone:
                expected.pop(key, None)
            loaded = rows.load(projection, connection, build, [*expected, "nobody"])

        assert expected == {key: {n: row[n] for n in row if n != "build"} for key, row in loaded.items()}

    same()
    assert expected == kept.rows(projection)


def test_a_row_is_deleted_where_the_state_ends_and_may_begin_anew(kept: Kept) -> None:
    """A state of None deletes the row, within a batch and across batches."""
    projection = replace(
        counting(),
        evolve=lambda _, event: None if event.channel is None else Count(event.stream_id, event.position),
    )
    kept.record(visit("C1"), visit("C2"), visit("C1", channel=None), visit("C3"), visit("C3", channel=None))
    kept.engine(projection, page=2).catch_up()
    assert set(kept.rows(projection)) == {"C2"}

    [again] = kept.record(visit("C1"))
    kept.engine(projection).catch_up()

    assert {"C1", "C2"} == set(kept.rows(projection))
    assert kept.rows(projection)["C1"]["position"] == again


def test_a_second_writer_of_rows_is_shut_out_by_the_checkpoint(kept: Kept) -> None:
    """An engine that read the checkpoint before another moved it writes nothing at all."""
    projection = counting()
    kept.record(visit("C1"))
    kept.engine(projection)
    stale = kept.live(projection)
    events = kept.log.read_all()
    with kept.views.begin() as connection:
        moved, _ = batch.apply(projection, connection, stale, events, NOW)
    with pytest.raises(CheckpointMoved), kept.views.begin() as connection:
        batch.apply(projection, connection, stale, events, NOW)

    assert kept.live(projection) == moved
    assert kept.rows(projection) == kept.replayed(projection)
