"""Twelve ways to tamper with a log, each on many logs: all are found, and the first bad position is named."""
# ruff: noqa: S608  # the statements are made of numbers and notes of our own

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from journey.proof.hashes import NO_LINK, leaf_hash, link_hash
from journey.proof.merkle import Edge
from journey.proof.notes import Checkpoint, Signer
from journey_verify.words import KINDS
from tests.journey.proof.growing import Proven
from tests.journey.proof.tampering import tamper
from tests.journey_verify.logs import full, log_at_random, verify
from tests.journey_verify.second import is_sound

SEEDS = {"sqlite": range(12), "postgres": range(2)}
CASES = [(kind, seed) for kind, seeds in SEEDS.items() for seed in seeds]

Found = tuple[int, str, int | None]
"""The status, what was found, and its first bad position."""


def found(answer: tuple[int, str]) -> Found:
    """Read what the program says."""
    status, said = answer
    kind = next((kind for kind, (told, _) in KINDS.items() if said.startswith(told)), "")
    position = re.search(r"position (?:of )?(\d+)", said)
    return status, kind, int(position[1]) if position else None


def positions(made: Proven) -> list[int]:
    """Return the positions of all events."""
    return [row.position for row in made.log.tree.rows(0, 10_000)]


def edit(made: Proven, rng: random.Random) -> Found:
    """Change a byte of an event."""
    at = rng.choice(positions(made))
    tamper(made.settings, f"UPDATE stored_events SET state = {{flip}}(state, 9) WHERE {{position}} = {at}")
    return 1, "edited", at


def edit_with_links(made: Proven, rng: random.Random) -> Found:
    """Change a byte of an event, and the links of its stream from there on."""
    rows = made.log.tree.rows(0, 10_000)
    victim, before = rng.choice(rows), NO_LINK
    for row in rows:
        if row.stream_id != victim.stream_id:
            continue
        state = bytes([row.state[0] ^ 1]) + row.state[1:] if row is victim else row.state
        before = link_hash(before, leaf_hash(row.stream_id, row.version, row.type, state))
        tamper(
            made.settings,
            f"UPDATE stored_events SET link = {_blob(made, before)} WHERE {{position}} = {row.position}",
        )
    tamper(
        made.settings,
        f"UPDATE stored_events SET state = {{flip}}(state, 0) WHERE {{position}} = {victim.position}",
    )
    return 1, "edited", victim.position


def edit_link(made: Proven, rng: random.Random) -> Found:
    """Take the link of an event away."""
    at = rng.choice(positions(made))
    tamper(made.settings, f"UPDATE stored_events SET link = NULL WHERE {{position}} = {at}")
    return 1, "edited", at


def remove(made: Proven, rng: random.Random) -> Found:
    """Delete an event that is not the last."""
    at = rng.choice(positions(made)[:-1])
    tamper(made.settings, f"DELETE FROM stored_events WHERE {{position}} = {at}")
    return 1, "removed", at


def insert(made: Proven, rng: random.Random) -> Found:
    """Put an event between others, which move up."""
    all_ = positions(made)
    at = rng.choice(all_)
    tamper(
        made.settings,
        *(
            f"UPDATE stored_events SET {{position}} = {each + 1} WHERE {{position}} = {each}"
            for each in reversed(all_)
            if each >= at
        ),
        "INSERT INTO stored_events ({position}, originator_id, originator_version, topic, state, link) "
        f"SELECT {at}, 'intruder', 1, topic, state, link FROM stored_events WHERE {{position}} = {at + 1}",
    )
    return 1, "inserted", at


def swap(made: Proven, rng: random.Random) -> Found:
    """Let two events change places."""
    one, other = sorted(rng.sample(positions(made), 2))
    moves = ((one, -1), (other, one), (-1, other))
    tamper(
        made.settings,
        *(f"UPDATE stored_events SET {{position}} = {to} WHERE {{position}} = {at}" for at, to in moves),
    )
    return 1, "reordered", one


def cut(made: Proven, rng: random.Random) -> Found:
    """Cut off the end of the events."""
    at = rng.choice(positions(made))
    tamper(made.settings, f"DELETE FROM stored_events WHERE {{position}} >= {at}")
    return 1, "cut", at


def forge(made: Proven, rng: random.Random) -> Found:
    """Sign a checkpoint of other events with nobody's signature."""
    batch = _batch(made, rng)
    root = f"{rng.getrandbits(255):064x}"
    text = Checkpoint(made.signer.name, batch[1], bytes.fromhex(root)).text()
    note = batch[3].replace(batch[3].partition("\n\n")[0] + "\n", text)
    _renote(made, batch[0], note)
    return 1, "forged-checkpoint", _begin(made, batch[0])


def other_key(made: Proven, rng: random.Random) -> Found:
    """Sign a checkpoint with a key of one's own."""
    batch = _batch(made, rng)
    _renote(made, batch[0], Signer(made.signer.name, Ed25519PrivateKey.generate()).sign(_text(batch)))
    return 1, "wrong-key", _begin(made, batch[0])


def other_origin(made: Proven, rng: random.Random) -> Found:
    """Put the checkpoint of another log in place of one, signed by the same key."""
    batch = _batch(made, rng)
    other = Signer("another/log", made.signer.key)
    _renote(made, batch[0], other.sign(_text(batch).replace(made.signer.name, "another/log")))
    return 1, "wrong-origin", _begin(made, batch[0])


