"""API keys: made once, shown once, stored hashed; a prefix tells one from another."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args

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
    sa.Column("last_used_at", sa.Text),
    sa.Column("revoked_at", sa.Text),
)


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
    last_used_at: str | None
    """The hour in which it was last shown; None where it never was."""
    revoked_at: str | None
    """From when on it is refused, perhaps in the future; None where it does not end."""

    def in_force(self, now: datetime) -> bool:
        """Tell whether the key opens anything."""
        return self.revoked_at is None or datetime.fromisoformat(self.revoked_at) > now


class Stored(NamedTuple):
    """A key, and what its secret must hash to."""

    digest: bytes
    key: ApiKey

    def fits(self, secret: str) -> bool:
        """Tell whether a secret is the one; it takes as long either way."""
        return hmac.compare_digest(self.digest, digest(secret))


class KeyStore:
    """The keys of one service; the secret part is 192 random bits, too many to guess from a plain SHA-256."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

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
        with self._engine.begin() as connection:
            return _made(
                connection,
                scopes=" ".join(sorted(set(scopes))),
                source=source,
                lifecycle=lifecycle,
                label=label,
                created_at=_written(now),
            )

    def rotate(self, prefix: str, now: datetime, overlap: timedelta) -> str | None:
        """Make another key for the same caller and return it; the one before ends after `overlap`.

        Returns None where there is no such key in force. One that ends sooner than that still does.
        """
        with self._engine.begin() as connection:
            row = (
                connection.execute(sa.select(_KEYS).where(_KEYS.c.prefix == prefix)).mappings().one_or_none()
            )
            if row is None or not _api_key(row).in_force(now):
                return None
            until = _written(now + overlap)
            connection.execute(
                _KEYS.update()
                .where(_KEYS.c.prefix == prefix)
                .values(revoked_at=min(row["revoked_at"] or until, until, key=datetime.fromisoformat))
            )
            kept = {name: row[name] for name in ("scopes", "source", "lifecycle", "label")}
            return _made(connection, **kept, created_at=_written(now))

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
            row = (
                connection.execute(sa.select(_KEYS).where(_KEYS.c.prefix == prefix)).mappings().one_or_none()
            )
            if row is None or not _api_key(row).in_force(now):
                return False
            ended = _KEYS.update().where(_KEYS.c.prefix == prefix).values(revoked_at=_written(now))
            connection.execute(ended)
        return True

    def look_up(self, prefix: str) -> Stored | None:
        """Return the key with a prefix, whether it is in force or not."""
        with self._engine.connect() as connection:
            row = (
                connection.execute(sa.select(_KEYS).where(_KEYS.c.prefix == prefix)).mappings().one_or_none()
            )
        return Stored(bytes(row["digest"]), _api_key(row)) if row is not None else None

    def note_use(self, key: ApiKey, now: datetime) -> None:
        """Write down the hour in which a key is used, once in that hour."""
        hour = _written(now.replace(minute=0, second=0))
        if key.last_used_at == hour:
            return
        # Nobody is kept out because that cannot be written at the moment.
        with suppress(sa.exc.DBAPIError), self._engine.begin() as connection:
            connection.execute(_KEYS.update().where(_KEYS.c.prefix == key.prefix).values(last_used_at=hour))


def taken_apart(key: str) -> tuple[str, str]:
    """Take a key apart into what is public of it and what is secret."""
    kind, _, rest = key.partition("_")
    public, _, secret = rest.partition("_")
    return f"{kind}_{public}", secret


def digest(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def _made(connection: sa.Connection, **values: str | None) -> str:
    prefix, secret = f"cj_{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    connection.execute(_KEYS.insert().values(prefix=prefix, digest=digest(secret), **values))
    return f"{prefix}_{secret}"


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _api_key(row: Any) -> ApiKey:
    return ApiKey(
        prefix=row["prefix"],
        scopes=frozenset(scope for scope in SCOPES if scope in row["scopes"].split()),
        source=row["source"],
        lifecycle=row["lifecycle"],
        label=row["label"],
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
    )
