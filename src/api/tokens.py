"""Access tokens of the configured identity provider: signed JWTs (RFC 7519), checked and remembered."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.caller import Caller
from api.heads import Shown
from api.keys import SCOPES, Scope
from api.token_keys import TokenKey, TokenKeys
from api.token_refusals import refused
from journey.settings import Settings

_LONGEST = 16 * 1024
# How many tokens are remembered: of customers who follow their cases there are many.
_MOST_KNOWN = 50_000
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_NOT_STAFF: frozenset[Scope] = frozenset({"events:write", "status:read"})

_Name = Annotated[str, Field(min_length=1, max_length=255)]


class _Header(BaseModel):
    """What a token may say of its signature; one that brings or names keys of its own is refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    alg: str
    kid: _Name
    typ: str = "JWT"
    cty: str | None = None
    x5t: str | None = None
    x5t_s256: str | None = Field(default=None, alias="x5t#S256")


class _Claims(BaseModel):
    """What a token says of its holder; what else it says does not matter."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)

    iss: str
    sub: _Name
    aud: str | list[str]
    exp: float
    nbf: float = 0.0
    tenant: str
    scope: str = ""
    scp: str | list[str] = ""
    source: _Name | None = None

    def asked(self) -> set[str]:
        """Return the scopes that it names, in whichever way providers write them."""
        listed = self.scp.split() if isinstance(self.scp, str) else self.scp
        return {*self.scope.split(), *listed}


class _Known(NamedTuple):
    caller: Caller
    ends: float
    key_id: str
    key: TokenKey


class _Pinned(jws.JWSRegistry):
    """Takes exactly the configured algorithms.

    The library would warn of `EdDSA`, whose only fault is that RFC 9864 has given it a longer name.
    """

    def get_alg(self, name: str) -> Any:
        """Return an algorithm; raise the library's error for any other."""
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


class Tokens:
    """Checks tokens; one that was found good is remembered by its digest until it or its key ends."""

    def __init__(self, settings: Settings, keys: TokenKeys, clock: Callable[[], datetime]) -> None:
        self._settings, self._keys, self._clock = settings, keys, clock
        self._registry = _Pinned(algorithms=settings.token_algorithms)
        self._known: dict[bytes, _Known] = {}

    def remembered(self, token: Shown) -> Caller | None:
        """Return who shows a token that is known to be good; None says nothing."""
        known = self._known.get(token.digest)
        if known is None or self._keys.fresh(known.key_id) is not known.key:
            return None
        return known.caller if known.ends > self._clock().timestamp() else None

    async def caller(self, token: Shown) -> Caller:
        """Return who shows a token; raise `unauthorized`, with the reason, where it is not good.

        Raises `token-keys-unavailable` where that cannot be told.
        """
        if len(token) > _LONGEST:
            raise refused("malformed")
        signed, header = _taken_apart(token)
        if header.alg not in self._settings.token_algorithms:
            raise refused("algorithm")
        key = await self._keys.find(header.kid)
        if key is None:
            raise refused("unknown-key")
        self._check_signature(signed, header, key)
        try:
            claims = _Claims.model_validate_json(signed.payload)
        except ValidationError as error:
            raise refused("claims") from error
        self._check(claims)
        caller = _caller(claims)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        ends = claims.exp + self._settings.token_leeway
        self._known[token.digest] = _Known(caller, ends, header.kid, key)
        return caller

    async def close(self) -> None:
        """End what is under way."""
        await self._keys.close()

    def _check_signature(self, signed: jws.CompactSignature, header: _Header, key: TokenKey) -> None:
        if key.algorithm not in (None, header.alg):
            raise refused("algorithm")
        try:
            good = jws.validate_compact(signed, key.key, registry=self._registry)
        except (JoseError, ValueError, TypeError) as error:  # such as a key of another kind
            raise refused("algorithm") from error
        if not good:
            raise refused("signature")

    def _check(self, claims: _Claims) -> None:
        settings, now = self._settings, self._clock().timestamp()
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if claims.iss != settings.token_issuer:
            raise refused("issuer")
        if settings.token_audience not in audiences:
            raise refused("audience")
        if claims.tenant != settings.tenant:
            raise refused("tenant")
        if claims.exp + settings.token_leeway <= now:
            raise refused("expired")
        if claims.nbf - settings.token_leeway > now:
            raise refused("not-yet-valid")


def tokens_of(settings: Settings, clock: Callable[[], datetime]) -> Tokens | None:
    """Return what checks the tokens of the configured identity provider; None where there is none."""
    if settings.token_keys is None:
        return None
    keys = TokenKeys(
        settings.token_keys,
        refresh=settings.token_keys_refresh,
        patience=settings.token_keys_patience,
        pause=settings.token_keys_pause,
    )
    return Tokens(settings, keys, clock)


def _taken_apart(token: str) -> tuple[jws.CompactSignature, _Header]:
    try:
        signed = jws.extract_compact(token.encode())
        header = _Header.model_validate(signed.protected)
    except (JoseError, ValueError, TypeError) as error:
        raise refused("malformed") from error
    if header.typ.lower() not in _TYPES:
        raise refused("malformed")
    return signed, header


def _caller(claims: _Claims) -> Caller:
    """Return the holder of a good token.

    Who may read the status of cases and has no right of staff is a customer, and reads only what is theirs.
    """
    asked = claims.asked()
    scopes = frozenset(scope for scope in SCOPES if scope in asked)
    customer = "status:read" in scopes and scopes <= _NOT_STAFF
    if "events:write" in scopes and claims.source is None:
        raise refused("source")
    return Caller(f"token:{claims.sub}", scopes, claims.source, subject=claims.sub if customer else None)
