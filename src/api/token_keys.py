"""The public keys that tokens are checked with: fetched from one configured place, kept for a bounded time.

Nothing in a token says where keys are: a token names one of the keys that are known, and no more.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key
from pydantic import BaseModel, Field, ValidationError

from api.problems import Problem

_log = structlog.get_logger(__name__)

# How long an answer may take in all, and how long one step of it.
_SECONDS = 10.0
_STEP_SECONDS = 5.0
_MOST_BYTES = 256 * 1024
# So many characters has a modulus of 2,048 bits: a shorter one could be broken.
_LEAST_RSA_MODULUS = 342
# What a set may tell of a key that is none of our business: its private part.
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})
_NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class TokenKey:
    """One public key of the issuer."""

    key: RSAKey | ECKey | OKPKey
    algorithm: str | None
    """The only algorithm that it is for; None where the issuer does not say."""


class _KeySet(BaseModel):
    keys: list[dict[str, Any]] = Field(max_length=1000)


class TokenKeys:
    """The issuer's keys as they were last seen.

    They are looked at again every `refresh` seconds, and at once when a token names an unknown one, but
    never twice within `pause` seconds. Where they cannot be reached the last ones go on for `patience`
    seconds, then nobody's token is taken. A key that the issuer no longer tells is dropped.
    """

    def __init__(
        self,
        place: str,
        *,
        refresh: float,
        patience: float,
        pause: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._place = place
        self._refresh, self._patience, self._pause, self._clock = refresh, patience, pause, clock
        self._keys: Mapping[str, TokenKey] = {}
        self._text = b""
        self._seen_at = self._tried_at = _NEVER
        self._look: asyncio.Task[None] | None = None

    def fresh(self, key_id: str) -> TokenKey | None:
        """Return a key that needs no look; None where it is unknown, or the keys are due to be looked at."""
        return self._keys.get(key_id) if self._clock() <= self._seen_at + self._refresh else None

    async def find(self, key_id: str) -> TokenKey | None:
        """Return a key of the issuer, None where there is no such key.

        Raises `token-keys-unavailable` where the keys have not been reached for too long.
        """
        due = self._clock() - self._seen_at > self._refresh
        if due and self._may_look():
            self._begin()  # nobody waits for it while the last keys are good
        if self._clock() - self._seen_at > self._patience or key_id not in self._keys:
            if self._look is None and self._may_look():
                self._begin()
            if self._look is not None:
                await asyncio.shield(self._look)
        if self._clock() - self._seen_at > self._patience:
            raise Problem("token-keys-unavailable")
        return self._keys.get(key_id)

    async def close(self) -> None:
        """End a look that is under way."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.wait([self._look])

    def _may_look(self) -> bool:
        return self._look is None and self._clock() - self._tried_at >= self._pause

    def _begin(self) -> None:
        self._tried_at = self._clock()
        self._look = asyncio.create_task(self._looked())

    async def _looked(self) -> None:
        try:
            text = await asyncio.to_thread(_read, self._place)
            if text != self._text:
                self._keys, self._text = _keys(text), text
            self._seen_at = self._clock()
        except (OSError, httpx.HTTPError, ValueError) as error:
            _log.warning("token_keys_unavailable", error=type(error).__name__)
        finally:
            self._look = None


def _read(place: str) -> bytes:
    """Return what stands at an address or in a file; an address that leads elsewhere is not followed."""
    if "://" not in place:
        return Path(place).read_bytes()
    text, deadline = bytearray(), time.monotonic() + _SECONDS
    options: dict[str, Any] = {"timeout": _STEP_SECONDS, "follow_redirects": False, "trust_env": False}
    with httpx.Client(**options) as client, client.stream("GET", place) as answer:
        answer.raise_for_status()
        for part in answer.iter_bytes():
            text += part
            if len(text) > _MOST_BYTES or time.monotonic() > deadline:
                raise ValueError("too much, or too slow")
    return bytes(text)


def _keys(text: bytes) -> dict[str, TokenKey]:
    """Read a JWK set (RFC 7517); keys that cannot check signatures are left out."""
    try:
        described = _KeySet.model_validate_json(text).keys
    except ValidationError as error:
        raise ValueError("no JWK set") from error
    known: dict[str, TokenKey] = {}
    for parameters in described:
        key_id, key = parameters.get("kid"), _key(parameters)
        if key is not None and isinstance(key_id, str):
            known.setdefault(key_id, key)
    return known


def _key(parameters: dict[str, Any]) -> TokenKey | None:
    if parameters.get("use", "sig") != "sig" or "verify" not in parameters.get("key_ops", ["verify"]):
        return None
    if parameters.get("kty") == "RSA" and len(str(parameters.get("n"))) < _LEAST_RSA_MODULUS:
        return None
    try:
        key = import_key({name: value for name, value in parameters.items() if name not in _PRIVATE})
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if not isinstance(key, RSAKey | ECKey | OKPKey):
        return None  # a secret that both sides know: whoever checks a signature could make one
    return TokenKey(key, parameters.get("alg"))
