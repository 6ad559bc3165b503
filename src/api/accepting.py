"""The form of an answer: the media type that `Accept` prefers, of those that an address offers."""

import re
from collections.abc import Sequence

from fastapi import Request

from api.problems import Problem
from journey.words import Words

JSON = "application/json"
LINES = "application/x-ndjson"
CSV = "text/csv"
HTML = "text/html"

_WEIGHT = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


def chosen(request: Request, offered: Sequence[str]) -> str:
    """Return the offered media type that the request prefers, of equals the first.

    Raises `not-acceptable`, with all that is offered, where the request takes none of them.
    """
    accept = ",".join(request.headers.getlist("accept"))
    if not accept.strip(", "):
        return offered[0]
    weights = {media_type: _weight(accept.lower(), media_type) for media_type in offered}
    best = max(offered, key=lambda media_type: weights[media_type])
    if not weights[best]:
        known = ", ".join(offered)
        detail = Words(f"This address answers with {known}.", f"该地址可返回的格式有：{known}。")
        raise Problem("not-acceptable", detail, extra={"supported": list(offered)})
    return best


def _weight(accept: str, media_type: str) -> float:
    """Return the weight of the most exact range that covers `media_type` (RFC 9110, section 12.5.1)."""
    ranges = {"*/*": 1, f"{media_type.partition('/')[0]}/*": 2, media_type: 3}
    best, weight = 0, 0.0
    for part in accept.split(","):
        asked, *parameters = (piece.strip() for piece in part.split(";"))
        if ranges.get(asked, 0) > best:
            best, weight = ranges[asked], _quality(parameters)
    return weight


def _quality(parameters: Sequence[str]) -> float:
    told = next((parameter for parameter in parameters if parameter.startswith("q=")), "q=1")
    match = _WEIGHT.fullmatch(told)
    return float(match[1]) if match else 0.0
