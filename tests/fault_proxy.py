"""A proxy before PostgreSQL that cuts a connection at the worst moment; it listens on the loopback only."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

import sqlalchemy as sa

Moment = Literal["before", "during", "after"]
"""The statement never reaches the server; it just has, and no more is known; it is committed, unanswered."""

# What the server sends when a statement is over, and, outside a transaction block, committed.
_READY = b"Z\x00\x00\x00\x05I"
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Trap:
    """Which connection is to be cut next, and when."""

    moment: Moment
    marker: bytes
    """What its client sends in the statement that is not to be answered."""
    cut_off: bool
    """Whether the server cannot be reached at all from then on."""
    sprung: threading.Event = field(default_factory=threading.Event)


class FaultProxy:
    """Carries bytes between clients and a server's Unix socket, until a trap is sprung; a thread for each."""

    def __init__(self, server: str) -> None:
        """Listen on a free port for a server that listens on the socket file `server`."""
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._guard = threading.Lock()
        self._open: set[socket.socket] = set()
        self._trap: Trap | None = None
        self._reachable = True
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def trap(self, moment: Moment, marker: bytes, *, cut_off: bool = False) -> threading.Event:
        """Cut the next connection whose client sends `marker`; return what is set when that has happened."""
        trap = Trap(moment, marker, cut_off)
        with self._guard:
            self._trap = trap
        return trap.sprung

    def cut_off(self) -> None:
        """Cut every connection, and refuse new ones until `restore`."""
        with self._guard:
            self._reachable = False
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def restore(self) -> None:
        """Let clients through again."""
        with self._guard:
            self._reachable = True

    def close(self) -> None:
        """End everything."""
        self.cut_off()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            with self._guard:
                if not self._reachable:
                    return
                server.connect(self._server)
                self._open |= {client, server}
            try:
                self._carry(client, server)
            finally:
                with self._guard:
                    self._open -= {client, server}

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        unanswered: Trap | None = None
        withheld = b""
        while True:
            readable, _, _ = select.select([client, server], [], [])
            if client in readable:
                if not (data := client.recv(_CHUNK)):
                    return None
                trap = self._trapped(data)
                if trap is not None and trap.moment == "before":
                    return self._spring(trap)
                server.sendall(data)
                if trap is not None and trap.moment == "during":
                    return self._spring(trap)
                unanswered = trap or unanswered
            if server in readable:
                if not (data := server.recv(_CHUNK)):
                    return None
                if unanswered is None:
                    client.sendall(data)
                    continue
                withheld += data
                if _READY in withheld:
                    return self._spring(unanswered)

    def _trapped(self, data: bytes) -> Trap | None:
        with self._guard:
            trap = self._trap
            if trap is None or trap.marker not in data:
                return None
            self._trap = None
            return trap

    def _spring(self, trap: Trap) -> None:
        if trap.cut_off:
            self.cut_off()
        trap.sprung.set()


@contextmanager
def fault_proxy(database: str) -> Iterator[tuple[FaultProxy, str]]:
    """Stand before the server of a database URL; give the proxy, and the URL that leads through it."""
    url = sa.make_url(database)
    proxy = FaultProxy(f"{url.query['host']}/.s.PGSQL.{url.query.get('port', 5432)}")
    through = url.set(host="127.0.0.1", port=proxy.port, query={"sslmode": "disable"})
    try:
        yield proxy, through.render_as_string(hide_password=False)
    finally:
        proxy.close()
