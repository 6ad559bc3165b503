"""Epoch keys from the transit engine of HashiCorp Vault or OpenBao, over its HTTP API.

Each epoch has a key of its own in the engine, `journey-epoch-0001` and so on, which never leaves it. What
wraps data keys is derived from that in the engine, by an HMAC of a fixed text: the same for every process,
stored nowhere, asked for once by each. To destroy an epoch is to delete its key there.
"""

import base64
import binascii
import re
import ssl
from pathlib import Path
from typing import Any

import httpx

from journey.errors import KeysUnavailable
from journey.sealing.ciphers import KEY_BYTES
from journey.secret_files import read_secret

_TIMEOUT = httpx.Timeout(5.0)
_LARGEST = 1_000_000
_PURPOSE = base64.b64encode(b"journey/epoch-key/1").decode()
"""What is hashed under an epoch's key; another text would give other keys."""
_REASONS = {
    400: "it refuses the request",
    403: "the token may not do this, or is no longer good",
    404: "there is no transit engine at this mount, or no such key",
    429: "it is too busy, or a standby",
    472: "it is a standby that cannot write",
    473: "it is a standby that cannot write",
    503: "it is sealed, or under maintenance",
}


class VaultTransit:
    """The keys of one transit engine whose names begin alike."""

    def __init__(  # what the settings say of it
        self,
        address: str,
        token_file: Path,
        *,
        mount: str = "transit",
        prefix: str = "journey-epoch",
        namespace: str | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self._token_file, self._prefix = token_file, prefix
        self._name = re.compile(rf"{re.escape(prefix)}-(\d{{4,9}})")
        self._secrets: dict[int, bytes] = {}
        self._client = httpx.Client(
            base_url=f"{address.rstrip('/')}/v1/{mount.strip('/')}/",
            headers={"X-Vault-Request": "true", **({"X-Vault-Namespace": namespace} if namespace else {})},
            timeout=_TIMEOUT,
            trust_env=False,
            verify=ssl.create_default_context(cafile=None if ca_file is None else str(ca_file)),
        )

    def newest(self) -> int:
        """Return the newest epoch that there is a key of, 0 where there is none."""
        return max(self.known(), default=0)

    def known(self) -> list[int]:
        """Return the epochs that there are keys of."""
        answer = self._asked("GET", "keys?list=true", absent=True)
        names = (answer.get("data") or {}).get("keys", [])
        if not isinstance(names, list):
            raise KeysUnavailable("Vault's list of keys cannot be read")
        return [int(match[1]) for name in names if (match := self._name.fullmatch(str(name)))]

    def make(self, epoch: int) -> None:
        """Make the key of a new epoch; where there is one, the engine leaves it as it is."""
        self._asked("POST", f"keys/{self._of(epoch)}", {"type": "aes256-gcm96", "exportable": False})

    def destroy(self, epoch: int) -> None:
        """Delete the key of an epoch; what this process has of it is forgotten."""
        self._secrets.pop(epoch, None)
        if epoch in self.known():
            self._asked("POST", f"keys/{self._of(epoch)}/config", {"deletion_allowed": True})
            self._asked("DELETE", f"keys/{self._of(epoch)}")

    def secret(self, epoch: int) -> bytes:
        """Return what wraps data keys in an epoch; raise `KeysUnavailable` where it cannot be had."""
        if epoch not in self._secrets:
            # The first version, so that a rotation of the key in the engine changes nothing here.
            asked = {"input": _PURPOSE, "key_version": 1}
            answer = self._asked("POST", f"hmac/{self._of(epoch)}/sha2-256", asked)
            self._secrets[epoch] = _secret_in(answer)
        return self._secrets[epoch]

    def _of(self, epoch: int) -> str:
        return f"{self._prefix}-{epoch:04d}"

    def _asked(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, absent: bool = False
    ) -> dict[str, Any]:
        """Ask the engine; where there may be nothing, `absent`, an answer that says so is empty."""
        try:
            # Read each time: whoever renews the token writes another one into the file.
            token = read_secret(self._token_file)
            with self._client.stream(method, path, json=body, headers={"X-Vault-Token": token}) as answer:
                read = bytearray()
                for piece in answer.iter_bytes():
                    read += piece
                    if len(read) > _LARGEST:
                        raise KeysUnavailable("Vault's answer has no end")
        except ValueError as error:
            raise KeysUnavailable(f"Vault's token: {error}") from error
        except httpx.TimeoutException as error:
            raise KeysUnavailable(f"Vault did not answer within {_TIMEOUT.read:.0f} s") from error
        except httpx.HTTPError as error:
            raise KeysUnavailable(f"Vault cannot be reached: {error}") from error
        if absent and answer.status_code == httpx.codes.NOT_FOUND:
            return {}
        if not answer.is_success:
            reason = _REASONS.get(answer.status_code, "it failed")
            raise KeysUnavailable(f"Vault answered {answer.status_code} to {method} {path}: {reason}")
        return _object(answer, bytes(read))


def _object(answer: httpx.Response, read: bytes) -> dict[str, Any]:
    if answer.status_code == httpx.codes.NO_CONTENT or not read:
        return {}
    try:
        told = httpx.Response(200, content=read).json()
    except ValueError as error:
        raise KeysUnavailable("Vault's answer is no JSON") from error
    if not isinstance(told, dict):
        raise KeysUnavailable("Vault's answer is no JSON object")
    return told


def _secret_in(answer: dict[str, Any]) -> bytes:
    told = answer.get("data")
    text = told.get("hmac") if isinstance(told, dict) else None
    try:
        secret = base64.b64decode(str(text).rpartition(":")[2], validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise KeysUnavailable("Vault's answer holds no HMAC of 32 bytes")
    return secret
