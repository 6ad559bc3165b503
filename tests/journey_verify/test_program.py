"""The program's commands: what each checks, how it ends, what it says that it could not check."""
# ruff: noqa: S608  # the statements are made of numbers of our own

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from journey.proof.hashes import node_hash
from journey.proof.tree import Tree
from journey_verify.commands import run
from tests.journey.proof.growing import Proven
from tests.journey.proof.tampering import tamper
from tests.journey_verify.logs import full, log_at_random, place, verify


@pytest.fixture(params=["sqlite", "postgres"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Proven]:
    """Give a log of a few dozen events, all signed."""
    with log_at_random(request.param, tmp_path, 4) as found:
        yield found


def kept(made: Proven, file: Path) -> str:
    """Keep the newest checkpoint in a file."""
    last = made.log.tree.last()
    assert last is not None
    file.write_text(last.note)
    return str(file)


def proof(made: Proven, index: int) -> dict[str, Any]:
    """Return the proof of an event, as the service answers it."""
    last, row = made.log.tree.last(), made.log.tree.rows(0, 10_000)[index]
    assert last is not None
    event = {"stream": row.stream_id, "version": row.version, "type": row.type, "state": _encoded(row.state)}
    hashes = [_encoded(each) for each in Tree(made.log.tree).inclusion(index, last.size)]
    return {"checkpoint": last.note, "index": index, "size": last.size, "hashes": hashes, "event": event}


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


def checked(made: Proven, told: dict[str, Any], directory: Path) -> tuple[int, str]:
    """Let the program check a proof."""
    file = directory / "proof.json"
    file.write_text(json.dumps(told))
    return verify(made, "event", str(file))


class TestFull:
    def test_says_what_it_checked_and_what_not(self, made: Proven, tmp_path: Path) -> None:
        """Without a checkpoint from elsewhere nobody can tell whether there was more."""
        size = made.newest().size
        status, said = full(made)
        assert status == 0
        assert said.startswith(f"ok: {size} events lead to ")
        assert "not known: whether the log had more events once" in said
        assert "not known" not in full(made, "--checkpoint", kept(made, tmp_path / "kept"))[1]

    def test_what_is_not_signed_yet_is_not_proven(self, made: Proven) -> None:
        """Behind the last checkpoint only the links can be checked."""
        made.grow(3)
        status, said = full(made)

        assert status == 2
        assert "not signed yet: 3 events" in said
        last = made.log.head()
        tamper(
            made.settings, f"UPDATE stored_events SET state = {{flip}}(state, 9) WHERE {{position}} = {last}"
        )
        assert full(made) == (1, f"an event was edited, first at position {last}\n")

    @pytest.mark.parametrize(
        "statement",
        ["UPDATE tree_batches SET leaves = {flip}(leaves, 0)", "DELETE FROM tree_batches WHERE first = 0"],
    )
    def test_a_tree_that_was_edited(self, made: Proven, statement: str) -> None:
        """The events are told from the tree: they are as they were."""
        tamper(made.settings, statement)
        status, said = full(made)

        assert status == 1
        assert said.startswith("the tree was edited")

    def test_complete_parts_of_the_tree(self, made: Proven) -> None:
        """What the service makes proofs of is checked too."""
        made.grow(300)
        made.integrator.catch_up()
        assert full(made)[0] == 0
        tamper(made.settings, "UPDATE tree_parts SET hash = {flip}(hash, 5)")
        assert full(made)[0] == 1

    def test_nothing_to_check(self, made: Proven, tmp_path: Path) -> None:
        """No log, a wrong key, or no key at all prove nothing."""
        assert verify(made, "full", str(tmp_path / "nowhere"))[0] == 2
        assert verify(made, "full", place(made.settings), key="a+00000000+AAAA")[0] == 2
        assert verify(made, "full", "postgresql://127.0.0.1:1/nothing")[0] == 2
        with pytest.raises(SystemExit) as ended:
            run(["full", place(made.settings)], sys.stdout, sys.stderr)
        assert ended.value.code == 2

    def test_another_origin_is_pinned(self, made: Proven) -> None:
        """The name that is asked for is the one that must stand there."""
        assert full(made, "--origin", "another/log")[1].startswith("a checkpoint is of another log")

    def test_what_is_sealed_does_not_matter(self, made: Proven) -> None:
        """Only stored bytes are hashed: what they hold, and whether anybody can read it, is not asked."""
        rows = made.log.tree.rows(0, 3)
        assert len(rows) == 3
        tamper(made.settings, "DELETE FROM event_keys", "DELETE FROM cases", "DELETE FROM journey_snapshots")
        assert full(made)[0] == 0


class TestSince:
    def test_reads_only_what_came_after(self, made: Proven, tmp_path: Path) -> None:
        """What was before is known by its leaves."""
        before = made.newest().size
        note = kept(made, tmp_path / "kept")
        made.grow(20)
        made.integrator.catch_up()
        status, said = verify(made, "since", note, place(made.settings))

        assert status == 0
        assert "ok: 20 events" in said
        assert f"not read again: {before} events" in said

    def test_leaves_that_were_changed_are_found(self, made: Proven, tmp_path: Path) -> None:
        """They do not lead to the checkpoint that is known."""
        note = kept(made, tmp_path / "kept")
        tamper(made.settings, "UPDATE tree_batches SET leaves = {flip}(leaves, 0) WHERE first = 0")
        assert verify(made, "since", note, place(made.settings))[0] == 1


class TestStream:
    def test_of_one_customer(self, made: Proven) -> None:
        """Its events follow from one another and are in the tree."""
        count = sum(row.stream_id == "C0" for row in made.log.tree.rows(0, 10_000))
        status, said = verify(made, "stream", "C0", place(made.settings))
        assert status == 0
        assert said.startswith(f"ok: {count} events")
        assert verify(made, "stream", "nobody", place(made.settings))[0] == 2

    def test_that_was_tampered_with(self, made: Proven) -> None:
        """The first bad event is named."""
        second = [row for row in made.log.tree.rows(0, 10_000) if row.stream_id == "C0"][1]
        where = f"WHERE {{position}} = {second.position}"
        tamper(made.settings, f"UPDATE stored_events SET state = {{flip}}(state, 9) {where}")
        assert (
            f"edited, first at position {second.position}\n"
            in verify(made, "stream", "C0", place(made.settings))[1]
        )
        tamper(made.settings, f"DELETE FROM stored_events {where}")
        assert verify(made, "stream", "C0", place(made.settings))[1].startswith("an event was removed")


class TestEvent:
    def test_every_event_can_be_proven(self, made: Proven, tmp_path: Path) -> None:
        """From the file alone."""
        for index in range(made.newest().size):
            status, said = checked(made, proof(made, index), tmp_path)
            assert status == 0
            assert '"source":"/channels/test"' in said

    @pytest.mark.parametrize(
        ("part", "value"),
        [
            ("index", 3),
            ("size", 4),
            ("hashes", []),
            ("event", {"version": 9}),
            ("event", {"state": "e30="}),
            ("event", {"stream": "C9"}),
        ],
    )
    def test_every_part_counts(self, made: Proven, tmp_path: Path, part: str, value: Any) -> None:
        """A proof of another event, another place or another tree is none."""
        told = proof(made, 1)
        told[part] = {**told[part], **value} if part == "event" else value
        status, said = checked(made, told, tmp_path)

        assert status == 1
        assert "does not lead to its checkpoint" in said

    def test_hashes_too_many_are_none(self, made: Proven, tmp_path: Path) -> None:
        """A path has exactly the length that the sizes give it."""
        told = proof(made, 1)
        for hashes in (told["hashes"][:-1], [*told["hashes"], _encoded(bytes(32))]):
            assert checked(made, {**told, "hashes": hashes}, tmp_path)[0] == 1

    def test_a_node_is_no_event(self, made: Proven, tmp_path: Path) -> None:
        """Two hashes of the inside of the tree, shown as the content of an event."""
        leaves = made.log.tree.hashes(0, 0, 2)
        told = proof(made, 0)
        assert node_hash(leaves[:32], leaves[32:]) != sha256(leaves).digest()
        forged = {**told, "hashes": told["hashes"][1:], "event": {**told["event"], "state": _encoded(leaves)}}
        status, said = checked(made, forged, tmp_path)

        assert status == 1
        assert said.startswith("a node of the tree is shown as an event")

    def test_what_is_no_proof(self, made: Proven, tmp_path: Path) -> None:
        """It cannot be checked."""
        for told in ({}, {**proof(made, 0), "index": None}, {**proof(made, 0), "hashes": ["?"]}):
            assert checked(made, told, tmp_path)[0] == 2


class TestConsistency:
    def test_by_a_proof_or_by_the_log(self, made: Proven, tmp_path: Path) -> None:
        """Between every two checkpoints; the other way round the log has lost something."""
        old, sizes = kept(made, tmp_path / "old"), [made.newest().size]
        made.grow(9)
        made.integrator.catch_up()
        new = kept(made, tmp_path / "new")
        sizes.append(made.newest().size)
        hashes = [_encoded(each) for each in Tree(made.log.tree).consistency(*sizes)]
        (tmp_path / "proof").write_text(json.dumps({"hashes": hashes}))
        given, there = ["--proof", str(tmp_path / "proof")], ["--place", place(made.settings)]

        assert verify(made, "consistency", old, new, *given)[0] == 0
        assert verify(made, "consistency", old, new, *there)[0] == 0
        assert verify(made, "consistency", old, old)[0] == 0
        assert verify(made, "consistency", old, new)[0] == 2
        assert verify(made, "consistency", new, old, *given)[0] == 3
        (tmp_path / "proof").write_text(json.dumps({"hashes": [*hashes[:-1], _encoded(bytes(32))]}))
        assert verify(made, "consistency", old, new, *given)[0] == 1


def test_it_speaks_chinese_too(made: Proven, capsys: pytest.CaptureFixture[str]) -> None:
    """By an option; without one as the terminal does."""
    key = str(made.signer.verifier)
    assert run(["full", place(made.settings), "--key", key, "--language", "zh"], sys.stdout, sys.stderr) == 0
    assert "条事件均可推得" in capsys.readouterr().out


def test_it_runs_as_a_program_that_knows_nothing_of_the_service(tmp_path: Path) -> None:
    """It ends with the status, and has loaded none of the service's modules."""
    with log_at_random("sqlite", tmp_path, 5) as made:
        script = (
            "import sys; from journey_verify.commands import run\n"
            "status = run(sys.argv[1:], sys.stdout, sys.stderr)\n"
            "loaded = {name.partition('.')[0] for name in sys.modules}\n"
            "others = {'journey', 'api', 'projections', 'psycopg', 'sqlalchemy', 'eventsourcing'}\n"
            "sys.exit(status or bool(loaded & others))"
        )
        arguments = ["full", place(made.settings), "--key", str(made.signer.verifier)]
        ended = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, check=False)

    assert ended.returncode == 0, ended.stderr
