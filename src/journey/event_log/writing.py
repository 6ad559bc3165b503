"""The log as the one writer of a process has it: awaited in its event loop, with no hop between threads."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from journey.errors import Unstorable
from journey.event_log.checking import checked, links_before
from journey.event_log.links import Head, Links, Place
from journey.event_log.rows import Entry, EventKey, Known, Row
from journey.events import Position, RecordedEvent, Version
from journey.sealing.data_keys import KeyName, WrappedKey


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The journey of a long stream at a version, so that loading it need not read the events before."""

    stream_id: str
    version: int
    state: bytes


@dataclass(frozen=True, slots=True)
class Sight:
    """What the log held at one look."""

    known: Mapping[EventKey, Known]
    """What is stored under the keys that were looked up."""
    snapshots: Sequence[Snapshot]
    events: Sequence[RecordedEvent]
    """What each stream holds after the version that is known of it, or after its snapshot, by version."""


class Newer(NamedTuple):
    """What streams hold after a version each, shortened by snapshots, by version."""

    snapshots: list[Snapshot]
    rows: list[Row]
    heads: dict[str, Head]
    """Where each of the streams ends."""


class WritingStore(Protocol):
    """What the two databases do for a writer, in rows."""

    works_beside: bool
    """Whether it writes while this process goes on: in a process of its own."""

    async def insert(
        self, entries: Sequence[Entry], links: Sequence[bytes], keys: Sequence[WrappedKey]
    ) -> Sequence[int]:
        """Write entries with links, event keys and cases in one transaction and return their positions.

        The keys of customers are stored no later than what they seal.
        """

    async def newer(self, streams: Mapping[str, int]) -> Newer:
        """Return what streams hold after a version each, shortened by snapshots, by version."""

    async def links(self, places: Collection[Place]) -> dict[Place, bytes | None]:
        """Return the links of events, by stream and version."""

    async def known(self, keys: Collection[EventKey]) -> list[tuple[EventKey, bytes, Row]]:
        """Return what is stored under event keys, with the digests of their contents."""

    async def data_keys(self, names: Collection[KeyName]) -> list[WrappedKey]:
        """Return every version of the keys of customers that exist."""

    async def owners(self, numbers: Collection[str]) -> dict[str, str]:
        """Return the streams that case numbers belong to."""

    async def take_turn(self) -> None:
        """Keep other writers from appending."""

    async def end_turn(self) -> None:
        """Let other writers append again."""

    async def keep(self, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of the stream's last one."""

    async def forget(self, stream_id: str) -> None:
        """Remove the snapshot of a stream."""

    def close(self) -> None:
        """Close what belongs to the writer."""


class LogWriter:
    """Appends to the log, and looks up what deciding needs; used in one event loop."""

    def __init__(self, store: WritingStore) -> None:
        self._store = store
        self.works_beside = store.works_beside
        """Whether the database writes while this process goes on."""
        self._links = Links()

    async def append(self, entries: Sequence[Entry], keys: Sequence[WrappedKey] = ()) -> list[Position]:
        """Commit all entries together, or none, with the new keys that they are sealed with.

        Returns their positions in order. Raises `AppendConflict` when a version, an event key, a case number
        or a customer's key is taken, or the epoch that wraps the keys has ended; `LogUnavailable` when it is
        certain that nothing was written; `KeysUnavailable` when that was because of the keys;
        `OutcomeUnknown` when it cannot be told; `Unstorable` when the database cannot hold a value, and again
        nothing was written.
        """
        if not entries:
            return []
        try:
            linked = self._links.of(entries)
            if linked.missing:
                found = await self._store.links(linked.missing)
                # An event that is not there has no link either: this append is one that the log refuses.
                self._links.learn(dict.fromkeys(linked.missing) | found)
                linked = self._links.of(entries)
        except UnicodeError as error:
            raise Unstorable from error
        positions = await self._store.insert(entries, linked.links, keys)
        self._links.see(linked.heads)
        return [Position(position) for position in positions]

    async def look(self, keys: Collection[EventKey], streams: Mapping[str, Version]) -> Sight:
        """Look up event keys, and what streams hold after the versions that are known of them.

        Streams are read before keys: an event that a stream shows is then found under its key too.
        """
        newer = await self._store.newer(streams) if streams else Newer([], [], {})
        heads = self._links.of_streams(streams)
        self._links.see(newer.heads)
        found = await self._store.known(keys) if keys else []
        rows = [*newer.rows, *(row for _, _, row in found)]
        before = links_before(rows, heads)
        links = await self._store.links(before.missing) if before.missing else {}
        events = checked(rows, before.completed(links))
        of_keys = zip(found, events[len(newer.rows) :], strict=True)
        return Sight(
            known={key: Known(digest, event) for (key, digest, _), event in of_keys},
            snapshots=newer.snapshots,
            events=events[: len(newer.rows)],
        )

    async def data_keys(self, names: Collection[KeyName]) -> list[WrappedKey]:
        """Return every version of the keys of customers that exist; raise `KeysUnavailable`."""
        return await self._store.data_keys(names)

    async def owners(self, numbers: Collection[str]) -> dict[str, str]:
        """Return the streams that case numbers belong to."""
        return await self._store.owners(numbers) if numbers else {}

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Keep other writers from appending while the block looks, decides and appends.

        Raises `LogUnavailable` when others do not end theirs in time.
        """
        await self._store.take_turn()
        try:
            yield
        finally:
            await self._store.end_turn()

    async def keep(self, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of the stream's last one."""
        await self._store.keep(snapshot)

    async def forget(self, stream_id: str) -> None:
        """Remove the snapshot of a stream, because it cannot be read."""
        await self._store.forget(stream_id)

    def close(self) -> None:
        """Close what belongs to the writer."""
        self._store.close()


def take_in(newer: Newer, found: Sequence[Any]) -> None:
    """Add rows that a database returned, by version: stream, version, type, state, position and link."""
    for stream_id, version, type_, state, position, link in found:
        if type_ is None:
            newer.snapshots.append(Snapshot(stream_id, version, state))
        else:
            newer.rows.append(Row(stream_id, version, type_, state, position, link))
        newer.heads[stream_id] = (version, link)
