"""What witnesses say of the log's checkpoints: C2SP's cosignature/v1, taken from those who are known alone.

https://c2sp.org/tlog-cosignature: a line of the signed note, Ed25519 over the text with the time before it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from journey.errors import AppendConflict, CosignatureRefused, UntrustedNote
from journey.event_log import Batch, TreeTables
from journey.proof.notes import DASH, ID_BYTES, decoded, published_key, unsigned

_COSIGNATURE = b"\x04"
_TIME_BYTES = 8
_LAST_TIME = 2**63 - 1


@dataclass(frozen=True)
class Witness:
    """A public key with the name of the witness that cosigns by it."""

    name: str
    key: Ed25519PublicKey

    @property
    def id(self) -> bytes:
        """What tells this key from others of the same name."""
        named = self.name.encode() + b"\n" + _COSIGNATURE + self.key.public_bytes_raw()
        return hashlib.sha256(named).digest()[:ID_BYTES]

    @property
    def title(self) -> str:
        """Name and number of the key, as its verification key begins."""
        return f"{self.name}+{self.id.hex()}"

    def has_cosigned(self, text: str, line: str) -> bool:
        """Tell whether a line of a note is this witness's good cosignature of its text."""
        name, _, encoded = line.removeprefix(DASH).partition(" ")
        signature = decoded(encoded) or b""
        if not line.startswith(DASH) or name != self.name or signature[:ID_BYTES] != self.id:
            return False
        time = int.from_bytes(signature[ID_BYTES : ID_BYTES + _TIME_BYTES], "big")
        if time > _LAST_TIME:
            return False
        try:
            self.key.verify(
                signature[ID_BYTES + _TIME_BYTES :], f"cosignature/v1\ntime {time}\n{text}".encode()
            )
        except InvalidSignature:
            return False
        return True


def read_witnesses(keys: str | None) -> list[Witness]:
    """Read the verification keys of witnesses, joined by spaces; raise `UntrustedNote` where one is none."""
    witnesses = []
    for each in (keys or "").split():
        name, number, key = published_key(each, _COSIGNATURE)
        witness = Witness(name, key)
        if witness.id != number:
            raise UntrustedNote("the number of the verification key is not its own")
        witnesses.append(witness)
    return witnesses


def take(tables: TreeTables, witnesses: Iterable[Witness], note: str) -> Batch:
    """Keep what known witnesses have cosigned of a checkpoint of this log; return its batch.

    What was kept before stays: of a checkpoint each witness is heard once. Raises `CosignatureRefused` where
    the note is no checkpoint of this log, or no known witness has cosigned it.
    """
    text, _, lines = note.rpartition("\n\n")
    try:
        batch = tables.ending(unsigned(note).size)
    except UntrustedNote as error:
        raise CosignatureRefused from error
    if batch is None or batch.note.rpartition("\n\n")[0] != text:
        raise CosignatureRefused
    said = {
        witness.title: line
        for witness in witnesses
        for line in lines.splitlines()
        if witness.has_cosigned(f"{text}\n", line)
    }
    if not said:
        raise CosignatureRefused
    for title, line in said.items():
        try:
            tables.cosign(batch.size, title, line)
        except AppendConflict:
            continue  # it is known
    return batch


def cosigned(tables: TreeTables, batch: Batch) -> str:
    """Return the checkpoint of a batch with what witnesses have said of it."""
    return batch.note + "".join(f"{line}\n" for line in tables.cosignatures(batch.size))
