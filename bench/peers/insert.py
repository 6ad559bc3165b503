"""The sensible raw endpoint: an event validated once, one INSERT and its commit on a pooled connection."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.peers.framework import CloudEvent

_POOL = 8
"""Connections; more brought nothing where PostgreSQL shares two processors with its clients."""
_TABLE = """
CREATE TABLE IF NOT EXISTS events (
    position bigserial PRIMARY KEY, source text, id text, subject text, type text, body bytea,
    UNIQUE (source, id)
)
"""
_INSERT = (
    "INSERT INTO events (source, id, subject, type, body) VALUES ($1, $2, $3, $4, $5) RETURNING position"
)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
    del app
    async with asyncpg.create_pool(os.environ["BENCH_DATABASE"], min_size=_POOL, max_size=_POOL) as pool:
        await pool.execute(_TABLE)
        yield {"pool": pool}


async def post_event(request: Request) -> Response:
    """Insert an event and answer with its position."""
    body = await request.body()
    event = CloudEvent.model_validate_json(body)
    told = (event.source, event.id, event.subject, event.type, body)
    position = await request.state.pool.fetchval(_INSERT, *told)
    return Response(b'{"position":%d}' % position, 201, media_type="application/json")


async def ready(request: Request) -> Response:
    """Tell that requests are answered."""
    del request
    return Response()


app = Starlette(
    routes=[Route("/v1/events", post_event, methods=["POST"]), Route("/", ready)], lifespan=_lifespan
)
