"""Answers leave by one system call each: the server writes head and body, the system sees both at once."""

import asyncio
from typing import Any


class Joining:
    """A transport that keeps what is written until the event loop has run everything that is ready."""

    __slots__ = ("_loop", "_parts", "_transport", "written")

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._parts: list[bytes] = []
        self.written = 0
        """How many bytes were handed on, whether they have left already or not."""

    def write(self, data: bytes) -> None:
        """Write soon."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def write_whole(self, data: bytes) -> None:
        """Write now, where nothing is kept: all of an answer is there, and nothing to be joined with it."""
        if self._parts:
            self._parts.append(data)
        elif not self._transport.is_closing():
            self.written += len(data)
            self._transport.write(data)

    def close(self) -> None:
        """Write what is kept, and close."""
        self._flush()
        self._transport.close()

    def set_protocol(self, protocol: Any) -> None:
        """Write what is kept, and go on with another protocol."""
        self._flush()
        self._transport.set_protocol(protocol)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _flush(self) -> None:
        if self._parts:
            data = b"".join(self._parts)
            self._parts.clear()
            # Whoever has gone meanwhile gets nothing, and the transport would call it an error.
            if not self._transport.is_closing():
                self.written += len(data)
                self._transport.write(data)
