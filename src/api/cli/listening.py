"""The place where a service is reached: its socket, and the server behind it."""

import asyncio
import errno
import socket
from contextlib import ExitStack

import uvicorn
from fastapi import FastAPI

from api.cli import signals, terminal, working
from api.cli.ending import ending_in_order
from api.cli.joined_writes import JoiningProtocol
from api.cli.speech import said
from journey.garbage import search_seldom

_CONCURRENCY = 1_000
"""How many requests are answered at once; more get 503. uvicorn itself would take any number."""
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


def listen(app: FastAPI, listener: socket.socket) -> None:
    """Answer requests until a signal ends the process; what is being answered then may go on for a while."""
    ending = asyncio.Event()
    config = uvicorn.Config(
        ending_in_order(app, ending),
        http=JoiningProtocol,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=_CONCURRENCY,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=65,
        proxy_headers=False,  # nothing asks for the address of a client, or for the scheme
    )
    _Server(config, ending).run(sockets=[listener])


class _Server(uvicorn.Server):
    """A server that tells where it answers once it does, and streams when it ends."""

    def __init__(self, config: uvicorn.Config, ending: asyncio.Event) -> None:
        super().__init__(config)
        self._ending = ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell it."""
        await super().startup(sockets=sockets)
        search_seldom()
        signals.released()
        if not working.is_worker():
            for listener in sockets or ():
                tell_address(listener)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let streams end, and what is being answered be answered."""
        self._ending.set()
        await super().shutdown(sockets=sockets)
