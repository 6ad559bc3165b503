"""Signed notes and checkpoints (C2SP), trusted by pinned keys alone."""

import base64
import binascii
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from journey_verify.findings import CannotCheck, Finding


class Checkpoint(NamedTuple):
    """A size and a root that a key has signed."""

    size: int
    root: bytes


class Pinned:
    """The keys and the name of the log that are trusted, and nothing else."""

    def __init__(self, keys: Sequence[str], origin: str | None) -> None:
        """Read published keys; raise `CannotCheck` where one is none."""
        self._keys = dict(read_key(each, b"\x01") for each in keys)
        names = {name for name, _ in self._keys}
        if not self._keys or (origin is None and len(names) > 1):
            raise CannotCheck("--key, --origin")
        self.origin = origin or names.pop()

    def checkpoint(self, note: str) -> Checkpoint:
        """Return the checkpoint that a pinned key has signed; raise a `Finding` for any other note."""
        text, blank, signatures = note.rpartition("\n\n")
        text += "\n"
        lines = text.split("\n")
        if not blank or len(lines) < 4:  # noqa: PLR2004  # origin, size, root and the end
            raise Finding("forged-checkpoint")
        if lines[0] != self.origin:
            raise Finding("wrong-origin")
        self._check_signature(text, signatures)
        root = _decoded(lines[2])
        if not (lines[1].isascii() and lines[1].isdigit()) or len(root) != 32:  # noqa: PLR2004  # SHA-256
            raise Finding("forged-checkpoint")
        return Checkpoint(int(lines[1]), root)

    def _check_signature(self, text: str, signatures: str) -> None:
        found = False
        for line in signatures.split("\n"):
            name, number, signature = signature_of(line)
            key = self._keys.get((name, number))
            if key is None or name != self.origin:
                continue
            found = True
            try:
                key.verify(signature, text.encode())
            except InvalidSignature:
                continue
            return
        raise Finding("forged-checkpoint" if found else "wrong-key")


def parts_of(note: str) -> tuple[str, list[str]]:
    """Take a note apart: its text, and its lines with signatures."""
    text, _, signatures = note.rpartition("\n\n")
    return f"{text}\n", signatures.splitlines()


def signature_of(line: str) -> tuple[str, bytes, bytes]:
    """Return the name, the number of the key and the signature of a line; nothing of one that has none."""
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    signature = _decoded(encoded)
    return (name, signature[:4], signature[4:]) if dash == "—" else ("", b"", b"")


def read_key(text: str, kind: bytes) -> tuple[tuple[str, bytes], Ed25519PublicKey]:
    """Read a published key of a kind, by name and number; raise `CannotCheck` where it is none."""
    name, _, rest = text.strip().partition("+")
    number, _, encoded = rest.partition("+")
    raw = _decoded(encoded)
    identity = sha256(name.encode() + b"\n" + raw).digest()[:4]
    if len(raw) != 33 or raw[:1] != kind or identity.hex() != number:  # noqa: PLR2004  # kind and key
        raise CannotCheck(text)
    return (name, identity), Ed25519PublicKey.from_public_bytes(raw[1:])


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
