"""The server's HTTP protocol, with limits where uvicorn has none: of heads, of time, of connections."""

import asyncio
from functools import partial
from typing import Any
from urllib.parse import unquote

from httptools import parse_url

from api.answering import Application
from api.cli.curt_answers import too_busy
from api.cli.exchange import Exchange
from api.cli.known_heads import KnownHead, KnownHeads
from api.cli.turns import Turns
from api.cli.watched_connection import WatchedConnection
from api.problem_texts import ProblemCode
from api.ready import EXTENSIONS
from api.sound_posts import Posted

MAX_HEAD_BYTES = 16 * 1024
"""How large the head of a request may be: its address, its headers."""
MAX_HEADERS = 100
"""How many headers a request may have."""
MAX_PIPELINED = 32
"""How many requests may wait on one connection for the answer to the one before."""


class _HeadRefused(Exception):
    """The head of a request is larger than it may be; the parser carries this out of its callback."""


class Connection(WatchedConnection):
    """One connection of a client, and the requests that come over it."""

    def __init__(
        self, *settings: Any, turns: Turns, heads: KnownHeads, application: Application, **named: Any
    ) -> None:
        super().__init__(*settings, **named)
        self._heads = heads
        self._turns = turns
        self._unread = False
        """Whether the next request waits for answers to be read."""
        self._application = application
        self._held: Exchange | None = None
        """A request that may be there as a whole when all that has come is read."""
        self._fault: ProblemCode = "malformed-request"

    def data_received(self, data: bytes) -> None:
        """Take a piece, unless nothing but head has come for too long."""
        self._heard += len(data)
        rests = self._rests()
        if rests and (known := self._heads.find(data)) and not self._patience.busy(len(self.tasks)):
            self._take(known, data)
            return
        super().data_received(data)
        if (exchange := self._held) is not None:
            self._held = None
            if self._begin(exchange) and rests and exchange.keep_alive:
                self._heads.learn(data, exchange.scope)
        if self._heard - self._used > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse("head-too-large")

    def on_headers_complete(self) -> None:
        """Begin with a request."""
        headers = self.headers
        if len(headers) > MAX_HEADERS or (self._heard - self._used > MAX_HEAD_BYTES and self._too_large()):
            self._fault = "head-too-large"
            raise _HeadRefused
        if len(self.pipeline) >= MAX_PIPELINED:
            raise _HeadRefused
        self._used = self._heard
        app: Any = too_busy if self._patience.busy(len(self.tasks)) else self.app
        keep_alive = self._described()
        before, self.cycle = self._last, self._exchange(keep_alive=keep_alive)
        # What follows a chunked body is no header of the request, which may be under way by now.
        self.headers = []
        if before is not None and not before.response_complete:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, app))
        elif app is self.app and self.scope["method"] == "POST":
            self._held = self.cycle
        else:
            self._start_asgi_task(self.cycle, app)

    def _described(self) -> bool:
        """Complete the scope of a request whose head is there; tell whether others may follow."""
        scope, version = self.scope, self.parser.get_http_version()
        url = parse_url(self.url)
        path = url.path.decode("ascii")
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = version
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = url.path
        scope["query_string"] = url.query or b""
        scope["extensions"] = EXTENSIONS
        return version != "1.0" and bool(self.parser.should_keep_alive())

    def _exchange(self, *, keep_alive: bool) -> Exchange:
        """Return what answers the request."""
        return Exchange(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._used = self._heard
        super().on_body(body)
        # What is still sent of a body that was refused is thrown away, but not at the cost of others.
        if self.cycle.response_complete and not self.flow.read_paused:
            self.flow.pause_reading()
            self._turns.wait(self._read_on)

    def on_response_complete(self) -> None:
        """Go on to the next request; `Patience` closes a connection that none comes over."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._turns.wait(self._begin_next)

    def resume_writing(self) -> None:
        """Go on with who reads on."""
        super().resume_writing()
        if self._unread:
            self._unread = False
            self._turns.wait(self._begin_next)

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read; the name is the server's."""
        del msg
        self._refuse(self._fault)

    def _rests(self) -> bool:
        """Tell whether all that came so far has been read and answered."""
        cycle = self._last
        # Of a head that is coming there is a scope already.
        return (
            cycle is not None
            and cycle.response_complete
            and not cycle.more_body
            and self.scope is cycle.scope
        )

    def _take(self, known: KnownHead, data: bytes) -> None:
        """Begin with a whole request whose head is known."""
        self._used = self._heard
        own = {"server": self.server, "client": self.client, "scheme": self.scheme}
        self.scope = {**known.scope, **own, "state": self.app_state.copy()}
        self.headers, self.expect_100_continue = [], False
        self.cycle = exchange = self._exchange(keep_alive=True)
        exchange.hold(data[known.body :])
        self._begin(exchange)

    def _begin(self, exchange: Exchange) -> bool:
        """Begin with a request: at once where it is whole, and the application takes it so."""
        posted = None
        # Who does not read the answers gets the next one the longer way, which waits for that.
        if not (exchange.more_body or self.flow.write_paused):
            posted = self._application.at_once(exchange.scope, bytes(exchange.body))
        if posted is None:
            self._start_asgi_task(exchange, self.app)
            return False
        # The server waits for what is under way here as it does for tasks.
        under_way: Any = posted.outcomes
        self.tasks.add(under_way)
        under_way.add_done_callback(partial(self._tell, exchange, posted))
        return True

    def _tell(self, exchange: Exchange, posted: Posted, done: Any) -> None:
        self.tasks.discard(done)
        answer = self._application.told(posted)
        exchange.tell(answer.status_code, answer.raw_headers, bytes(answer.body))

    def _read_on(self) -> None:
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def _begin_next(self) -> None:
        if self.transport.is_closing():
            return
        if self.flow.write_paused:
            self._unread = True
        else:
            self._start_asgi_task(*self.pipeline.pop())

    def _too_large(self) -> bool:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD_BYTES
