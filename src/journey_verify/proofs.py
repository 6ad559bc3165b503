"""Checks what the service proves over HTTP: one event, or that the log only grew."""

import base64
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from journey_verify.cosigning import Quorum
from journey_verify.findings import CannotCheck, Finding
from journey_verify.notes import Checkpoint, Pinned
from journey_verify.places import Place
from journey_verify.trees import Growing, is_consistent, leaf_of, node_of, root_of_inclusion


def check_event(file: str, pinned: Pinned, quorum: Quorum) -> dict[str, Any]:
    """Check the proof of one event, as `GET /v1/proof/inclusion` answers it; return the event."""
    proof = _read(file)
    try:
        event, index, size = proof["event"], int(proof["index"]), int(proof["size"])
        path = [base64.b64decode(each, validate=True) for each in proof["hashes"]]
        state = base64.b64decode(event["state"], validate=True)
        leaf = leaf_of(event["stream"], int(event["version"]), event["type"], state)
        checkpoint = pinned.checkpoint(proof["checkpoint"])
        quorum.check(proof["checkpoint"])
    except (KeyError, ValueError, TypeError) as error:
        raise CannotCheck(f"{file}: {error}") from error
    if checkpoint.size != size:
        raise Finding("false-proof")
    if root_of_inclusion(leaf, index, size, path) != checkpoint.root:
        raise Finding("leaf-as-node" if _is_node(state, index, size, path, checkpoint) else "false-proof")
    found: dict[str, Any] = {**event, "state": state.decode("utf-8", "replace")}
    return found


def check_consistency(old: Checkpoint, new: Checkpoint, path: list[bytes]) -> None:
    """Check that the log of a newer checkpoint begins with that of an older one."""
    if new.size < old.size:
        raise Finding("rolled-back")
    if new.size == old.size and new.root != old.root:
        raise Finding("split-view")
    if old.size and not is_consistent(old, new, path):
        raise Finding("split-view")


def read_path(file: str) -> list[bytes]:
    """Read the hashes of a proof of consistency, as `GET /v1/proof/consistency` answers it."""
    return hashes_of(_read(file))


def hashes_of(proof: Any) -> list[bytes]:
    """Return the hashes of a proof."""
    try:
        return [base64.b64decode(each, validate=True) for each in proof["hashes"]]
    except (KeyError, ValueError, TypeError) as error:
        raise CannotCheck(str(error)) from error


def compare(place: Place, old: Checkpoint, new: Checkpoint) -> None:
    """Check two checkpoints against the leaves of a log, instead of a proof."""
    if new.size < old.size:
        raise Finding("rolled-back")
    tree, wanted = Growing(), {old.size: [old.root]}
    wanted.setdefault(new.size, []).append(new.root)
    for batch in place.batches():
        for at in range(0, len(batch.leaves), 32):
            tree.add(batch.leaves[at : at + 32])
            for root in wanted.pop(tree.size, ()):
                if root != tree.root():
                    raise Finding("split-view")
    wanted.pop(0, None)
    if wanted:
        raise Finding("rolled-back")


def read_note(file: str) -> str:
    """Read a signed note."""
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise CannotCheck(f"{file}: {error}") from error


def _is_node(state: bytes, index: int, size: int, path: list[bytes], checkpoint: Checkpoint) -> bool:
    """Tell whether what is shown as an event is the inside of the tree."""
    if len(state) != 64:  # noqa: PLR2004  # two hashes
        return False
    shown = (node_of(state[:32], state[32:]), sha256(b"\x00" + state).digest())
    return any(_leads_to(each, index, size, path, checkpoint.root) for each in shown)


def _leads_to(hash_: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Tell whether a hash leads to a root from any height of the tree."""
    while size:
        if root_of_inclusion(hash_, index, size, path) == root:
            return True
        index, size = index // 2, (size + 1) // 2 if size > 1 else 0
    return False


def _read(file: str) -> Any:
    try:
        return json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CannotCheck(f"{file}: {error}") from error
