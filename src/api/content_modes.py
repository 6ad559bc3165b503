"""How events are sent: the content mode that the headers of a request tell, whatever their case."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from api.problems import Problem
from journey.words import Words

ContentMode = Literal["structured", "binary", "batched", "lines"]
"""The three modes of CloudEvents over HTTP, and newline-delimited events of any number."""

BATCHED = "application/cloudevents-batch+json"
STRUCTURED = "application/cloudevents+json"
JSON = "application/json"
LINES = "application/x-ndjson"

_OF_CLOUDEVENTS: Mapping[str, ContentMode] = {BATCHED: "batched", STRUCTURED: "structured", LINES: "lines"}
_PREFIX = b"ce-"
_CHARSET = re.compile(r';\s*charset\s*=\s*"?([^\s;"]*)', re.IGNORECASE)
_JSON = re.compile(r"(?:application/(?:[a-z0-9.-]+\+)?|text/)json")


def content_mode(head: Mapping[bytes, bytes]) -> ContentMode:
    """Return the mode of a request.

    Raises `unsupported-content-type` where it is none of them, and `unsupported-encoding` for a body that is
    compressed or not in UTF-8.
    """
    if head.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise Problem("unsupported-encoding", headers={"Accept-Encoding": "identity"})
    plain, with_attributes = _modes_of(head.get(b"content-type", b"").decode("latin-1"))
    attributes_in_headers = plain != with_attributes and any(name.startswith(_PREFIX) for name in head)
    mode = with_attributes if attributes_in_headers else plain
    if mode is None:
        raise _unsupported()
    return mode


@lru_cache(maxsize=100)
def _modes_of(content_type: str) -> tuple[ContentMode | None, ContentMode | None]:
    """Return the modes that a media type tells, without attributes of an event in headers and with them."""
    charset = _CHARSET.search(content_type)
    if charset and charset[1].lower() not in ("utf-8", "utf8", "us-ascii"):
        raise Problem("unsupported-encoding", extra={"supported": ["utf-8"]})
    media_type = content_type.partition(";")[0].strip().lower()
    # A structured event may repeat its attributes in headers, so its media type comes before them.
    if (mode := _OF_CLOUDEVENTS.get(media_type)) is not None:
        return mode, mode
    if media_type.startswith("application/cloudevents"):
        return None, None
    # An event in headers that does not name the type of its data has JSON.
    return (
        "structured" if media_type == JSON else None,
        "binary" if not media_type or _JSON.fullmatch(media_type) else None,
    )


def _unsupported() -> Problem:
    supported = [STRUCTURED, JSON, BATCHED, LINES]
    known = ", ".join(supported)
    detail = Words(
        f"The Content-Type is missing, or not supported here. Supported: {known}.",
        f"请求头 Content-Type 缺失或不受支持，支持的类型有：{known}。",
    )
    return Problem("unsupported-content-type", detail, extra={"supported": supported})
