"""The headers of a request, looked up without a search through all of them each time."""

from collections.abc import Mapping
from typing import cast

from fastapi import Request
from starlette.types import Scope

_KEPT = "journey.head"


def head_of(request: Request) -> Mapping[bytes, bytes]:
    """Return the headers of a request by their names in lower case; of several with one name the first."""
    return head_in(request.scope)


def head_in(scope: Scope) -> Mapping[bytes, bytes]:
    """Return the same of the scope of a request."""
    head = scope.get(_KEPT)
    if head is None:
        head = scope[_KEPT] = dict(reversed(scope["headers"]))
    return cast("Mapping[bytes, bytes]", head)
