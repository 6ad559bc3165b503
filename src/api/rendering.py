"""Answers in other forms than JSON: written when they are sent, because personal data is opened in JSON."""

from collections.abc import Callable, Mapping

from fastapi import Response
from starlette.types import Receive, Scope, Send

from api.threads import in_thread


class Rendered(Response):
    """An answer whose body is JSON until it is sent, and then what `render` makes of it."""

    def __init__(
        self, body: bytes, render: Callable[[bytes], bytes], media_type: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(body, media_type=media_type, headers=headers)
        self._render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write the body, and send it."""
        self.body = await in_thread(lambda: self._render(bytes(self.body)))
        kept = [header for header in self.raw_headers if header[0] != b"content-length"]
        self.raw_headers = [*kept, (b"content-length", b"%d" % len(self.body))]
        await super().__call__(scope, receive, send)
