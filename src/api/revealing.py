"""Opens sealed personal data where an answer leaves the service, for those who may read it, on record."""

import re
from collections.abc import Iterable
from typing import Any

import orjson
from fastapi import Request, Response

from api.caller import Caller
from api.languages import language_of, negotiate
from api.reader import Reader, reader_of
from api.service import Service, service_of
from journey.sealing.sealed_text import ERASED, Sealed, taken_apart, unseal
from journey.words import Language, Words

# A whole JSON string, or a part of one; a quote behind a backslash belongs to the text.
_SEALED_TEXT = re.compile(rb'(?<!\\)"cjs1\.([\w-]+)\.([\w-]+)"|cjs1\.([\w-]+)\.([\w-]+)')
_READERS = frozenset({"journeys:read", "cases:work", "status:read", "privacy:manage"})
"""Scopes that personal data is opened for."""
_CLOSED = object()
"""What is sealed to those who ask."""
_RESTRICTED = object()
"""What may not be used, and is told to nobody but those who manage privacy."""
_SHOWN = {
    id(ERASED): (b'{"erased":true}', Words("[erased]", "【已删除】")),
    id(_CLOSED): (b'{"sealed":true}', Words("[sealed]", "【已加密】")),
    id(_RESTRICTED): (b'{"restricted":true}', Words("[restricted]", "【已限制】")),
}
"""What stands for a value that is not told: alone, and within a text."""


async def finished(request: Request, results: list[Any]) -> Response:
    """Return the response, the last of `results`, opened for the caller among them."""
    response: Response = results[-1]
    if b"cjs1." not in getattr(response, "body", b""):
        return response
    caller = next((each for each in results if isinstance(each, Caller)), None)
    language = language_of(negotiate(request.headers.get("accept-language")))
    reader = reader_of(request, caller) if caller is not None else None
    response.body = await revealed(service_of(request), reader, bytes(response.body), language)
    response.raw_headers = [
        (name, b"%d" % len(response.body) if name == b"content-length" else value)
        for name, value in response.raw_headers
    ]
    return response


async def revealed(service: Service, reader: Reader | None, body: bytes, language: Language) -> bytes:
    """Return JSON with what is sealed in it opened, or marked as erased, or as sealed to this reader.

    What was opened is recorded before this returns. Raises `KeysUnavailable` where the keys cannot be had,
    `DamagedEvent` where something does not open, and `ReadsUnrecorded` where that cannot be recorded.
    """
    if b"cjs1." not in body:
        return body
    found = [taken_apart(each[1] or each[3], each[2] or each[4]) for each in _SEALED_TEXT.finditer(body)]
    keyring = service.keyring
    await keyring.notice()
    allowed = [each for each in found if _may_open(reader, each.place.stream_id)]
    shut = {each.place.stream_id for each in allowed if _is_shut(service, reader, each.place.stream_id)}
    readable = [each for each in allowed if each.place.stream_id not in shut]
    await keyring.load({each.name for each in readable})
    opened = {
        each: unseal(each, keyring.tenant, keyring.version(each.name, each.version)) for each in set(readable)
    }
    if reader is not None and opened:
        await service.recorder.record(reader.readings(_fields(opened)))
    opened |= {each: _RESTRICTED for each in allowed if each.place.stream_id in shut}
    told = iter(found)

    def tell(match: "re.Match[bytes]") -> bytes:
        return _told(opened.get(next(told), _CLOSED), language, whole=match[1] is not None)

    return _SEALED_TEXT.sub(tell, body)


def _may_open(reader: Reader | None, stream_id: str) -> bool:
    if reader is None or reader.caller.scopes.isdisjoint(_READERS):
        return False
    return reader.caller.may_read(stream_id)


def _is_shut(service: Service, reader: Reader | None, stream_id: str) -> bool:
    mark = service.keyring.mark(stream_id)
    if mark is None or not mark.restricted or reader is None:
        return False
    return "privacy:manage" not in reader.caller.scopes


def _fields(opened: dict[Sealed, Any]) -> Iterable[tuple[str, str]]:
    """Name what was opened, by customer; what is erased tells nobody anything."""
    for each, value in opened.items():
        if value is not ERASED:
            place = each.place
            yield place.stream_id, f"{place.type}.{place.field.partition('/')[0]}"


def _told(value: Any, language: Language, *, whole: bool) -> bytes:
    """Write a value: as JSON where it is a whole one, else as part of a JSON string."""
    if shown := _SHOWN.get(id(value)):
        return shown[0] if whole else shown[1].in_language(language).encode()
    if whole:
        return orjson.dumps(value)
    return orjson.dumps(value if isinstance(value, str) else str(value))[1:-1]
