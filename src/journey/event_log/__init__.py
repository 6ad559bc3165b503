"""The event log on one page: read it, and its writer; and the only package that imports `eventsourcing`.

Its words (originator, notification, topic) stop at this package. Both stores (`sqlite`, `postgres`) pass one
contract test.
"""

from collections.abc import Collection, Iterator, MutableMapping, Sequence
from typing import Protocol

from journey.event_log.checking import checked, links_before
from journey.event_log.links import Head, Place
from journey.event_log.rows import Entry, EventKey, Known, Row, entry
from journey.event_log.tree_tables import Batch, TreeTables
from journey.event_log.writing import LogWriter, Newer, Sight, Snapshot, WritingStore
from journey.events import Position, RecordedEvent, Version
from journey.settings import Settings
from journey.storage import Storage

__all__ = [
    "Batch",
    "Entry",
    "EventKey",
    "EventLog",
    "Head",
    "Known",
    "LogWriter",
    "Newer",
    "Row",
    "Sight",
    "Snapshot",
    "Store",
    "TreeTables",
    "entry",
    "open_event_log",
]

_NEW = Version(0)
_BEGINNING = Position(0)
_LAST = 2**63 - 1
"""A version that no event has."""


class Store(Protocol):
    """What the two databases do for readers, in rows; from any thread."""

    def stream(self, stream_id: str, after: int, limit: int) -> list[Row]:
        """Return events of one stream with a version greater than `after`."""

    def page(self, after: int, limit: int) -> list[Row]:
        """Return events with a position greater than `after`, by position."""

    def by_stream(self, after: tuple[str, int], limit: int, until: str | None = None) -> list[Row]:
        """Return events that come after a stream's version, by stream and version; of none after `until`."""

    def stream_at(self, after: str, skipped: int) -> str | None:
        """Return the stream of the event that comes so many events after all of a stream's."""

    def known(self, keys: Collection[EventKey]) -> list[tuple[EventKey, bytes, Row]]:
        """Return what is stored under event keys, with the digests of their contents."""

    def owners(self, numbers: Collection[str]) -> dict[str, str]:
        """Return the streams that case numbers belong to."""

    def links(self, places: Collection[Place]) -> dict[Place, bytes | None]:
        """Return the links of events, by stream and version."""

    def tree(self) -> TreeTables:
        """Return the tables of the tree over the log."""

    def touched(self, types: Collection[str], after: int, until: int) -> list[tuple[str, int]]:
        """Return the streams with events of some types at positions after one, up to another, with these."""

    def head(self) -> int:
        """Return the last position, 0 for an empty log."""

    def wait(self, after: int, timeout: float) -> None:
        """Return when there may be an event after a position, or after `timeout` seconds."""

    def writing(self) -> WritingStore:
        """Return the side that writes."""

    def close(self) -> None:
        """Close every connection."""


class EventLog:
    """Every event of every customer, in the order in which they were committed.

    Whatever is read was compared with its link: an event that is not what was appended is told as damaged.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.writer = LogWriter(store.writing())
        """Appends; there is one in each process that writes, in its event loop."""
        self.tree = store.tree()
        """What is kept of the tree over the log."""
        self._heads: dict[str, Head] = {}

    def read_stream(
        self, stream_id: str, after: Version = _NEW, limit: int = 1_000_000
    ) -> list[RecordedEvent]:
        """Return the events of one stream with a version greater than `after`."""
        return self._checked(self._store.stream(stream_id, after, limit), {})

    def read_all(self, after: Position = _BEGINNING, limit: int = 1_000) -> list[RecordedEvent]:
        """Return at most `limit` events with a position greater than `after`, in the order of positions.

        No event ever appears later at a position that was already passed.
        """
        return self._checked(self._store.page(after, limit), self._heads)

    def read_by_stream(
        self, page: int = 5_000, *, after: str = "", until: str | None = None
    ) -> Iterator[RecordedEvent]:
        """Go through the log stream by stream, in constant memory: those after `after`, up to `until`."""
        last, heads = (after, _LAST), dict[str, Head]()
        while rows := self._store.by_stream(last, page, until):
            yield from self._checked(rows, heads)
            last = (rows[-1].stream_id, rows[-1].version)
            heads = {last[0]: heads[last[0]]}

    def cut(self, events: int) -> Iterator[str]:
        """Name the streams that end parts of about so many events each, in the order of their ids."""
        end = self._store.stream_at("", events)
        while end is not None:
            yield end
            end = self._store.stream_at(end, events)

    def find(self, keys: Collection[EventKey]) -> dict[EventKey, Known]:
        """Return what the log holds under event keys."""
        found = self._store.known(keys)
        events = self._checked([row for _, _, row in found], {})
        return {key: Known(digest, event) for (key, digest, _), event in zip(found, events, strict=True)}

    def stream_of(self, case: str) -> str | None:
        """Return the stream that a case belongs to; None where there is no such case."""
        return self._store.owners((case,)).get(case)

    def touched(self, types: Collection[str], after: Position, until: Position) -> dict[str, Position]:
        """Name the streams that have events of some types after a position, up to another, with the last."""
        return {stream: Position(at) for stream, at in self._store.touched(types, after, until)}

    def head(self) -> Position:
        """Return the position of the last event, 0 for an empty log."""
        return Position(self._store.head())

    def wait_for_append(self, after: Position, timeout: float) -> None:
        """Return when there may be an event after `after`, or after `timeout` seconds."""
        self._store.wait(after, timeout)

    def close(self) -> None:
        """Close every connection."""
        self.writer.close()
        self._store.close()

    def _checked(self, rows: Sequence[Row], heads: MutableMapping[str, Head]) -> list[RecordedEvent]:
        before = links_before(rows, heads)
        return checked(rows, before.completed(self._store.links(before.missing) if before.missing else {}))


def open_event_log(storage: Storage, settings: Settings, *, writer: bool = True) -> EventLog:
    """Open the log of a migrated storage; a reader of an embedded log never writes to its file."""
    if storage.url is not None:
        from journey.event_log.postgres import PostgresStore  # noqa: PLC0415  # its driver loads slowly

        return EventLog(PostgresStore(storage.url, settings.lock_timeout))
    from journey.event_log.sqlite import SQLiteStore  # noqa: PLC0415  # as above

    return EventLog(SQLiteStore(storage.file("log"), settings.lock_timeout, writer=writer))
