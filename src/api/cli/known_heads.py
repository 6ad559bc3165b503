"""Heads of requests that came before: the same bytes mean the same, and need not be taken apart again.

A system that posts events sends the same head with each, but for the length of the body.
"""

from typing import NamedTuple

from starlette.types import Scope

from api.heads import head_in

_END = b"\r\n\r\n"
_MOST = 500
_COMMON = (
    *("type", "asgi", "http_version", "method", "root_path", "path", "raw_path", "query_string"),
    "extensions",
)
"""What of a scope depends on nothing but the head, and the server."""
_FURTHER = (b"transfer-encoding", b"expect", b"upgrade")
"""Headers of requests that are more than a head and so many bytes behind it."""


class KnownHead(NamedTuple):
    """What the head of a request says."""

    scope: Scope
    """All of a request's but what belongs to its connection."""
    body: int
    """Where the body begins."""
    end: int
    """Where the body ends."""


class KnownHeads:
    """Remembers heads for a moment, as they show keys: of requests that were taken at once."""

    def __init__(self) -> None:
        self._known: dict[bytes, KnownHead] = {}

    def find(self, data: bytes) -> KnownHead | None:
        """Return the head of what is one whole request; None where it is not, or its head is not known."""
        known = self._known.get(data[: data.find(_END)])
        return known if known is not None and known.end == len(data) else None

    def learn(self, data: bytes, scope: Scope) -> None:
        """Remember the head of `data`, which the parser found to begin with this request."""
        body = data.find(_END) + len(_END)
        head, length = head_in(scope), b"%d" % (len(data) - body)
        if head.get(b"content-length") != length or not head.keys().isdisjoint(_FURTHER):
            return
        if len(self._known) >= _MOST:
            self.forget()
        common = {name: scope[name] for name in _COMMON} | {"headers": tuple(scope["headers"])}
        head_in(common)
        self._known[data[: body - len(_END)]] = KnownHead(common, body, len(data))

    def forget(self) -> None:
        """Forget them all."""
        self._known.clear()
