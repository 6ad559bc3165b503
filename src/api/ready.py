"""Answers whose bytes are ready, with no more work for their headers than to write them down.

A server may take such an answer in one piece instead of putting it together from two messages. It tells so by
an extension of ASGI, and takes a message of that name.
"""

from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Header = tuple[bytes, bytes]

WHOLE: Final = "http.response.whole"
"""The extension, and its one message: `status`, `headers` and `body` as in ASGI's own two."""
EXTENSIONS: Final[dict[str, dict[object, object]]] = {WHOLE: {}}
"""What a server tells an application that takes whole answers."""
_JSON: Final = (b"content-type", b"application/json")


class Ready(Response):
    """An answer with headers whose names are in lower case, of which one tells how long the body is."""

    def __init__(self, status_code: int, body: bytes, headers: list[Header]) -> None:
        """Take everything as it is: the framework would encode each header anew."""
        self.status_code = status_code
        self.body = body
        self.background = None
        self.raw_headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, in one piece where the server takes it so."""
        if WHOLE not in scope.get("extensions", ()):
            await super().__call__(scope, receive, send)
            return
        await send(
            {"type": WHOLE, "status": self.status_code, "headers": self.raw_headers, "body": self.body}
        )


def ready_json(body: bytes, status_code: int = 200, *headers: Header) -> Ready:
    """Return an answer of JSON that is written already."""
    return Ready(status_code, body, [(b"content-length", b"%d" % len(body)), _JSON, *headers])
