"""The place where a service is reached: its socket, and the server behind it."""

import asyncio
import errno
import resource
import socket
import sys
import time
from contextlib import ExitStack
from functools import partial
from typing import Any

import uvicorn

from api.answering import Application
from api.cli import signals, terminal, working
from api.cli.connection import Connection
from api.cli.ending import ending_in_order
from api.cli.known_heads import KnownHeads
from api.cli.patience import Patience
from api.cli.speech import said
from api.cli.turns import Turns
from journey.garbage import search_seldom
from journey.settings import Settings

_FILES = 250
"""How many files the service may have open beside the connections of its clients."""
_SWITCH = 0.001
"""Seconds for which one thread may keep the interpreter from others that wait for it.

A commit on SQLite goes through a thread, and waits so long several times while the loop is busy.
"""
_GRACE = 5
"""Seconds that open requests may go on after the service was told to stop: less than containers grant it."""


def bound(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Return a socket at an address, not listening yet; end the command where it is not to be had.

    Where several processes share the address, the system deals the connections out to those that listen.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with ExitStack() as until_bound:
            listener = until_bound.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind(address)
            until_bound.pop_all()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            terminal.fail(
                said(
                    f"Port {port} is taken. Choose another with --port, or end the process that has it.",
                    f"端口 {port} 已被占用。请用 --port 换一个端口，或停止占用它的进程。",
                )
            )
        terminal.fail(
            said(
                f"Cannot listen on {host}:{port}: {error.strerror}. Choose others with --host and --port.",
                f"无法监听 {host}:{port}：{error.strerror}。请用 --host、--port 指定其他地址。",
            )
        )
    return listener


def tell_address(listener: socket.socket) -> None:
    """Tell where the service answers."""
    host, port = listener.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    terminal.note(
        said(
            f"Serving at {url}; its interface: {url}/openapi.json; Ctrl-C ends it.",
            f"服务已启动：{url}；接口说明：{url}/openapi.json；按 Ctrl-C 停止。",
        )
    )


def listen(app: Application, listener: socket.socket, settings: Settings) -> None:
    """Answer requests until a signal ends the process; what is being answered then may go on for a while."""
    ending = asyncio.Event()
    patience = Patience(
        settings.client_timeout,
        _room_for(settings.max_connections),
        settings.max_connections_per_address,
    )
    heads = KnownHeads()
    config = uvicorn.Config(
        ending_in_order(app, ending),
        http=protocol_of(app, patience, heads),
        ws="none",
        log_config=None,  # its lines go the way of all others
        log_level="error",  # it would warn of each request that is none: as often as somebody likes
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
        proxy_headers=False,  # nothing trusts what a header says of the client, or of the scheme
    )
    Listener(config, ending, patience, heads).run(sockets=[listener])


def protocol_of(app: Application, patience: Patience, heads: KnownHeads) -> Any:
    """Return what makes a connection; all that the server does to it is to call it."""
    return partial(Connection, application=app, patience=patience, turns=Turns(), heads=heads)


def _room_for(connections: int) -> int:
    """Allow the process so many connections; return how many the system lets it have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return connections if soft == resource.RLIM_INFINITY else max(1, min(connections, soft - _FILES))


class Listener(uvicorn.Server):
    """A server that tells where it answers once it does, streams when it ends, and slow clients to go."""

    def __init__(
        self, config: uvicorn.Config, ending: asyncio.Event, patience: Patience, heads: KnownHeads
    ) -> None:
        super().__init__(config)
        self._ending = ending
        self._patience = patience
        self._heads = heads

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell it."""
        await super().startup(sockets=sockets)
        search_seldom()
        sys.setswitchinterval(_SWITCH)
        signals.released()
        if not working.is_worker():
            for listener in sockets or ():
                tell_address(listener)

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections once a second; the server calls it ten times as often."""
        if counter % 10 == 0:
            self._heads.forget()
            connections: Any = self.server_state.connections
            await self._patience.look(connections, time.monotonic())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let streams end, and what is being answered be answered."""
        self._ending.set()
        await super().shutdown(sockets=sockets)
