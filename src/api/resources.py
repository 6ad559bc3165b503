"""One resource of a read model as an answer: ready bytes, a strong tag, freshness, and waiting for news."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Header, Query, Request, Response
from fastapi.sse import ServerSentEvent

from api.caller import Caller
from api.freshness import Wanted, awaited, freshness_headers, in_thread, with_stale
from api.languages import language_of, negotiate
from api.problems import Problem
from api.service import Service, service_of
from journey.words import Language
from projections import reading
from projections.projection import Key, Projection
from projections.reading import Found

Wait = Annotated[
    float, Query(ge=0, description="with `If-None-Match`: wait for news, this many seconds at most")
]
LastEventId = Annotated[int | None, Header(alias="Last-Event-ID", ge=0)]

CONTENT_LANGUAGE: Mapping[Language, str] = {"en": "en", "zh": "zh-CN"}


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

    async def found(self) -> Found:
        """Look it up; raise `not-found` where there is none, or none that the caller may see."""

        def look() -> Found:
            with self.service.views.connect() as connection:
                return reading.find(connection, self.projection, self.key)

        found = await in_thread(look)
        if found.row is None or not self.caller.may_read(found.row["stream_id"]):
            raise Problem("not-found", headers={"Journey-Position": str(found.freshness.position)})
        return found

    async def answer(self, want: Wanted, wait: float) -> Response:
        """Answer now, or, with a tag that is still right, when there is news or `wait` seconds are over."""
        stale = await awaited(self.service.watch, self.projection.name, want)
        known = self.request.headers.get("if-none-match")
        deadline = asyncio.get_running_loop().time() + wait
        while True:
            found = await self.found()
            etag = self.etag(found)
            if known is None or not _matches(known, etag):
                return self._full(found, etag, stale=stale)
            remaining = deadline - asyncio.get_running_loop().time()
            if remaining <= 0:
                return Response(status_code=304, headers=self._headers(found, etag))
            await self.service.watch.changed(self.projection.name, found.freshness.position, remaining)

    def etag(self, found: Found) -> str:
        """Return the tag: other for other logic, another last event, another language, a parked customer."""
        row = found.row or {}
        parked = "-parked" if found.parked_at is not None else ""
        return f'"{found.freshness.version}-{row.get("position")}-{self.language}{parked}"'

    def body(self, found: Found) -> bytes:
        """Return the answer's bytes in the caller's language."""
        row: Mapping[str, Any] = found.row or {}
        text: str = row[f"body_{self.language}"]
        return text.encode()

    async def events(self, last_id: int | None) -> AsyncIterator[ServerSentEvent]:
        """Send the resource now, unless `last_id` shows that it is known, and again with each change."""
        while True:
            found = await self.found()
            position = (found.row or {}).get("position", 0)
            if last_id is None or position > last_id:
                last_id = position
                yield ServerSentEvent(raw_data=self.body(found).decode(), id=str(position), event="status")
            await self.service.watch.changed(
                self.projection.name, found.freshness.position, self.service.settings.max_wait
            )

    def _full(self, found: Found, etag: str, *, stale: bool) -> Response:
        body = self.body(found)
        if stale or found.parked_at is not None:
            body = orjson.dumps(with_stale(orjson.loads(body), stale=True))
        return Response(body, media_type="application/json", headers=self._headers(found, etag))

    def _headers(self, found: Found, etag: str) -> dict[str, str]:
        return {
            "ETag": etag,
            "Cache-Control": "private, no-cache",
            "Vary": "Accept-Language, Authorization",
            "Content-Language": CONTENT_LANGUAGE[self.language],
            **freshness_headers(self.request, found.freshness, found.parked_at),
        }


def _matches(known: str, etag: str) -> bool:
    return known.strip() == "*" or etag in (part.strip().removeprefix("W/") for part in known.split(","))
