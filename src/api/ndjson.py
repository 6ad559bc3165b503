"""NDJSON in, NDJSON out: bulk loads of any length in constant memory, one line of answer per event."""

import asyncio
import tempfile
from typing import Any

import orjson
from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from api.bodies import lines_of
from api.intake import Intake

# Answers beyond this many bytes wait on disk for a client that reads late.
_IN_MEMORY = 1024 * 1024
_READ = 64 * 1024


class NdjsonAnswer(Response):
    """Takes events while they arrive, and answers while the client reads.

    Many clients send all before they read anything. If taking waited for the reading, both sides would wait
    for each other; so taking never waits, and answers that nobody reads yet are spooled.
    """

    def __init__(self, request: Request, intake: Intake) -> None:
        super().__init__(media_type="application/x-ndjson")
        self._request = request
        self._intake = intake
        self._spool: Any = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # closed by the answer
        self._written = 0
        self._more = asyncio.Event()
        self._done = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run taking and answering side by side."""
        del scope, receive
        headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        taking = asyncio.ensure_future(self._take())
        try:
            sent = 0
            while not (self._done and sent == self._written):
                if sent == self._written:
                    self._more.clear()
                    await self._more.wait()
                    continue
                self._spool.seek(sent)
                piece = self._spool.read(min(_READ, self._written - sent))
                sent += len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await taking
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            taking.cancel()
            self._spool.close()

    async def _take(self) -> None:
        index = 0
        try:
            async for lines in lines_of(self._request, self._intake.service.settings.max_event_bytes):
                items = await self._intake.lines(lines, index)
                index += len(items)
                piece = b"".join(orjson.dumps(entry) + b"\n" for entry in items)
                self._spool.seek(self._written)
                self._spool.write(piece)
                self._written += len(piece)
                self._more.set()
        except ClientDisconnect:
            # What was taken stays taken: the client sends all again, and each event still counts once.
            pass
        finally:
            self._done = True
            self._more.set()
