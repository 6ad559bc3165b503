"""One resource of a read model as an answer: ready bytes, a strong tag, freshness, and waiting for news."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

import orjson
from fastapi import Header, Query, Request, Response
from fastapi.sse import ServerSentEvent

from api.caller import Caller
from api.freshness import Wanted, awaited, told_freshness
from api.languages import language_of, negotiate
from api.parameters import LARGEST_POSITION
from api.problems import Problem
from api.reader import reader_of
from api.ready import Ready
from api.revealing import revealed
from api.service import Service
from journey.words import Language
from projections import reading
from projections.reading import Found

Wait = Annotated[
    float, Query(ge=0, description="with `If-None-Match`: wait for news, this many seconds at most")
]
LastEventId = Annotated[
    int | None,
    Header(alias="Last-Event-ID", ge=0, le=LARGEST_POSITION, description="resume after this position"),
]

CONTENT_LANGUAGE: Mapping[Language, str] = {"en": "en", "zh": "zh-CN"}

_TAG = re.compile(r'"\d+-(\d{1,18})-[a-z]+(?:-own)?"', re.ASCII)
_NOTHING_KNOWN = -1
_SAME_IN_ALL: Mapping[Language, list[tuple[bytes, bytes]]] = {
    language: [
        (b"cache-control", b"private, no-cache"),
        (b"vary", b"Accept-Language, Authorization"),
        (b"content-language", CONTENT_LANGUAGE[language].encode()),
    ]
    for language in CONTENT_LANGUAGE
}


@dataclass(frozen=True, slots=True)
class Resource:
    """One row of a projection that somebody asks for."""

    request: Request
    service: Service
    caller: Caller
    projection: str
    """The name of the projection."""
    key: str
    language: Language
    """The language to answer in; what customers wrote is never put into another script."""

    async def seen(self, known: int = _NOTHING_KNOWN) -> Found:
        """Look it up; raise `not-found` where there is none, or none that the caller may see.

        Where the row still has the position `known`, its text is left out.
        """
        wanted = reading.Wanted(self.key, "state", known)
        found = await self.service.lookups.find(self.projection, wanted)
        if found.stream_id is None or not self.caller.may_read(found.stream_id):
            # Nothing tells what is another's from what is not there.
            absent = replace(found, parked_at=None)
            headers = {name.decode(): value.decode() for name, value in told_freshness(self.service, absent)}
            raise Problem("not-found", headers=headers)
        return found

    async def state(self) -> bytes:
        """Return what it says, sealed as it is stored."""
        return self._body(await self.seen(), stale=False)

    async def answer(self, want: Wanted, wait: float) -> Response:
        """Answer now, or, with a tag that is still right, when there is news or `wait` seconds are over."""
        stale = await awaited(self.service, self.projection, want) if want.position else False
        await self.service.keyring.notice()
        known = self.request.headers.get("if-none-match")
        if known is None:
            return self._whole(await self.seen(), stale=stale)
        deadline = asyncio.get_running_loop().time() + min(wait, self.service.settings.max_wait)
        while True:
            found = await self.seen(_position(known))
            etag = self._etag(found, stale=stale)
            if not _matches(known, etag):
                return self._whole(found if found.text is not None else await self.seen(), stale=stale)
            remaining = deadline - asyncio.get_running_loop().time()
            if remaining <= 0:
                return Ready(304, b"", self._headers(found, etag))
            await self.service.watch.changed(self.projection, found.freshness.position, remaining)

    async def events(self, last_id: int | None) -> AsyncIterator[ServerSentEvent]:
        """Send the resource now, unless `last_id` shows that it is known, and again with each change."""
        reader = reader_of(self.request, self.caller)
        while True:
            found = await self.seen()
            position = found.position or 0
            if last_id is None or position > last_id:
                last_id = position
                body = await revealed(self.service, reader, self._body(found, stale=False), self.language)
                yield ServerSentEvent(raw_data=body.decode(), id=str(position), event="status")
            await self.service.watch.changed(
                self.projection, found.freshness.position, self.service.settings.max_wait
            )

    def _whole(self, found: Found, *, stale: bool) -> Response:
        body = self._body(found, stale=stale)
        headers = self._headers(found, self._etag(found, stale=stale))
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        return Ready(200, body, headers)

    def _body(self, found: Found, *, stale: bool) -> bytes:
        answer = self.service.projections[self.projection].answer
        assert answer is not None  # noqa: S101  # a resource is a row with a state
        body = answer(found.text or "", self.language, self.caller.audience)
        if not stale and found.parked_at is None:
            return body
        return orjson.dumps({**orjson.loads(body), "stale": True})

    def _etag(self, found: Found, *, stale: bool) -> str:
        """Return the tag: another for other logic, event, language or audience, or a stale answer.

        Of a customer whose data was restricted or erased it is another too: what readers keep is wrong then.
        """
        marks = "" if self.caller.audience == "staff" else "-own"
        if found.stream_id is not None and (mark := self.service.keyring.mark(found.stream_id)) is not None:
            marks += f"-p{mark.change}" + ("-all" if "privacy:manage" in self.caller.scopes else "")
        marks += ("-parked" if found.parked_at is not None else "") + ("-stale" if stale else "")
        return f'"{found.freshness.version}-{found.position}-{self.language}{marks}"'

    def _headers(self, found: Found, etag: str) -> list[tuple[bytes, bytes]]:
        told = told_freshness(self.service, found)
        return [(b"etag", etag.encode()), *_SAME_IN_ALL[self.language], *told]


def language_for(request: Request) -> Language:
    """Return the language to answer a request in."""
    return language_of(negotiate(request.headers.get("accept-language")))


def _position(known: str) -> int:
    """Return the position that a tag tells, where it is one plain tag of ours."""
    tag = _TAG.fullmatch(known)
    return int(tag[1]) if tag else _NOTHING_KNOWN


def _matches(known: str, etag: str) -> bool:
    if known == etag:
        return True
    return known.strip() == "*" or etag in (part.strip().removeprefix("W/") for part in known.split(","))
