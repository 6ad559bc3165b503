"""The headers of a request, looked up without a search through all of them each time."""

from collections.abc import Iterable
from functools import cached_property

from fastapi import Request
from starlette.types import Scope

from api.keys import digest

_KEPT = "journey.head"


class Shown(str):  # noqa: SLOT000  # it keeps its digest
    """The key or token that a request shows; an empty text where it shows none."""

    @cached_property
    def digest(self) -> bytes:
        """By what it is known without being kept."""
        return digest(self)


class Head(dict[bytes, bytes]):
    """The headers of a request by their names in lower case; of several with one name the first."""

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        super().__init__(reversed([*headers]))

    @cached_property
    def shown(self) -> Shown:
        """Who sends the request, as far as it says so."""
        scheme, _, credentials = self.get(b"authorization", b"").partition(b" ")
        return Shown(credentials.strip().decode("latin-1") if scheme.lower() == b"bearer" else "")


def head_of(request: Request) -> Head:
    """Return the headers of a request."""
    return head_in(request.scope)


def head_in(scope: Scope) -> Head:
    """Return the same of the scope of a request."""
    head: Head | None = scope.get(_KEPT)
    if head is None:
        head = scope[_KEPT] = Head(scope["headers"])
    return head
