"""The tree holds every event once, in the order of the log, under checkpoints that are signed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from journey.errors import DamagedEvent, DamagedTree
from journey.proof.guard import Guard
from journey.proof.integrator import Integrator
from journey.proof.notes import unsigned
from journey.proof.tree import Tree
from journey.settings import Settings
from tests.journey.proof.growing import Proven, proven
from tests.journey.proof.tampering import tamper
from tests.journey.proof.test_merkle import path, subproof, tree_hash
from tests.journey.writing import sql, until


@pytest.fixture
def kept(settings: Settings, tmp_path: Path) -> Iterator[Proven]:
    """Give an empty log, once on SQLite and once on PostgreSQL, with small pages."""
    with proven(settings, tmp_path / "keys", page_events=100, proof_interval=0.01) as found:
        yield found


def another(kept: Proven) -> Integrator:
    """Return an integrator that knows nothing of the first."""
    return Integrator(kept.log.tree, kept.signer, Guard(kept.log, kept.signer, None), kept.settings)


def test_every_checkpoint_is_the_root_over_its_events(kept: Proven) -> None:
    """Whether events came one by one or many at once, and whichever process took them in."""
    for count in (1, 1, 254, 3, 700, 1):
        kept.grow(count)
        another(kept).catch_up() if count % 2 else kept.integrator.catch_up()
    leaves = kept.leaves()
    notes = [note for (note,) in sql(kept.settings, "SELECT note FROM tree_batches ORDER BY first")]
    checkpoints = [kept.signer.verifier.checkpoint_of(note) for note in notes]

    assert [each.size for each in checkpoints][-1] == len(leaves) == 960
    assert [each.root for each in checkpoints] == [tree_hash(leaves[: each.size]) for each in checkpoints]
    assert kept.log.tree.hashes(0, 0, 960) == b"".join(leaves)


def test_proofs_are_those_of_the_definition(kept: Proven) -> None:
    """Across batches, and across what is kept of 256 leaves each."""
    kept.grow(600)
    kept.integrator.catch_up()
    leaves, tree = kept.leaves(), Tree(kept.log.tree)

    for index in (0, 1, 255, 256, 300, 511, 599):
        assert tree.inclusion(index, 600) == path(index, leaves)
    for old in (1, 2, 99, 256, 257, 512, 600):
        assert tree.consistency(old, 600) == subproof(old, leaves, known=True)
        assert tree.root(old) == tree_hash(leaves[:old])


def test_two_at_once_write_nothing_twice(kept: Proven) -> None:
    """The slower of two begins anew behind the faster, whatever it had seen of the log."""
    kept.grow(10)
    slower = another(kept)
    slower.catch_up()
    kept.integrator.catch_up()
    kept.grow(5)
    kept.integrator.catch_up()
    kept.grow(5)
    slower.step()
    slower.catch_up()

    assert kept.newest().root == tree_hash(kept.leaves())
    assert sql(kept.settings, "SELECT first, size FROM tree_batches ORDER BY first") == [
        (0, 10),
        (10, 15),
        (15, 20),
    ]


def test_the_loop_signs_what_is_appended_and_what_was_last(kept: Proven) -> None:
    """It follows by itself, and ends with a checkpoint of everything."""
    kept.integrator.start()
    kept.grow(250)
    until(lambda: bool((last := kept.log.tree.last()) and last.size == 250), "a checkpoint of all events")
    kept.grow(3)
    kept.integrator.stop()

    assert kept.newest().size == 253
    assert kept.integrator.failure is None


def test_what_the_database_says_is_not_told(kept: Proven) -> None:
    """Everybody may read of a failure: it names the kind of the error, and quotes no statement."""
    kept.grow(1)
    sql(kept.settings, "ALTER TABLE tree_batches RENAME TO elsewhere")
    kept.integrator.start()
    until(lambda: kept.integrator.failure is not None, "the loop has failed")
    failure = kept.integrator.failure
    sql(kept.settings, "ALTER TABLE elsewhere RENAME TO tree_batches")
    until(lambda: kept.integrator.failure is None, "the loop goes on")
    kept.integrator.stop()

    assert failure is not None
    assert re.fullmatch(r"\w+( \w+)?", failure), failure
    assert kept.newest().size == 1


@pytest.mark.parametrize("table", ["tree_batches", "tree_parts", "tree_statements", "tree_cosignatures"])
@pytest.mark.parametrize("verb", ["DELETE FROM {}", "UPDATE {} SET {}"])
def test_nothing_of_the_tree_is_changed(kept: Proven, table: str, verb: str) -> None:
    """The database refuses it."""
    kept.grow(300)
    kept.integrator.catch_up()
    kept.log.tree.state("a statement")
    kept.log.tree.cosign(300, "witness", "a line")
    column = {"tree_parts": "hash = hash", "tree_cosignatures": "line = line"}.get(table, "note = note")
    with pytest.raises(Exception, match="append-only"):
        sql(kept.settings, verb.format(table, column))


def test_what_is_not_what_was_appended_is_not_signed(kept: Proven) -> None:
    """The events before it are, and nothing from it on."""
    kept.grow(50)
    tamper(kept.settings, "UPDATE stored_events SET state = {flip}(state, 20) WHERE {position} = 31")
    with pytest.raises(DamagedEvent, match="position 31 "):
        kept.integrator.step()
    with pytest.raises(DamagedEvent, match="position 31 "):
        another(kept).step()

    assert kept.newest().size == 30


def test_nothing_is_signed_upon_a_tree_that_was_changed(kept: Proven) -> None:
    """Whoever starts looks first whether the tree is what was signed."""
    kept.grow(20)
    kept.integrator.catch_up()
    kept.grow(20)
    tamper(kept.settings, "UPDATE tree_batches SET leaves = {flip}(leaves, 3)")
    with pytest.raises(DamagedTree):
        another(kept).step()

    assert kept.newest().size == 20


def test_events_behind_the_service_s_back_are_taken_in(kept: Proven) -> None:
    """They are in the log, with no link to tell whether they are what they were."""
    kept.grow(1, streams=1)
    sql(
        kept.settings,
        "INSERT INTO stored_events (originator_id, originator_version, topic, state) "
        "SELECT originator_id, 2, topic, state FROM stored_events",
    )
    kept.integrator.catch_up()

    last = kept.log.tree.last()
    assert last is not None
    assert unsigned(last.note).root == tree_hash(kept.leaves())
    assert last.size == 2
