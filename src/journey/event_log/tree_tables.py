"""The tables of the tree over the log: batches of leaves with their checkpoints, hashes of complete parts.

A row is written once and never changed, so the leaves of a batch lie with its checkpoint, however few they
are.
"""

from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple

from journey.errors import DamagedTree
from journey.event_log.checking import leaf_of, links_before
from journey.event_log.links import Head, Place
from journey.event_log.rows import Row

HASH_BYTES = 32

Select = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
"""Runs a query with question marks for its values."""
Change = Callable[[Sequence[tuple[str, Sequence[Sequence[Any]]]]], None]
"""Runs statements, each for many rows, in one transaction; raises `AppendConflict` where a key is taken."""
FindLinks = Callable[[Collection[Place]], Mapping[Place, bytes | None]]
"""Returns the links of events, by stream and version."""
Page = Callable[[int, int], list[Row]]
"""Returns events with a position greater than one, at most so many, by position."""

_BATCH = "SELECT first, size, position, note FROM tree_batches"


class Batch(NamedTuple):
    """Events that came into the tree together."""

    first: int
    """How many leaves stand before theirs."""
    size: int
    """How many leaves there are with theirs."""
    position: int
    """The position of the last of them."""
    note: str
    """The signed checkpoint of the tree that ends with them."""


class TreeTables:
    """What the log's database keeps of the tree."""

    def __init__(self, select: Select, change: Change, page: Page, links: FindLinks) -> None:
        """Read and write by these functions."""
        self._select = select
        self._change = change
        self._page = page
        self._links = links

    def last(self) -> Batch | None:
        """Return the newest batch, None for an empty tree."""
        return self._batch("ORDER BY first DESC LIMIT 1")

    def holding(self, position: int) -> Batch | None:
        """Return the batch that the event at a position is in; None where it is in none yet."""
        return self._batch("WHERE position >= ? ORDER BY position LIMIT 1", position)

    def ending(self, size: int) -> Batch | None:
        """Return the batch with the checkpoint of a size."""
        return self._batch("WHERE size = ?", size)

    def hashes(self, level: int, first: int, end: int) -> bytes:
        """Return the hashes of complete parts of 256 ** level leaves, one behind the other.

        Raises `DamagedTree` where one is missing.
        """
        if level:
            rows = self._select(
                "SELECT hash FROM tree_parts WHERE level = ? AND number >= ? AND number < ? ORDER BY number",
                (level, first, end),
            )
            found = b"".join(row[0] for row in rows)
        else:
            rows = self._select(
                "SELECT first, leaves FROM tree_batches WHERE first < ? AND size > ? ORDER BY first",
                (end, first),
            )
            found = b"".join(
                leaves[max(0, first - start) * HASH_BYTES : (end - start) * HASH_BYTES]
                for start, leaves in rows
            )
        if len(found) != (end - first) * HASH_BYTES:
            raise DamagedTree
        return found

    def rows(self, after: int, limit: int) -> list[Row]:
        """Return events with a position greater than `after`, by position."""
        return self._page(after, limit)

    def leaves(
        self, after: int, limit: int, heads: MutableMapping[str, Head]
    ) -> list[tuple[Row, bytes | None]]:
        """Return such events with their leaves; None for one that is not what was appended, by its link.

        `heads` tells where streams end before them, as far as that is known, and is told where they end with
        them: links that it knows are not looked up.
        """
        rows = self._page(after, limit)
        before = links_before(rows, heads)
        links = before.completed(self._links(before.missing) if before.missing else {})
        return [(row, leaf_of(row, link)) for row, link in zip(rows, links, strict=True)]

    def add(self, batch: Batch, leaves: bytes, parts: Sequence[tuple[int, int, bytes]]) -> None:
        """Write a batch, and the complete parts that end in it: level, number and hash of each.

        Raises `AppendConflict` where another process has written a batch at this place.
        """
        first, size, position, note = batch
        self._change(
            [
                (
                    "INSERT INTO tree_batches (first, size, position, leaves, note) VALUES (?,?,?,?,?)",
                    [(first, size, position, leaves, note)],
                ),
                ("INSERT INTO tree_parts (level, number, hash) VALUES (?,?,?)", parts),
            ]
        )

    def statements(self) -> list[str]:
        """Return the signed statements of operators, from the first to the last."""
        return [row[0] for row in self._select("SELECT note FROM tree_statements ORDER BY number", ())]

    def state(self, note: str) -> None:
        """Add a signed statement."""
        number = len(self.statements()) + 1
        self._change([("INSERT INTO tree_statements (number, note) VALUES (?,?)", [(number, note)])])

    def cosign(self, size: int, witness: str, line: str) -> None:
        """Keep a witness's cosignature of a checkpoint; raise `AppendConflict` where there is one of it."""
        self._change(
            [("INSERT INTO tree_cosignatures (size, witness, line) VALUES (?,?,?)", [(size, witness, line)])]
        )

    def cosignatures(self, size: int) -> list[str]:
        """Return the cosignatures of a checkpoint, as lines of its note."""
        found = self._select("SELECT line FROM tree_cosignatures WHERE size = ? ORDER BY witness", (size,))
        return [row[0] for row in found]

    def witnessed(self, witnesses: int) -> Batch | None:
        """Return the newest batch whose checkpoint at least so many witnesses have cosigned."""
        found = self._select(
            "SELECT size FROM tree_cosignatures GROUP BY size HAVING count(*) >= ? "
            "ORDER BY size DESC LIMIT 1",
            (witnesses,),
        )
        return self.ending(found[0][0]) if found else None

    def _batch(self, where: str, *values: int) -> Batch | None:
        rows = self._select(f"{_BATCH} {where}", values)
        return Batch(*rows[0]) if rows else None
