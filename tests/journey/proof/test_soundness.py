"""Stored events against their links and leaves: whatever bit of them changes is noticed, and nothing else."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from journey.event_log import Head, Row
from journey.proof.soundness import Soundness, check_log
from journey.settings import Settings
from tests.journey.proof.growing import Proven, proven
from tests.journey.proof.tampering import tamper

EVENTS = 60


@pytest.fixture
def kept(settings: Settings, tmp_path: Path) -> Iterator[Proven]:
    """Give a log whose first events are signed, once on SQLite and once on PostgreSQL."""
    with proven(settings, tmp_path / "keys", page_events=25, proof_interval=0.01) as found:
        found.grow(EVENTS - 10)
        found.integrator.catch_up()
        found.grow(10)
        yield found


def damaged(kept: Proven) -> list[int]:
    """Return the positions of events that readers are told to be damaged."""
    return [event.position for event in kept.log.read_all() if event.damaged]


def test_no_false_alarm(kept: Proven) -> None:
    """Of a log that nobody has changed all is sound, signed or not."""
    assert check_log(kept.log.tree) == Soundness(EVENTS, None)
    assert damaged(kept) == []


@pytest.mark.parametrize("streams", [1, 20_000])
@pytest.mark.parametrize("page", [1, 10, EVENTS])
def test_the_link_before_is_the_same_however_it_is_known(
    kept: Proven, monkeypatch: pytest.MonkeyPatch, *, page: int, streams: int
) -> None:
    """Remembered from a page before, from the same page, or looked up."""
    monkeypatch.setattr("journey.event_log.checking._STREAMS", streams)
    rows, heads = list[tuple[Row, bytes | None]](), dict[str, Head]()
    while more := kept.log.tree.leaves(rows[-1][0].position if rows else 0, page, heads):
        rows += more

    # A leaf is told only where the link fits the one before it.
    assert [leaf for _, leaf in rows] == kept.leaves()
    assert len(rows) == EVENTS
    assert all(kept.log.tree.leaves(row.position - 1, 1, {}) == [(row, leaf)] for row, leaf in rows)


def test_every_byte_counts(kept: Proven) -> None:
    """One bit of any event's bytes, at any place: found at its position, and told as damaged."""
    rows = kept.log.tree.rows(0, 1_000)
    chance = random.Random(4711)  # noqa: S311  # the same bytes in every run
    for _ in range(40):
        row = chance.choice(rows)
        byte = chance.randrange(len(row.state))
        flip = (
            f"UPDATE stored_events SET state = {{flip}}(state, {byte}) "  # noqa: S608  # numbers only
            f"WHERE {{position}} = {row.position}"
        )
        tamper(kept.settings, flip)

        assert check_log(kept.log.tree).fault == row.position
        assert damaged(kept) == [row.position]
        tamper(kept.settings, flip)
    assert check_log(kept.log.tree) == Soundness(EVENTS, None)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE stored_events SET topic = 'x' WHERE {position} = 31", 31),
        ("UPDATE stored_events SET originator_id = 'C9' WHERE {position} = 58", 58),
        ("UPDATE stored_events SET link = {flip}(link, 7) WHERE {position} = 57", 57),
        # Without its link an event is what the tree says; the next of its stream has the link of another.
        ("UPDATE stored_events SET link = NULL, state = {flip}(state, 9) WHERE {position} = 31", 31),
        ("UPDATE tree_batches SET leaves = {flip}(leaves, 3) WHERE first = 25", 26),
        ("DELETE FROM stored_events WHERE {position} = 20", 21),
        ("DELETE FROM stored_events WHERE {position} > 45", 46),
    ],
)
def test_what_else_may_be_changed(kept: Proven, change: str, fault: int) -> None:
    """The first position that is not what was appended, or that is missing, is named."""
    tamper(kept.settings, change)

    assert check_log(kept.log.tree).fault == fault
