"""One request over a connection, and its answer, which the application may give in one piece."""

from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from api.ready import WHOLE, Header


class Exchange(RequestResponseCycle):
    """A request and its answer, as an application sees them."""

    scope: Any
    transport: Any
    """What joins writes."""

    def hold(self, body: bytes) -> None:
        """Take the whole body."""
        self.body += body
        self.more_body = False
        self.message_event.set()

    async def send(self, message: Any) -> None:
        """Send what the application tells; a whole answer too."""
        if message["type"] != WHOLE:
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        self.tell(message["status"], message["headers"], message["body"])

    def tell(self, status: int, headers: Iterable[Header], body: bytes) -> None:
        """Answer in one piece; where the client has gone, the transport throws it away.

        The names of the headers are in lower case, and nothing in them needs a look: they are ours.
        """
        lines = [STATUS_LINE[status]]
        for name, value in self.default_headers:
            lines += (name, b": ", value, b"\r\n")
        for name, value in headers:
            lines += (name, b": ", value, b"\r\n")
        lines += (b"\r\n", body) if self.keep_alive else (b"connection: close\r\n\r\n", body)
        self.transport.write_whole(b"".join(lines))
        self.response_started = self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
