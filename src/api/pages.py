"""Pages of lists: limit, opaque cursor, and the way to the next page in the body and the `Link` header."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import orjson
from fastapi import Query, Request, Response

from api.field_errors import FieldError
from api.problems import Problem
from journey.words import Words

Limit = Annotated[int, Query(ge=1, le=500, description="at most this many items")]
Cursor = Annotated[str | None, Query(description="where the page begins: from `next` of the page before")]


def linked(items: Sequence[Any], following: str | None, headers: dict[str, str] | None = None) -> Response:
    """Answer with a page of a list; `following` is the address of the next, None on the last."""
    headers = dict(headers or {})
    if following is not None:
        headers["Link"] = f'<{following}>; rel="next"'
    return Response(
        orjson.dumps({"items": list(items), "next": following}),
        media_type="application/json",
        headers=headers,
    )


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
    held = parse_qs(urlsplit(cursor).query).get("cursor", [cursor])[0]
    try:
        place = orjson.loads(base64.urlsafe_b64decode(held + "=" * (-len(held) % 4)))
    except (ValueError, binascii.Error):
        place = None
    if not isinstance(place, list) or [type(part) for part in place] != list(kinds):
        detail = Words(
            "is no cursor of this list: take it from `next`", "不是本列表的游标：请使用 next 中的值"
        )
        raise Problem("invalid-parameter", errors=(FieldError("#/query/cursor", detail),))
    return place
