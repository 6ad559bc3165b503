"""Being told of appends on PostgreSQL: one connection that listens, in turn for all threads that wait."""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import psycopg


class Listener:
    """Waits for the notification that comes with each commit.

    Only one thread at a time has the connection: two that found none would both make one, and that of the
    slower would be left behind, open, for the garbage collector to complain of.
    """

    def __init__(self, conninfo: Mapping[str, Any]) -> None:
        """Connect when somebody waits."""
        self._conninfo = conninfo
        self._connection: psycopg.Connection[Any] | None = None
        self._turn = threading.Lock()
        self._closed = False

    def wait(self, timeout: float, is_late: Callable[[], bool]) -> None:
        """Return when any process has appended, or after `timeout` seconds.

        `is_late` tells whether there was an append before this began to listen.
        """
        deadline = time.monotonic() + timeout
        if not self._turn.acquire(timeout=timeout):
            return
        try:
            self._listen(deadline, is_late)
        except psycopg.Error:
            # Without the notification a projection is late by one poll, not wrong.
            self._drop()
            time.sleep(max(0.0, deadline - time.monotonic()))
        finally:
            self._turn.release()

    def close(self) -> None:
        """Close the connection, once nobody waits any more; none is made after that."""
        with self._turn:
            self._closed = True
            self._drop()

    def _listen(self, deadline: float, is_late: Callable[[], bool]) -> None:
        if self._closed:
            return
        if self._connection is None:
            self._connection = psycopg.connect(**self._conninfo, autocommit=True)
            self._connection.execute("LISTEN stored_events")
            if is_late():
                return
        remaining = max(0.0, deadline - time.monotonic())
        for _ in self._connection.notifies(timeout=remaining, stop_after=1):
            return

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
        self._connection = None
