"""The writing side of the event log in a SQLite file: a thread waits for the disk, and does nothing else."""

import asyncio
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar

from journey.event_log.links import Place
from journey.event_log.rows import Entry, EventKey, Row
from journey.event_log.sqlite import SQLiteStore
from journey.event_log.sqlite_keys import KeyFile
from journey.event_log.writing import Newer, Snapshot
from journey.sealing.data_keys import KeyName, WrappedKey

_T = TypeVar("_T")

_SOON = 0.005
"""So long the loop waits for its thread to begin, at most: it may be reading something for somebody else."""


class SQLiteWriter:
    """Writes in the event loop, and lets a thread wait for the disk: for a commit, or to find something.

    A thread that wrote by itself would ask for the interpreter again after each statement, and get it from a
    busy loop after a while each time. One group is written at a time.
    """

    works_beside = False  # its thread and all others share one interpreter

    def __init__(self, store: SQLiteStore, keys: KeyFile) -> None:
        self._store, self._keys = store, keys
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log-writer")

    async def insert(
        self, entries: Sequence[Entry], links: Sequence[bytes], keys: Sequence[WrappedKey]
    ) -> Sequence[int]:
        """Write entries with links, event keys and cases in one transaction and return their positions.

        The keys of customers lie in another file, and are stored before: one that nothing needs does no harm.
        """
        if not self._store.turn.acquire(blocking=False):
            # The tree over the log is being written: the thread waits for that disk too.
            return await self._in_thread(lambda: self._insert(entries, links, keys))
        with ExitStack() as stack:
            stack.callback(self._store.turn.release)
            positions = stack.enter_context(self._store.inserting(entries, links))
            inserted = stack.pop_all()
        await self._begun_in_thread(lambda: self._commit(inserted, keys))
        return positions

    async def newer(self, streams: Mapping[str, int]) -> Newer:
        """Return what streams hold after a version each, shortened by snapshots, by version."""
        return await self._in_thread(lambda: self._store.newer(streams))

    async def links(self, places: Collection[Place]) -> dict[Place, bytes | None]:
        """Return the links of events, by stream and version."""
        return await self._in_thread(lambda: self._store.links(places))

    async def known(self, keys: Collection[EventKey]) -> list[tuple[EventKey, bytes, Row]]:
        """Return what is stored under event keys, with the digests of their contents."""
        return await self._in_thread(lambda: self._store.known(keys))

    async def data_keys(self, names: Collection[KeyName]) -> list[WrappedKey]:
        """Return every version of the keys of customers that exist."""
        return await self._in_thread(lambda: self._keys.of(names))

    async def owners(self, numbers: Collection[str]) -> dict[str, str]:
        """Return the streams that case numbers belong to."""
        return await self._in_thread(lambda: self._store.owners(numbers))

    async def take_turn(self) -> None:
        """Do nothing: nobody else writes."""

    async def end_turn(self) -> None:
        """Do nothing: nobody else writes."""

    async def keep(self, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of the stream's last one."""
        await self._in_thread(lambda: self._store.keep(snapshot))

    async def forget(self, stream_id: str) -> None:
        """Remove the snapshot of a stream."""
        await self._in_thread(lambda: self._store.forget(stream_id))

    def close(self) -> None:
        """End the thread, once what it is at is written."""
        self._thread.shutdown()
        self._keys.close()

    def _insert(
        self, entries: Sequence[Entry], links: Sequence[bytes], keys: Sequence[WrappedKey]
    ) -> Sequence[int]:
        with self._store.turn, self._store.inserting(entries, links) as positions:
            self._keys.add(keys)
        return positions

    def _commit(self, inserted: ExitStack, keys: Sequence[WrappedKey]) -> None:
        with inserted:
            self._keys.add(keys)

    async def _begun_in_thread(self, work: Callable[[], None]) -> None:
        # A thread gets the interpreter when the loop has nothing to do, so that the disk would begin when the
        # loop ends, and the loop then wait for the disk: it lets the thread begin, and goes on meanwhile.
        begun = threading.Event()

        def working() -> None:
            begun.set()
            work()

        working_on = asyncio.get_running_loop().run_in_executor(self._thread, working)
        begun.wait(_SOON)
        await asyncio.shield(working_on)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        # What has begun ends, whoever does not wait for it any more.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, work))