def rewrite(made: Proven, rng: random.Random) -> Found:
    """Change an event, its link and its leaf in the tree, all but the signature."""
    row = rng.choice(made.log.tree.rows(0, 10_000))
    _, _, at = edit_with_links(made, random.Random(row.position))  # noqa: S311  # nothing secret
    changed = next(each for each in made.log.tree.rows(0, 10_000) if each.position == at)
    batch = made.log.tree.holding(changed.position)
    assert batch is not None
    leaves = bytearray(made.log.tree.hashes(0, batch.first, batch.size))
    index = [each.position for each in made.log.tree.rows(0, 10_000)].index(changed.position) - batch.first
    leaves[32 * index : 32 * index + 32] = leaf_hash(
        changed.stream_id, changed.version, changed.type, changed.state
    )
    tamper(
        made.settings,
        f"UPDATE tree_batches SET leaves = {_blob(made, bytes(leaves))} WHERE first = {batch.first}",
    )
    return 1, "rewritten", _begin(made, batch.first)


def twice(made: Proven, rng: random.Random) -> Found:
    """Let an event count twice in the tree, and sign that: the key is in the wrong hands."""
    batch = made.log.tree.last()
    assert batch is not None
    earlier = made.log.tree.hashes(0, 0, batch.size)
    tamper(made.settings, f"DELETE FROM tree_batches WHERE first = {batch.first}")
    place = rng.randrange(max(1, batch.first)) * 32
    leaves = earlier[place : place + 32] + earlier[batch.first * 32 :]
    edge, _ = Edge().extended(_cut(earlier[: batch.first * 32] + leaves))
    note = made.signer.sign(Checkpoint(made.signer.name, edge.size, edge.root()).text())
    made.log.tree.add(batch._replace(size=edge.size, note=note), leaves, [])
    return 1, "duplicate-leaf", _begin(made, batch.first)


TAMPERING: list[Callable[[Proven, random.Random], Found]] = [
    edit, edit_with_links, edit_link, remove, insert, swap, cut, forge, other_key, other_origin, rewrite,
    twice,
]  # fmt: skip


def _blob(made: Proven, value: bytes) -> str:
    return f"'\\x{value.hex()}'::bytea" if made.settings.database else f"x'{value.hex()}'"


def _batch(made: Proven, rng: random.Random) -> tuple[Any, ...]:
    return rng.choice(
        tamper(made.settings, "SELECT first, size, position, note FROM tree_batches ORDER BY first")
    )


def _text(batch: tuple[Any, ...]) -> str:
    return str(batch[3]).partition("\n\n")[0] + "\n"


def _renote(made: Proven, first: int, note: str) -> None:
    tamper(made.settings, f"UPDATE tree_batches SET note = '{note}' WHERE first = {first}")


def _begin(made: Proven, first: int) -> int:
    """Return the first position that can be in a batch."""
    rows = tamper(made.settings, f"SELECT coalesce(max(position), 0) FROM tree_batches WHERE size <= {first}")
    return int(rows[0][0]) + 1


def _cut(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + 32] for at in range(0, len(hashes), 32)]


def second(made: Proven) -> bool:
    """Ask the second verifier."""
    column = "notification_id" if made.settings.database else "rowid"
    return is_sound(lambda query: tamper(made.settings, query), str(made.signer.verifier), column)


@pytest.mark.parametrize(("kind", "seed"), CASES)
@pytest.mark.parametrize("tampering", TAMPERING, ids=lambda each: each.__name__)
def test_found(
    tampering: Callable[[Proven, random.Random], Found], kind: str, seed: int, tmp_path: Path
) -> None:
    """Both verifiers find the log sound before, and not after; the first bad position is named."""
    with log_at_random(kind, tmp_path, seed) as made:
        assert full(made)[0] == 0
        assert second(made)
        expected = tampering(made, random.Random(seed))  # noqa: S311  # nothing secret

        assert found(full(made)) == expected
        assert not second(made)


@pytest.mark.parametrize("seed", range(40))
def test_no_false_alarm(seed: int, tmp_path: Path) -> None:
    """A log that nobody has touched is sound at each of its sizes."""
    with log_at_random("sqlite", tmp_path, 1_000 + seed) as made:
        for _ in range(25):
            made.grow(1 + seed % 3)
            made.integrator.catch_up()
            assert full(made)[0] == 0
        assert second(made)


@pytest.mark.parametrize("kind", SEEDS)
def test_rolled_back(kind: str, tmp_path: Path) -> None:
    """An old back-up is sound in itself; a checkpoint that was kept elsewhere tells that it is old."""
    with log_at_random(kind, tmp_path, 1) as made:
        last = made.log.tree.last()
        assert last is not None
        kept = tmp_path / "kept"
        kept.write_text(last.note)
        assert full(made, "--checkpoint", str(kept))[0] == 0
        rows = tamper(made.settings, "SELECT position FROM tree_batches ORDER BY first")
        tamper(
            made.settings,
            f"DELETE FROM stored_events WHERE {{position}} > {rows[0][0]}",
            f"DELETE FROM tree_batches WHERE position > {rows[0][0]}",
        )

        assert full(made)[0] == 0
        assert found(full(made, "--checkpoint", str(kept))) == (3, "rolled-back", rows[0][0] + 1)


def test_split_view(tmp_path: Path) -> None:
    """Two histories under one key are found by whoever holds a checkpoint of the other."""
    with log_at_random("sqlite", tmp_path, 2) as made:
        size = made.newest().size
        other = made.signer.sign(Checkpoint(made.signer.name, size, bytes(32)).text())
        kept, shown = tmp_path / "kept", tmp_path / "shown"
        kept.write_text(other)
        last = made.log.tree.last()
        assert last is not None
        shown.write_text(last.note)

        assert found(full(made, "--checkpoint", str(kept)))[:2] == (1, "split-view")
        assert found(verify(made, "consistency", str(kept), str(shown)))[:2] == (1, "split-view")
