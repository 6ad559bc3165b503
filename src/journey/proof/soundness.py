"""Whether all stored events are what was appended: each against its link, and its leaf of the tree."""

from typing import NamedTuple

from journey.event_log import Head, TreeTables
from journey.proof.hashes import HASH_BYTES

_PAGE = 1_000


class Soundness(NamedTuple):
    """What a look through the log found."""

    events: int
    """How many events are what was appended, from the first on."""
    fault: int | None
    """The position of the first that is not, or that is missing; None where there is none."""


def check_log(tables: TreeTables) -> Soundness:
    """Check every stored event, up to the first that is not what was appended, in constant memory.

    The service may run meanwhile. Who may write into the database can write links and leaves anew:
    that is found by whoever has kept a checkpoint, with `journey-verify`.
    """
    last = tables.last()  # before the events are read: they reach at least as far
    signed, seen, position = last.size if last else 0, 0, 0
    heads: dict[str, Head] = {}
    while rows := tables.leaves(position, _PAGE, heads):
        end = min(seen + len(rows), signed)
        leaves = tables.hashes(0, seen, end) if seen < end else b""
        for number, (row, leaf) in enumerate(rows):
            expected = leaves[number * HASH_BYTES : (number + 1) * HASH_BYTES]
            if leaf is None or (expected and leaf != expected):
                return Soundness(seen + number, row.position)
        seen, position = seen + len(rows), rows[-1][0].position
    return Soundness(seen, position + 1 if seen < signed else None)
