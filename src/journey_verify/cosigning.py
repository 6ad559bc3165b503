"""Cosignatures (C2SP cosignature/v1): what a witness says of a checkpoint, and who has to have said it.

https://c2sp.org/tlog-cosignature
"""

import base64
import os
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from journey_verify.findings import CannotCheck, Finding, Unwitnessed
from journey_verify.notes import parts_of, read_key, signature_of

KIND = b"\x04"
_OTHERS = 0o077


class Cosigner:
    """The name and the private key of a witness."""

    def __init__(self, name: str, file: Path) -> None:
        """Read the key, made where there is none; raise `CannotCheck` where it is none or open to others."""
        if not name or set(name) & set("+ \t\n"):
            raise CannotCheck("--name")
        self.name, self._key = name, _read(file)
        raw = KIND + self._key.public_key().public_bytes_raw()
        self._id = sha256(name.encode() + b"\n" + raw).digest()[:4]
        self.verification_key = f"{name}+{self._id.hex()}+{base64.b64encode(raw).decode()}"
        """The key that others check cosignatures with."""

    def cosign(self, note: str) -> str:
        """Return a note with this witness's cosignature of now, in place of an older one."""
        text, lines = parts_of(note)
        now = int(time.time())
        signed = self._key.sign(_message(text, now))
        encoded = base64.b64encode(self._id + now.to_bytes(8, "big") + signed).decode()
        kept = [line for line in lines if signature_of(line)[:2] != (self.name, self._id)]
        return "\n".join([text, *kept, f"— {self.name} {encoded}", ""])


class Quorum:
    """The witnesses that are known, and how many of them must have cosigned a checkpoint."""

    def __init__(self, keys: Sequence[str], wanted: int | None) -> None:
        """Read published keys, all of which are wanted where no number is given; raise `CannotCheck`."""
        self._keys = dict(read_key(each, KIND) for each in keys)
        self._wanted = len(self._keys) if wanted is None else wanted
        if not 0 <= self._wanted <= len(self._keys):
            raise CannotCheck("--witnesses")

    def check(self, note: str) -> None:
        """Raise `Unwitnessed` where too few have cosigned, and a `Finding` where a cosignature is forged."""
        text, lines = parts_of(note)
        found = set()
        for line in lines:
            name, number, signed = signature_of(line)
            if (key := self._keys.get((name, number))) is None:
                continue
            try:
                key.verify(signed[8:], _message(text, int.from_bytes(signed[:8], "big")))
            except InvalidSignature as error:
                raise Finding("forged-checkpoint") from error
            found.add((name, number))
        if len(found) < self._wanted:
            raise Unwitnessed(len(found), self._wanted)


def _message(text: str, moment: int) -> bytes:
    return f"cosignature/v1\ntime {moment}\n{text}".encode()


def _read(file: Path) -> Ed25519PrivateKey:
    try:
        if not file.exists():
            _make(file)
        if file.stat().st_mode & _OTHERS:
            raise CannotCheck(f"{file}: chmod 400")
        key = load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CannotCheck(f"{file}: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise CannotCheck(f"{file}: Ed25519")
    return key


def _make(file: Path) -> None:
    written = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(written)
        opened.flush()
        os.fsync(descriptor)
