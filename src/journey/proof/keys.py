"""The file with the key that signs: outside the data that it vouches for, readable by the service alone."""

import os
import stat
from pathlib import Path
from uuid import uuid4

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from journey.errors import UnusableProofKey
from journey.proof.notes import Signer
from journey.settings import Settings

_log = structlog.get_logger()

_NAME = "proof.key"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def signer_of(settings: Settings) -> Signer | None:
    """Return what signs, with a new key where the file is missing; None where no directory of keys is named.

    Raises `UnusableProofKey` where the file is no key, lies with the data, or is open to others.
    """
    directory = settings.keys_beside()
    if directory is None:
        _log.warning("proof_off", reason="no directory of keys is named, so nothing is signed")
        return None
    file = directory / _NAME
    if settings.data is not None and file.is_relative_to(settings.data.expanduser().resolve()):
        raise UnusableProofKey(file, "it lies in the data directory, with what it vouches for")
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make(file)
        return Signer(settings.proof_origin, _read(file))
    except OSError as error:
        raise UnusableProofKey(file, error.strerror or str(error)) from error


def _make(file: Path) -> None:
    """Make a key where there is none; of many who try at once, one does."""
    if file.exists():
        return
    key = Ed25519PrivateKey.generate()
    written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    unfinished = file.with_name(f"{file.name}.{uuid4().hex}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(written)
            opened.flush()
            os.fsync(descriptor)
        if not file.exists():
            os.link(unfinished, file)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()


def _read(file: Path) -> Ed25519PrivateKey:
    if file.stat().st_mode & _OTHERS:
        raise UnusableProofKey(file, "others may read it: chmod 400")
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnusableProofKey(file, "it is not a private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableProofKey(file, "it is not an Ed25519 key")
    return key
