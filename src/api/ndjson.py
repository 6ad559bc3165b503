"""NDJSON in, NDJSON out: bulk loads of any length in constant memory, one line of answer per event."""

import asyncio
import tempfile
from collections.abc import Callable
from typing import Any

import orjson
from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from api.bodies import lines_of
from api.intake import Intake, Unread
from journey.events import Event

# Answers beyond this many bytes wait on disk for a client that reads late.
_IN_MEMORY = 1024 * 1024
_PIECE = 64 * 1024
# How many checked events may wait for the commit of those before them.
_AHEAD = 2_000


class NdjsonAnswer(Response):
    """Takes events while they arrive, and answers while the client reads.

    Three run side by side: lines are read and checked while the ones before them are committed, and answers
    are sent. Many clients send all before they read anything. If taking waited for the reading, both sides
    would wait for each other; so taking never waits, and answers that nobody reads yet are spooled.
    """

    def __init__(self, request: Request, intake: Intake) -> None:
        super().__init__(media_type="application/x-ndjson")
        self._request = request
        self._intake = intake
        self._spool: Any = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # closed by the answer
        self._written = self._sent = 0
        self._checked: list[Event | Unread] = []
        self._changed = asyncio.Event()
        self._all_read = False
        self._done = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run reading, appending and answering side by side."""
        del scope, receive
        headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        working = [asyncio.ensure_future(work) for work in (self._read(), self._append())]
        try:
            await self._answer(send)
            await asyncio.gather(*working)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            for work in working:
                work.cancel()
            self._spool.close()

    async def _read(self) -> None:
        """Check lines as they arrive, not too far ahead of what is committed."""
        try:
            async for lines in lines_of(self._request, self._intake.service.settings.max_event_bytes):
                checked = await self._intake.read_lines(lines)
                self._checked += checked  # which may be another list than it was before that wait
                self._tell()
                await self._until(lambda: len(self._checked) < _AHEAD or self._done)
        except ClientDisconnect:
            # What was taken stays taken: the client sends all again, and each event still counts once.
            pass
        finally:
            self._all_read = True
            self._tell()

    async def _append(self) -> None:
        """Commit what was checked meanwhile, and spool what became of it."""
        index = 0
        try:
            while True:
                await self._until(lambda: bool(self._checked) or self._all_read)
                if not self._checked:
                    return
                await self._intake.ease()
                events, self._checked = self._checked, []
                self._tell()
                items = await self._intake.append(events, index)
                index += len(items)
                piece = b"".join(orjson.dumps(entry) + b"\n" for entry in items)
                self._spool.seek(self._written)
                self._spool.write(piece)
                self._written += len(piece)
                self._tell()
        finally:
            self._done = True
            self._tell()

    async def _answer(self, send: Send) -> None:
        """Send what is spooled, until all is."""
        while True:
            await self._until(lambda: self._done or self._sent < self._written)
            if self._sent == self._written:
                return
            self._spool.seek(self._sent)
            piece = self._spool.read(min(_PIECE, self._written - self._sent))
            self._sent += len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})

    def _tell(self) -> None:
        """Let everyone who waits look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def _until(self, met: Callable[[], bool]) -> None:
        while not met():
            await self._changed.wait()
