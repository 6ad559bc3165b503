"""The keys that wrap data keys, an epoch each: kept outside the databases, so that a stolen database is shut.

Another provider, such as a key service, implements `EpochKeys`.
"""

import os
import re
import secrets
import stat
from pathlib import Path
from typing import Protocol

from journey.errors import KeysUnavailable
from journey.sealing.ciphers import KEY_BYTES

_NAME = re.compile(r"epoch-(\d{4,9})\.key")
_NO_PLACE = "no directory of keys is named (--key-directory, JOURNEY_KEY_DIRECTORY)"


class EpochKeys(Protocol):
    """Where epoch keys come from."""

    def newest(self) -> int:
        """Return the newest epoch that there is a key of, 0 where there is none."""

    def known(self) -> list[int]:
        """Return the epochs that there are keys of."""

    def make(self, epoch: int) -> None:
        """Make the key of a new epoch."""

    def destroy(self, epoch: int) -> None:
        """Destroy the key of an epoch for good; do nothing where there is none."""

    def secret(self, epoch: int) -> bytes:
        """Return the key of an epoch; raise `KeysUnavailable` where it cannot be had."""


class EpochKeyFiles:
    """A directory with a file for each epoch, `epoch-0001.key`, readable to the service alone."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._secrets: dict[int, bytes] = {}

    def newest(self) -> int:
        """Return the newest epoch that there is a file of, 0 where there is none."""
        return max(self.known(), default=0)

    def secret(self, epoch: int) -> bytes:
        """Return the key of an epoch."""
        if epoch not in self._secrets:
            self._secrets[epoch] = self._read(self._file(epoch))
        return self._secrets[epoch]

    def make(self, epoch: int) -> None:
        """Make the key of a new epoch, on disk before anything is wrapped with it."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = self._file(epoch)
            part = file.with_suffix(f".{secrets.token_hex(4)}")
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
            try:
                os.write(descriptor, secrets.token_hex(KEY_BYTES).encode() + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            # A link, because a rename would replace the key that another process has made meanwhile.
            try:
                os.link(part, file)
            except FileExistsError:
                pass
            finally:
                part.unlink()
            _sync_directory(self._directory)
        except OSError as error:
            raise KeysUnavailable(f"{self._directory}: {error.strerror}") from error

    def destroy(self, epoch: int) -> None:
        """Write over the file of an epoch, and remove it; what this process has read of it is forgotten."""
        self._secrets.pop(epoch, None)
        file = self._file(epoch)
        try:
            file.chmod(0o600)
            with file.open("r+b") as held:
                held.write(b"0" * (2 * KEY_BYTES))
                held.flush()
                os.fsync(held.fileno())
            file.unlink()
            _sync_directory(self._directory)
        except FileNotFoundError:
            return
        except OSError as error:
            raise KeysUnavailable(f"{file}: {error.strerror}") from error

    def known(self) -> list[int]:
        """Return the epochs that there are files of."""
        try:
            names = [each.name for each in self._directory.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise KeysUnavailable(f"{self._directory}: {error.strerror}") from error
        return [int(match[1]) for name in names if (match := _NAME.fullmatch(name))]

    def _file(self, epoch: int) -> Path:
        return self._directory / f"epoch-{epoch:04d}.key"

    def _read(self, file: Path) -> bytes:
        try:
            if stat.S_IMODE(file.stat().st_mode) & 0o077:
                raise KeysUnavailable(f"{file} can be read by others; set its mode to 0400")
            secret = bytes.fromhex(file.read_text().strip())
        except (OSError, ValueError) as error:
            raise KeysUnavailable(f"{file} cannot be read: {error}") from error
        if len(secret) != KEY_BYTES or len(set(secret)) < KEY_BYTES // 4:
            raise KeysUnavailable(f"{file} does not hold a key of {KEY_BYTES} random bytes in hexadecimal")
        return secret


class NoEpochKeys:
    """Stands where no place for epoch keys was named: personal data can be neither sealed nor opened."""

    def newest(self) -> int:
        """Raise `KeysUnavailable`, as all else does."""
        raise KeysUnavailable(_NO_PLACE)

    def known(self) -> list[int]:
        """Raise `KeysUnavailable`."""
        raise KeysUnavailable(_NO_PLACE)

    def destroy(self, epoch: int) -> None:
        """Raise `KeysUnavailable`."""
        del epoch
        raise KeysUnavailable(_NO_PLACE)

    def make(self, epoch: int) -> None:
        """Raise `KeysUnavailable`."""
        del epoch
        raise KeysUnavailable(_NO_PLACE)

    def secret(self, epoch: int) -> bytes:
        """Raise `KeysUnavailable`."""
        del epoch
        raise KeysUnavailable(_NO_PLACE)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
