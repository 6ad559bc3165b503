"""Connections of the server that nothing is connected to: what comes over them is handed to them."""

import asyncio
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from api.cli.known_heads import KnownHeads
from api.cli.listening import protocol_of
from api.cli.patience import Patience


class Transport:
    """What a connection writes to: nothing leaves it."""

    def __init__(self) -> None:
        self.written = b""
        self.closing = False

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.written += data

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Tell where the two ends are."""
        return {"peername": ("192.0.2.1", 50_000), "sockname": ("192.0.2.2", 80)}.get(name, default)

    def get_write_buffer_size(self) -> int:
        """Tell how much waits to leave."""
        return len(self.written)

    def is_closing(self) -> bool:
        """Tell whether it ends."""
        return self.closing

    def close(self) -> None:
        """End it: nothing comes over it any more."""
        self.closing = True

    abort = close

    def pause_reading(self) -> None:
        """Nothing is read from it anyway."""

    def resume_reading(self) -> None:
        """Nothing is read from it anyway."""


async def connected(
    application: Any, state: ServerState | None = None, heads: KnownHeads | None = None
) -> tuple[Any, Transport]:
    """Return a connection of a server and what it writes to."""
    patience = Patience(seconds=30, connections=10, connections_per_address=0)
    protocol = protocol_of(application, patience, heads or KnownHeads())
    config = uvicorn.Config(application, http=protocol, log_config=None)
    config.load()
    made: Any = config.http_protocol_class
    connection = made(config=config, server_state=state or ServerState(), app_state={})
    transport = Transport()
    connection.connection_made(transport)
    return connection, transport


async def settled() -> None:
    """Let everything happen that is ready."""
    for _ in range(10):
        await asyncio.sleep(0)
