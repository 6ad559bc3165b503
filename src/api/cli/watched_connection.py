"""A connection as those see it who look after all of them: what it waits for, and since when."""

import socket
import struct
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.cli.curt_answers import curt_answer, tag_of
from api.cli.joined_writes import Joining
from api.cli.patience import Awaited, Mark, Patience
from api.languages import DEFAULT
from api.problem_texts import ProblemCode

_AT_ONCE = struct.pack("ii", 1, 0)
"""What makes the system throw away what it has still to send over a socket that is closed."""


class WatchedConnection(HttpToolsProtocol):
    """A connection of a client who is not waited for without an end.

    What is counted here is looked at once a second by `Patience`: no request starts a timer.
    """

    scope: Any
    """Of the request that came last, or is coming."""

    def __init__(self, *settings: Any, patience: Patience, **named: Any) -> None:
        super().__init__(*settings, **named)
        self._patience = patience
        self._joining: Joining | None = None
        self._heard = 0
        self._used = 0
        """How much of what was heard was of use: it ends in a whole head or in a piece of a body."""
        self.mark: Mark | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin with a new connection, unless there are too many."""
        self._joining = Joining(transport)
        super().connection_made(cast("Any", self._joining))  # it does all that transports do
        if not self._patience.admits(self, len(self.connections)):
            self._refuse("connection-limit")

    def connection_lost(self, exc: Exception | None) -> None:
        """End with the connection."""
        self._patience.forget(self)
        super().connection_lost(exc)

    @property
    def address(self) -> str | None:
        """The address of the client."""
        return self.client[0] if self.client else None

    @property
    def message(self) -> object:
        """What stands for the request that came last, or is coming."""
        return self.scope

    @property
    def moved(self) -> int:
        """How many bytes have gone over the connection, in both directions."""
        written = self._joining.written if self._joining else 0
        return self._heard + written - self.transport.get_write_buffer_size()

    def awaits(self) -> Awaited | None:
        """Tell what the client is to do; None where the service itself is to do something."""
        cycle = self._last
        # Who sends on may read later: many send all before they read anything.
        sending = cycle is not None and not cycle.response_complete and cycle.more_body
        if self.transport.get_write_buffer_size():
            return None if sending and self.flow.read_paused else "reading"
        if cycle is None or cycle.response_complete:
            return "next" if cycle is not None and self.scope is cycle.scope else "head"
        taken = not (cycle.body or self.flow.read_paused or self.pipeline)
        return "body" if sending and taken else None

    def cut(self, awaited: Awaited) -> None:
        """End the connection: the client has not done what it was to do."""
        if awaited == "reading":
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self.transport.abort()
        elif awaited == "next" or (awaited == "head" and self._heard == self._used):
            self.transport.close()
        else:
            self._refuse("request-timeout")

    def _refuse(self, code: ProblemCode) -> None:
        """Answer what cannot become a request, and close; an answer that is owed already is given first."""
        cycle = self._last
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:
                self.flow.pause_reading()
                cycle.keep_alive = False
                return
            cycle.disconnected = True
            if cycle.response_started or self.pipeline:
                self.transport.abort()
                return
        tag = tag_of(self.scope["headers"]) if self.scope else DEFAULT
        self.transport.write(curt_answer(code, tag, self.server_state.default_headers))
        self.transport.close()

    @property
    def _last(self) -> RequestResponseCycle | None:
        """The request whose head came last; none yet on a new connection."""
        return self.cycle
