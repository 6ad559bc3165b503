"""A second verifier, from docs/proof.md alone: everything in memory, the tree by its recursive definition."""

import base64
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Ask = Callable[[str], Sequence[tuple[Any, ...]]]


def is_sound(ask: Ask, key: str, position: str) -> bool:
    """Tell whether every event leads to checkpoints that the key has signed."""
    events = [
        (stream, version, _leaf(stream, version, type_, bytes(state)), bytes(link or b""))
        for stream, version, type_, state, link in ask(
            "SELECT originator_id, originator_version, topic, state, link "  # noqa: S608  # our own names
            f"FROM stored_events ORDER BY {position}"
        )
    ]
    leaves = [leaf for _, _, leaf, _ in events]
    notes = [
        (size, bytes(kept), note)
        for size, kept, note in ask("SELECT size, leaves, note FROM tree_batches ORDER BY first")
    ]
    if not _chained(events) or b"".join(kept for _, kept, _ in notes) != b"".join(leaves):
        return False
    return all(_signed(note, key, size, _tree(leaves[:size])) for size, _, note in notes)


def cosigned_at(note: str, key: str) -> int | None:
    """Return when a witness cosigned a note, from C2SP's text alone; None where it did not."""
    name, number, encoded = key.split("+", 2)
    raw = base64.b64decode(encoded)
    assert raw[0] == 4
    assert sha256(f"{name}\n".encode() + raw).hexdigest()[:8] == number
    body = note[: note.index("\n\n") + 1]
    for line in note[len(body) + 1 :].split("\n"):
        if not line.startswith(f"— {name} "):
            continue
        signature = base64.b64decode(line.rsplit(" ", 1)[1])
        time = int.from_bytes(signature[4:12], "big")
        message = b"cosignature/v1\n" + b"time %d\n" % time + body.encode()
        try:
            Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signature[12:], message)
        except InvalidSignature:
            return None
        return time if signature[:4].hex() == number else None
    return None


def _leaf(stream: str, version: int, type_: str, state: bytes) -> bytes:
    texts = [stream.encode(), type_.encode(), state]
    lengths = b"".join(len(text).to_bytes(4, "big") for text in texts)
    return sha256(b"\x00cj/1" + version.to_bytes(8, "big") + lengths + b"".join(texts)).digest()


def _chained(events: Sequence[tuple[str, int, bytes, bytes]]) -> bool:
    heads: dict[str, tuple[int, bytes]] = {}
    for stream, version, leaf, link in events:
        last, before = heads.get(stream, (0, bytes(32)))
        if version != last + 1 or link != sha256(b"\x02" + before + leaf).digest():
            return False
        heads[stream] = (version, link)
    return True


def _tree(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + _tree(leaves[:half]) + _tree(leaves[half:])).digest()


def _signed(note: str, key: str, size: int, root: bytes) -> bool:
    name, number, encoded = key.split("+", 2)
    text = f"{name}\n{size}\n{base64.b64encode(root).decode()}\n"
    if not note.startswith(f"{text}\n— {name} "):
        return False
    signature = base64.b64decode(note.rstrip("\n").rpartition(" ")[2])
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded)[1:])
    try:
        public.verify(signature[4:], text.encode())
    except InvalidSignature:
        return False
    return signature[:4].hex() == number
