"""That one reactor leads on PostgreSQL: a courtesy that saves the others work in vain, and no more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa

from journey.in_threads import to_its_end

_LOCK = 0x6A6F_7572_6E65_79
"""The number of the lock: "journey" in ASCII."""


@asynccontextmanager
async def leading(views: sa.Engine) -> AsyncIterator[bool]:
    """Tell whether to work now; the lock ends with the block, or with whoever holds it."""
    if views.dialect.name != "postgresql":
        yield True
        return
    connection = await to_its_end(views.connect)
    try:
        query = sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK))
        yield bool(await to_its_end(connection.scalar, query))
    finally:
        await to_its_end(connection.close)
