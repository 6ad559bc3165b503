"""Pages of lists: limit, opaque cursor, and the way to the next page in the body and the `Link` header."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from fastapi import Request, Response

from api.accepting import CSV, JSON, LINES, chosen
from api.field_errors import FieldError
from api.parameters import LARGEST_POSITION
from api.problems import Problem
from api.rendering import Rendered
from api.tables import as_csv, columns_of
from journey.words import Words


def linked(
    request: Request,
    items: Sequence[Any],
    following: str | None,
    headers: Mapping[str, str] | None = None,
    *,
    stale: bool = False,
    table: str | None = None,
) -> Response:
    """Answer with a page of a list; `following` is the address of the next, None on the last.

    As JSON, or, where `Accept` prefers it, with a line for each item, or as CSV where the list is a `table`:
    the name of its component in the description.
    """
    media_type = chosen(request, (JSON, LINES) if table is None else (JSON, LINES, CSV))
    complete = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization", **(headers or {})}
    if following is not None:
        complete["Link"] = f'<{following}>; rel="next"'
    if media_type == JSON:
        flag = {"stale": True} if stale else {}
        body = orjson.dumps({"items": list(items), "next": following, **flag})
        return Response(body, media_type=JSON, headers=complete)
    lines = b"".join(orjson.dumps(each) + b"\n" for each in items)
    if media_type == LINES or table is None:
        return Response(lines, media_type=LINES, headers=complete)
    # Named after the list alone: a customer's id has no place in the name of a file.
    complete["Content-Disposition"] = f'attachment; filename="{table.lower()}.csv"'
    return Rendered(lines, partial(as_csv, columns_of(table)), CSV, complete)


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
