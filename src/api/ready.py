"""Answers whose bytes are ready, with no more work for their headers than to write them down."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

_JSON: Final = (b"content-type", b"application/json")


class ReadyJSON(Response):
    """JSON that is written already, with headers whose names are in lower case."""

    def __init__(self, body: bytes, status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.body = body
        self.status_code = status_code
        self.background = None
        self.raw_headers = [(b"content-length", b"%d" % len(body)), _JSON]
        if headers:
            self.raw_headers += [
                (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
            ]
