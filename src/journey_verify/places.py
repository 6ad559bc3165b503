"""Where a log lies: a data directory, its back-up, a file of it, a PostgreSQL database; only read."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from journey_verify.findings import CannotCheck

_PAGE = 2_000


class Event(NamedTuple):
    """A stored event, and the one before it in its stream."""

    position: int
    stream: str
    version: int
    type: str
    state: bytes
    link: bytes | None
    link_before: bytes | None
    position_before: int | None


class Batch(NamedTuple):
    """Leaves that came into the tree together, and the checkpoint that was signed then."""

    first: int
    size: int
    position: int
    leaves: bytes
    note: str


class Place:
    """One log, at one moment."""

    def __init__(self, connection: Any, mark: str, position: str) -> None:
        self._connection = connection
        self._mark = mark
        self._position = position

    def events(self, after: int = 0) -> Iterator[Event]:
        """Yield the events after a position, in the order of the log."""
        at = self._position
        select = (
            f"SELECT e.{at}, e.originator_id, e.originator_version, e.topic, e.state, e.link, "  # noqa: S608  # our own names
            "(SELECT b.link FROM stored_events b WHERE b.originator_id = e.originator_id "
            "AND b.originator_version = e.originator_version - 1), "
            f"(SELECT b.{at} FROM stored_events b WHERE b.originator_id = e.originator_id "
            "AND b.originator_version = e.originator_version - 1) "
            f"FROM stored_events e WHERE e.{at} > ? ORDER BY e.{at} LIMIT {_PAGE}"
        )
        while rows := self._rows(select, (after,)):
            for row in rows:
                yield Event(
                    row[0], row[1], row[2], row[3], _bytes(row[4]), row[5] and _bytes(row[5]), row[6], row[7]
                )
            after = rows[-1][0]

    def stream(self, stream: str) -> Iterator[tuple[int, int, str, bytes, bytes | None]]:
        """Yield position, version, type, state and link of one stream's events, by version."""
        select = (
            f"SELECT {self._position}, originator_version, topic, state, link FROM stored_events "  # noqa: S608  # as above
            f"WHERE originator_id = ? AND originator_version > ? ORDER BY originator_version LIMIT {_PAGE}"
        )
        after = -(2**62)
        while rows := self._rows(select, (stream, after)):
            for row in rows:
                yield row[0], row[1], row[2], _bytes(row[3]), row[4] and _bytes(row[4])
            after = rows[-1][1]

    def batches(self) -> Iterator[Batch]:
        """Yield the batches of the tree, one after another."""
        after = -1
        select = (
            "SELECT first, size, position, leaves, note FROM tree_batches "
            "WHERE first > ? ORDER BY first LIMIT 20"
        )
        while rows := self._rows(select, (after,)):
            for row in rows:
                yield Batch(row[0], row[1], row[2], _bytes(row[3]), row[4])
            after = rows[-1][0]

    def batch_at(self, position: int) -> Batch | None:
        """Return the batch that an event is in; None where it is in none."""
        rows = self._rows(
            "SELECT first, size, position, leaves, note FROM tree_batches "
            "WHERE position >= ? ORDER BY position LIMIT 1",
            (position,),
        )
        return Batch(*rows[0]) if rows else None

    def part(self, level: int, number: int) -> bytes | None:
        """Return the kept hash of a complete part of the tree."""
        rows = self._rows("SELECT hash FROM tree_parts WHERE level = ? AND number = ?", (level, number))
        return _bytes(rows[0][0]) if rows else None

    def count(self) -> int:
        """Return about how many events there are, to show progress by."""
        rows = self._rows("SELECT coalesce(max(size), 0) FROM tree_batches", ())
        return int(rows[0][0])

    def _rows(self, select: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._connection.execute(
            select.replace("?", self._mark), values
        ).fetchall()
        return found


@contextmanager
def opened(place: str) -> Iterator[Place]:
    """Open a log for reading; raise `CannotCheck` where there is none."""
    if place.startswith(("postgresql:", "postgres:", "postgresql+psycopg:")):
        with _database(place) as found:
            yield found
        return
    file = Path(place) / "log.db" if Path(place).is_dir() else Path(place)
    if not file.is_file():
        raise CannotCheck(place)
    connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute("BEGIN")
        yield Place(connection, "?", "rowid")
    except sqlite3.Error as error:
        raise CannotCheck(f"{place}: {error}") from error
    finally:
        connection.close()


@contextmanager
def _database(url: str) -> Iterator[Place]:
    import psycopg  # noqa: PLC0415  # only where the log lies in PostgreSQL

    url = url.replace("postgresql+psycopg:", "postgresql:", 1)
    try:
        with psycopg.connect(url, options="-c default_transaction_isolation=repeatable\\ read") as connection:
            connection.read_only = True
            yield Place(connection, "%s", "notification_id")
    except psycopg.Error as error:
        raise CannotCheck(str(error).strip()) from error


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)
