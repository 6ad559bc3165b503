"""How events are sent: the content mode that the headers of a request tell, whatever their case."""

import re
from functools import lru_cache
from typing import Literal

from starlette.datastructures import Headers

from api.problems import Problem
from journey.words import Words

ContentMode = Literal["structured", "binary", "batched", "lines"]
"""The three modes of CloudEvents over HTTP, and newline-delimited events of any number."""

BATCHED = "application/cloudevents-batch+json"
STRUCTURED = "application/cloudevents+json"
JSON = "application/json"
LINES = "application/x-ndjson"

_PREFIX = b"ce-"
_CHARSET = re.compile(r';\s*charset\s*=\s*"?([^\s;"]*)', re.IGNORECASE)
_JSON = re.compile(r"(?:application/(?:[a-z0-9.-]+\+)?|text/)json")


def content_mode(headers: Headers) -> ContentMode:
    """Return the mode of a request.

    Raises `unsupported-content-type` where it is none of them, and `unsupported-encoding` for a body that is
    compressed or not in UTF-8.
    """
    content_type, attributes_in_headers = "", False
    for name, value in headers.raw:
        if name == b"content-type":
            content_type = content_type or value.decode("latin-1")
        elif name == b"content-encoding" and value.strip().lower() != b"identity":
            raise Problem("unsupported-encoding", headers={"Accept-Encoding": "identity"})
        elif name.startswith(_PREFIX):
            attributes_in_headers = True
    return _mode(content_type, attributes_in_headers=attributes_in_headers)


@lru_cache(maxsize=100)
def _mode(content_type: str, *, attributes_in_headers: bool) -> ContentMode:
    charset = _CHARSET.search(content_type)
    if charset and charset[1].lower() not in ("utf-8", "utf8", "us-ascii"):
        raise Problem("unsupported-encoding", extra={"supported": ["utf-8"]})
    media_type = content_type.partition(";")[0].strip().lower()
    # A structured event may repeat its attributes in headers, so its media type comes before them.
    if media_type == BATCHED:
        return "batched"
    if media_type == STRUCTURED:
        return "structured"
    if media_type == LINES:
        return "lines"
    if media_type.startswith("application/cloudevents"):
        raise _unsupported()
    # An event in headers that does not name the type of its data has JSON.
    if attributes_in_headers and (not media_type or _JSON.fullmatch(media_type)):
        return "binary"
    if media_type == JSON:
        return "structured"
    raise _unsupported()


def _unsupported() -> Problem:
    supported = [STRUCTURED, JSON, BATCHED, LINES]
    known = ", ".join(supported)
    detail = Words(
        f"The Content-Type is missing, or not supported here. Supported: {known}.",
        f"请求头 Content-Type 缺失或不受支持，支持的类型有：{known}。",
    )
    return Problem("unsupported-content-type", detail, extra={"supported": supported})
