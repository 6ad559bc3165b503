"""Connections to PostgreSQL for what runs in the event loop."""

import socket
from typing import Any

import asyncpg
import sqlalchemy as sa

# What libpq knows of connections, and the server does not.
_OF_LIBPQ = frozenset(
    {
        "connect_timeout",
        "keepalives",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
        "channel_binding",
        "gssencmode",
        "sslcompression",
    }
)
_TCP_USER_TIMEOUT_MS = 20_000


async def connect(url: sa.URL, patience: float, **settings: str) -> Any:
    """Connect within `patience` seconds, with `settings` of the session; a peer that is gone is noticed."""
    query = {name: value for name, value in url.query.items() if name not in _OF_LIBPQ}
    dsn = url.set(drivername="postgresql", query=query).render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn, timeout=patience, server_settings=settings)
    wire = connection._transport.get_extra_info("socket")  # noqa: SLF001  # no other way in
    if wire is not None and wire.family in (socket.AF_INET, socket.AF_INET6):
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _TCP_USER_TIMEOUT_MS)
    return connection
