"""The headers of a request, looked up without a search through all of them each time."""

from collections.abc import Mapping
from typing import cast

from fastapi import Request

_KEPT = "journey.head"


def head_of(request: Request) -> Mapping[bytes, bytes]:
    """Return the headers of a request by their names in lower case; of several with one name the first."""
    head = request.scope.get(_KEPT)
    if head is None:
        head = request.scope[_KEPT] = dict(reversed(request.scope["headers"]))
    return cast("Mapping[bytes, bytes]", head)
