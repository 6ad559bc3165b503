"""Signed notes as C2SP specifies them (signed-note, tlog-checkpoint): what a log says of itself, and its key.

https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from journey.errors import UntrustedNote
from journey.proof.hashes import HASH_BYTES

_ED25519 = b"\x01"
DASH = "— "
"""What a line with a signature begins with."""
ID_BYTES = 4


class Checkpoint(NamedTuple):
    """The state of a log: how many events it has, and the root of the tree over them."""

    origin: str
    """The name of the log."""
    size: int
    root: bytes

    def text(self) -> str:
        """Return what is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class Verifier:
    """A public key with the name of the log that signs by it."""

    name: str
    key: Ed25519PublicKey

    def __str__(self) -> str:
        """Return the key as it is published: name, number and key, joined by plus signs."""
        encoded = base64.b64encode(_ED25519 + self.key.public_bytes_raw()).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"

    @property
    def id(self) -> bytes:
        """What tells this key from others of the same name."""
        named = self.name.encode() + b"\n" + _ED25519 + self.key.public_bytes_raw()
        return hashlib.sha256(named).digest()[:ID_BYTES]

    def text_of(self, note: str) -> str:
        """Return the text of a note that this key has signed; raise `UntrustedNote` otherwise."""
        text, blank, signatures = note.rpartition("\n\n")
        text += "\n"
        if not blank or not signatures.endswith("\n"):
            raise UntrustedNote("it is not a signed note")
        for line in signatures.splitlines():
            name, _, encoded = line.removeprefix(DASH).partition(" ")
            if line.startswith(DASH) and name == self.name and self._has_signed(text, encoded):
                return text
        raise UntrustedNote(f"it has no signature of the key {self.name}+{self.id.hex()}")

    def checkpoint_of(self, note: str) -> Checkpoint:
        """Return the checkpoint that this key has signed; raise `UntrustedNote` otherwise."""
        checkpoint = read_checkpoint(self.text_of(note))
        if checkpoint.origin != self.name:
            raise UntrustedNote(f"it is of the log {checkpoint.origin}")
        return checkpoint

    def _has_signed(self, text: str, encoded: str) -> bool:
        signature = decoded(encoded)
        if signature is None or signature[:ID_BYTES] != self.id:
            return False
        try:
            self.key.verify(signature[ID_BYTES:], text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Signer:
    """The private key of a log."""

    name: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        """What others check signatures with."""
        return Verifier(self.name, self.key.public_key())

    def sign(self, text: str) -> str:
        """Return a text as a signed note."""
        signature = self.verifier.id + self.key.sign(text.encode())
        return f"{text}\n{DASH}{self.name} {base64.b64encode(signature).decode()}\n"


def read_verifier(text: str) -> Verifier:
    """Read a published key; raise `UntrustedNote` where it is none."""
    name, number, key = published_key(text, _ED25519)
    verifier = Verifier(name, key)
    if verifier.id != number:
        raise UntrustedNote("the number of the verification key is not its own")
    return verifier


def published_key(text: str, kind: bytes) -> tuple[str, bytes, Ed25519PublicKey]:
    """Take a published key of a kind apart: name, number, key; raise `UntrustedNote` where it is none."""
    name, _, rest = text.strip().partition("+")
    number, _, encoded = rest.partition("+")
    raw = decoded(encoded)
    if (
        not name
        or raw is None
        or raw[:1] != kind
        or len(raw) != 1 + HASH_BYTES
        or len(number) != 2 * ID_BYTES
    ):
        raise UntrustedNote("it is not a verification key")
    try:
        return name, bytes.fromhex(number), Ed25519PublicKey.from_public_bytes(raw[1:])
    except ValueError as error:
        raise UntrustedNote("it is not a verification key") from error


def read_checkpoint(text: str) -> Checkpoint:
    """Read what a checkpoint says, whoever signed it; raise `UntrustedNote` where it is none."""
    lines = text.split("\n")
    try:
        origin, size, encoded = lines[:3]
        checkpoint = Checkpoint(origin, int(size), decoded(encoded) or b"")
    except ValueError as error:
        raise UntrustedNote("it is not a checkpoint") from error
    if (
        not size.isdigit()
        or str(checkpoint.size) != size
        or len(checkpoint.root) != HASH_BYTES
        or not text.endswith("\n")
    ):
        raise UntrustedNote("it is not a checkpoint")
    return checkpoint


def unsigned(note: str) -> Checkpoint:
    """Return the checkpoint of a note, whoever signed it; raise `UntrustedNote` where it is none."""
    return read_checkpoint(note.partition("\n\n")[0] + "\n")


def decoded(encoded: str) -> bytes | None:
    """Return what base64 stands for; None where it is none, or not the one text that stands for it."""
    try:
        found = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if base64.b64encode(found).decode() == encoded else None
