"""Pages of lists: limit, opaque cursor, and the way to the next page in the body and the `Link` header."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from fastapi import Request, Response

from api.field_errors import FieldError
from api.parameters import LARGEST_POSITION
from api.problems import Problem
from journey.words import Words

_JSON = "application/json"
_LINES = "application/x-ndjson"


def linked(
    request: Request,
    items: Sequence[Any],
    following: str | None,
    headers: Mapping[str, str] | None = None,
    *,
    stale: bool = False,
) -> Response:
    """Answer with a page of a list; `following` is the address of the next, None on the last.

    As JSON, or, where `Accept` prefers it, with a line for each item.
    """
    media_type = _chosen(request.headers.get("accept"))
    complete = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization", **(headers or {})}
    if following is not None:
        complete["Link"] = f'<{following}>; rel="next"'
    if media_type == _LINES:
        body = b"".join(orjson.dumps(each) + b"\n" for each in items)
    else:
        flag = {"stale": True} if stale else {}
        body = orjson.dumps({"items": list(items), "next": following, **flag})
    return Response(body, media_type=media_type, headers=complete)


def following(request: Request, place: Sequence[Any]) -> str:
    """Return the address of the page that begins after `place`, with the same filters."""
    cursor = base64.urlsafe_b64encode(orjson.dumps(list(place))).decode().rstrip("=")
    url = request.url.include_query_params(cursor=cursor)
    return f"{url.path}?{url.query}"


def place_of(cursor: str | None, kinds: Sequence[type]) -> list[Any] | None:
    """Read a cursor, or the whole address that holds one; None is the beginning.

    Raises `invalid-parameter` for a cursor that the service did not make.
    """
    if cursor is None:
        return None
    held = parse_qs(urlsplit(cursor).query).get("cursor", [""])[0] if "?" in cursor else cursor
    try:
        place = orjson.loads(base64.urlsafe_b64decode(held + "=" * (-len(held) % 4)))
    except (ValueError, binascii.Error):
        place = None
    if not isinstance(place, list) or [type(part) for part in place] != list(kinds) or not _sound(place):
        detail = Words(
            "This is no cursor of this list: take it from next.", "不是本列表的游标，请使用 next 中的值。"
        )
        raise Problem("invalid-parameter", errors=(FieldError("#/query/cursor", detail),))
    return place


def _sound(place: Sequence[Any]) -> bool:
    return all(0 <= part <= LARGEST_POSITION if isinstance(part, int) else "\0" not in part for part in place)


def _chosen(accept: str | None) -> str:
    """Return the media type that suits `Accept` best; raise `not-acceptable` where none does."""
    if accept is None:
        return _JSON
    weights = {media_type: _weight(accept, media_type) for media_type in (_JSON, _LINES)}
    if not any(weights.values()):
        raise Problem("not-acceptable", extra={"supported": list(weights)})
    return max(weights, key=lambda media_type: weights[media_type])


def _weight(accept: str, media_type: str) -> float:
    """Return the weight of the most exact range that covers `media_type` (RFC 9110, section 12.5.1)."""
    ranges = {"*/*": 1, f"{media_type.partition('/')[0]}/*": 2, media_type: 3}
    best, weight = 0, 0.0
    for part in accept.lower().split(","):
        asked, *parameters = (piece.strip() for piece in part.split(";"))
        if ranges.get(asked, 0) > best:
            best, weight = ranges[asked], _quality(parameters)
    return weight


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0
