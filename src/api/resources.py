"""One resource of a read model as an answer: ready bytes, a strong tag, freshness, and waiting for news."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Header, Query, Request, Response
from fastapi.sse import ServerSentEvent

from api.caller import Caller
from api.freshness import Wanted, awaited, freshness_headers
from api.languages import language_of, negotiate
from api.parameters import LARGEST_POSITION
from api.problems import Problem
from api.service import Service, service_of
from api.threads import in_thread
from journey.words import Language
from projections import reading
from projections.projection import Key, Projection
from projections.reading import Found

Wait = Annotated[
    float, Query(ge=0, description="with `If-None-Match`: wait for news, this many seconds at most")
]
LastEventId = Annotated[
    int | None,
    Header(alias="Last-Event-ID", ge=0, le=LARGEST_POSITION, description="resume after this position"),
]

CONTENT_LANGUAGE: Mapping[Language, str] = {"en": "en", "zh": "zh-CN"}


@dataclass(frozen=True, slots=True)
class Seen:
    """A row and how fresh it is, from one look."""

    found: Found
    freshness: Mapping[str, str]
    """The headers that tell it."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One row of a projection that somebody asks for."""

    request: Request
    caller: Caller
    projection: Projection[Any]
    key: Key

    @property
    def service(self) -> Service:
        """The service that holds it."""
        return service_of(self.request)

    @property
    def language(self) -> Language:
        """The language to answer in; what customers wrote is never put into another script."""
        return language_of(negotiate(self.request.headers.get("accept-language")))

    async def seen(self) -> Seen:
        """Look it up; raise `not-found` where there is none, or none that the caller may see."""

        def look() -> Seen:
            with self.service.views.connect() as connection:
                found = reading.find(connection, self.projection, self.key)
            return Seen(found, freshness_headers(self.service, found.freshness, found.parked_at))

        seen = await in_thread(look)
        row = seen.found.row
        if row is None or not self.caller.may_read(row["stream_id"]):
            raise Problem("not-found", headers=seen.freshness)
        return seen

    async def answer(self, want: Wanted, wait: float) -> Response:
        """Answer now, or, with a tag that is still right, when there is news or `wait` seconds are over."""
        stale = await awaited(self.service, self.projection.name, want)
        known = self.request.headers.get("if-none-match")
        deadline = asyncio.get_running_loop().time() + min(wait, self.service.settings.max_wait)
        while True:
            seen = await self.seen()
            etag = self._etag(seen.found, stale=stale)
            headers = self._headers(seen, etag)
            if known is None or not _matches(known, etag):
                body = self._body(seen.found, stale=stale)
                return Response(body, media_type="application/json", headers=headers)
            remaining = deadline - asyncio.get_running_loop().time()
            if remaining <= 0:
                return Response(status_code=304, headers=headers)
            await self.service.watch.changed(self.projection.name, seen.found.freshness.position, remaining)

    async def events(self, last_id: int | None) -> AsyncIterator[ServerSentEvent]:
        """Send the resource now, unless `last_id` shows that it is known, and again with each change."""
        while True:
            found = (await self.seen()).found
            position = (found.row or {}).get("position", 0)
            if last_id is None or position > last_id:
                last_id = position
                body = self._body(found, stale=False).decode()
                yield ServerSentEvent(raw_data=body, id=str(position), event="status")
            await self.service.watch.changed(
                self.projection.name, found.freshness.position, self.service.settings.max_wait
            )

    def _etag(self, found: Found, *, stale: bool) -> str:
        """Return the tag: another for other logic, another last event, another language or a stale answer."""
        row = found.row or {}
        marks = ("-parked" if found.parked_at is not None else "") + ("-stale" if stale else "")
        return f'"{found.freshness.version}-{row.get("position")}-{self.language}{marks}"'

    def _body(self, found: Found, *, stale: bool) -> bytes:
        row: Mapping[str, Any] = found.row or {}
        text: str = row[f"body_{self.language}"]
        if not stale and found.parked_at is None:
            return text.encode()
        return orjson.dumps({**orjson.loads(text), "stale": True})

    def _headers(self, seen: Seen, etag: str) -> dict[str, str]:
        return {
            "ETag": etag,
            "Cache-Control": "private, no-cache",
            "Vary": "Accept-Language, Authorization",
            "Content-Language": CONTENT_LANGUAGE[self.language],
            **seen.freshness,
        }


def _matches(known: str, etag: str) -> bool:
    return known.strip() == "*" or etag in (part.strip().removeprefix("W/") for part in known.split(","))
