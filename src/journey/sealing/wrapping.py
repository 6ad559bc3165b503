"""How data keys are wrapped: by the key of an epoch, bound to whose they are and what for."""

import hashlib
import os
from typing import NamedTuple

from journey.errors import KeysUnavailable
from journey.sealing.ciphers import KEY_BYTES, NotOpened, decrypt, encrypt
from journey.sealing.data_keys import DataKey, KeyName, WrappedKey
from journey.sealing.epoch_keys import EpochKeys


class Wrapping(NamedTuple):
    """Wraps the keys of one tenant."""

    tenant: str
    epochs: EpochKeys

    def fingerprint(self, epoch: int) -> str:
        """Return what tells the key of an epoch from another one."""
        return hashlib.sha256(b"epoch key" + self.epochs.secret(epoch)).hexdigest()[:16]

    def new(self, name: KeyName, epoch: int) -> tuple[WrappedKey, DataKey]:
        """Make a data key; return it as it is to be stored, and as it is used."""
        secret = os.urandom(KEY_BYTES)
        return self._wrapped(WrappedKey(name, 1, epoch, None), secret), DataKey(1, secret)

    def again(self, key: WrappedKey, epoch: int) -> WrappedKey:
        """Return a data key, wrapped in another epoch."""
        secret = self.unwrapped(key)
        return self._wrapped(key._replace(epoch=epoch), secret) if secret is not None else key

    def unwrapped(self, key: WrappedKey) -> bytes | None:
        """Return the secret of a data key, None where it was destroyed; raise `KeysUnavailable`."""
        if key.wrapped is None:
            return None
        try:
            return decrypt(key.wrapped, self.epochs.secret(key.epoch), self._bound(key))
        except NotOpened as error:
            raise KeysUnavailable("a data key does not open with the key of its epoch") from error

    def _wrapped(self, key: WrappedKey, secret: bytes) -> WrappedKey:
        wrapped = encrypt(secret, self.epochs.secret(key.epoch), self._bound(key), "aes-256-gcm")
        return key._replace(wrapped=wrapped)

    def _bound(self, key: WrappedKey) -> bytes:
        return "\x00".join((self.tenant, *key.name, str(key.version), str(key.epoch))).encode()
