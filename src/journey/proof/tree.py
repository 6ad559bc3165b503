"""The tree as it is kept: its checkpoints, and proofs from what the log's tables hold of it."""

from journey.event_log.tree_tables import TreeTables
from journey.proof.hashes import HASH_BYTES
from journey.proof.merkle import STEP, Edge, Part, complete_parts, consistency, hash_of, inclusion


class Tree:
    """Reads hashes of the tree; each method asks the database anew."""

    def __init__(self, tables: TreeTables) -> None:
        self._tables = tables

    def root(self, size: int) -> bytes:
        """Return the root over the first so many events."""
        return self._hash((0, size))

    def edge(self, size: int) -> Edge:
        """Return the right edge of the tree over the first so many events."""
        return Edge(size, [self._node(*part) for part in complete_parts(0, size)])

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return the hashes that prove that a leaf is in the tree of a size."""
        return [self._hash(part) for part in inclusion(index, size)]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the hashes that prove that the tree of a size begins with an older one."""
        return [self._hash(part) for part in consistency(old, new)]

    def _hash(self, part: Part) -> bytes:
        return hash_of(part, self._node)

    def _node(self, height: int, number: int) -> bytes:
        level, more = divmod(height, STEP)
        kept = self._tables.hashes(level, number << more, (number + 1) << more)
        hashes = [kept[start : start + HASH_BYTES] for start in range(0, len(kept), HASH_BYTES)]
        edge, _ = Edge().extended(hashes)
        return edge.root()
