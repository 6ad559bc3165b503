"""API keys: made once, shown once, stored hashed; a prefix tells one from another."""

import asyncio
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa

from journey.journey import LifecycleMode

Scope = Literal[
    "events:write",
    "status:read",
    "journeys:read",
    "analytics:read",
    "cases:work",
    "privacy:manage",
    "ops:admin",
]
SCOPES: tuple[Scope, ...] = get_args(Scope)

_METADATA = sa.MetaData()
_KEYS = sa.Table(
    "api_keys",
    _METADATA,
    sa.Column("prefix", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("lifecycle", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("revoked_at", sa.Text),
)
# How long a key that was looked up is trusted without another look, and so how long a revoked one lives on.
_TRUSTED_SECONDS = 2.0
# How many keys are told by their digests alone; a service has some dozens.
_MOST_SHOWN = 10_000
# How long before that a key in use is looked up again, so that nobody waits for it.
_AHEAD_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What a key allows."""

    prefix: str
    """Its public part, to recognise it in lists and logs."""
    scopes: frozenset[Scope]
    source: str | None
    """The only source that it may write events of; None allows every source."""
    lifecycle: LifecycleMode
    """How events that the lifecycle does not allow are treated where the call does not say."""
    label: str
    created_at: str
    revoked_at: str | None


class KeyStore:
    """The keys of one service; the secret part is 192 random bits, too many to guess from a plain SHA-256."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._trusted: dict[str, tuple[float, bytes, ApiKey]] = {}
        self._shown: dict[bytes, tuple[float, bytes, ApiKey]] = {}
        """By digest of the whole key: what was trusted when it was shown; it counts while it still is."""
        self._guard = threading.Lock()
        self._looks: dict[str, asyncio.Future[ApiKey | None]] = {}
        """By key: the look-ups under way in the event loop."""

    def create(
        self,
        scopes: Sequence[Scope],
        now: datetime,
        *,
        source: str | None = None,
        lifecycle: LifecycleMode = "strict",
        label: str = "",
    ) -> str:
        """Make a key and return it: the only time that it is known."""
        prefix, secret = f"cj_{secrets.token_hex(4)}", secrets.token_urlsafe(24)
        with self._engine.begin() as connection:
            connection.execute(
                _KEYS.insert().values(
                    prefix=prefix,
                    digest=_digest(secret),
                    scopes=" ".join(sorted(set(scopes))),
                    source=source,
                    lifecycle=lifecycle,
                    label=label,
                    created_at=now.isoformat(timespec="seconds"),
                )
            )
        return f"{prefix}_{secret}"

    def list(self) -> list[ApiKey]:
        """Return every key ever made, the oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                sa.select(_KEYS).order_by(_KEYS.c.created_at, _KEYS.c.prefix)
            ).mappings()
            return [_api_key(row) for row in rows]

    def revoke(self, prefix: str, now: datetime) -> bool:
        """End a key; tell whether there was one to end."""
        with self._engine.begin() as connection:
            ended = connection.execute(
                _KEYS.update()
                .where(_KEYS.c.prefix == prefix, _KEYS.c.revoked_at.is_(None))
                .values(revoked_at=now.isoformat(timespec="seconds"))
            )
        with self._guard:
            self._trusted.pop(prefix, None)
        return ended.rowcount == 1

    async def allowed(self, key: str) -> ApiKey | None:
        """Return what `key` allows, None where it is unknown or revoked; one look serves all who show it."""
        remembered = self.remembered(key, _AHEAD_SECONDS)
        if remembered is not None:
            return remembered
        look = self._look(key)
        return self.remembered(key) or await asyncio.shield(look)

    def _look(self, key: str) -> "asyncio.Future[ApiKey | None]":
        look = self._looks.get(key)
        if look is None:
            look = self._looks[key] = asyncio.ensure_future(asyncio.to_thread(self.find, key))
            look.add_done_callback(lambda done: self._looked(key, done))
        return look

    def _looked(self, key: str, look: "asyncio.Future[ApiKey | None]") -> None:
        del self._looks[key]
        if not look.cancelled():
            look.exception()  # nobody may have waited for it; who asks next looks again

    def remembered(self, key: str, seconds: float = 0.0) -> ApiKey | None:
        """Return what `key` allows if it is known for so many seconds more; None says nothing."""
        digest = _digest(key)
        known = self._shown.get(digest)
        if known is None or known is not self._trusted.get(known[2].prefix):
            prefix, secret = _parts(key)
            known = self._trusted.get(prefix)
            if known is None or not _fits(known[1], secret):
                return None
            if len(self._shown) >= _MOST_SHOWN:
                self._shown.clear()
            self._shown[digest] = known
        return known[2] if known[0] >= time.monotonic() + seconds else None

    def find(self, key: str) -> ApiKey | None:
        """Return what `key` allows, None where it is unknown or revoked."""
        prefix, secret = _parts(key)
        known = self._look_up(prefix)
        return known[2] if known is not None and _fits(known[1], secret) else None

    def _look_up(self, prefix: str) -> tuple[float, bytes, ApiKey] | None:
        query = sa.select(_KEYS).where(_KEYS.c.prefix == prefix, _KEYS.c.revoked_at.is_(None))
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().one_or_none()
        with self._guard:
            if row is None:
                self._trusted.pop(prefix, None)
                return None
            known = (time.monotonic() + _TRUSTED_SECONDS, bytes(row["digest"]), _api_key(row))
            self._trusted[prefix] = known
            return known


def _parts(key: str) -> tuple[str, str]:
    """Take a key apart into what is public of it and what is secret."""
    kind, _, rest = key.partition("_")
    public, _, secret = rest.partition("_")
    return f"{kind}_{public}", secret


def _fits(digest: bytes, secret: str) -> bool:
    return hmac.compare_digest(digest, _digest(secret))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _api_key(row: Any) -> ApiKey:
    return ApiKey(
        prefix=row["prefix"],
        scopes=frozenset(scope for scope in SCOPES if scope in row["scopes"].split()),
        source=row["source"],
        lifecycle=row["lifecycle"],
        label=row["label"],
        created_at=row["created_at"],
        revoked_at=row["revoked_at"],
    )
