"""One request to an app, without a server."""

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI


def ask(app: FastAPI, path: str, method: str = "GET", **more: Any) -> httpx.Response:
    """Send one request to the app."""

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://journey") as client:
            return await client.request(method, path, **more)

    return asyncio.run(send())
