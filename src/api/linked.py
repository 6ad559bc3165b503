"""A resource with what others tell about it: looked up when somebody asks, and part of its tag."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from api.resources import Resource
from api.threads import in_thread
from journey.words import Language
from projections.reading import Found

Links = Callable[[sa.Connection, str, Language], list[Mapping[str, Any]]]
"""Looks up what belongs to the case with a number."""


@dataclass(frozen=True, slots=True)
class _Joined(Found):
    """A row, with what others tell about it."""

    links: list[Mapping[str, Any]]


# Without slots, which would leave `super` with the class that they replace.
@dataclass(frozen=True)
class Linked(Resource):
    """A resource to which `member` adds what `links` finds for `number`.

    Its own row tells when there is news: who waits for that is told of new links with the next answer.
    """

    number: str
    member: str
    links: Links

    async def seen(self, known: int = -1) -> Found:
        """Look it up with its links."""
        found = await super().seen(known)

        def look() -> list[Mapping[str, Any]]:
            with self.service.views.connect() as connection:
                return self.links(connection, self.number, self.language)

        row = (found.freshness, found.unseen_since, found.stream_id, found.position)
        return _Joined(*row, found.text, found.parked_at, await in_thread(look))

    def _body(self, found: Found, *, stale: bool) -> bytes:
        body = super()._body(found, stale=stale)
        links = found.links if isinstance(found, _Joined) else []
        return orjson.dumps({**orjson.loads(body), self.member: links})

    def _etag(self, found: Found, *, stale: bool) -> str:
        tag = super()._etag(found, stale=stale)
        if not isinstance(found, _Joined) or not found.links:
            return tag
        return f'{tag[:-1]}-{zlib.crc32(orjson.dumps(found.links)):08x}"'
