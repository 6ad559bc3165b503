"""Checks one stream by its links, and each of its events against the leaves of the tree."""

from journey_verify.findings import Finding
from journey_verify.notes import Pinned
from journey_verify.places import Place
from journey_verify.trees import ZERO, leaf_of, link_of

_HASH = 32


def check_stream(place: Place, pinned: Pinned, stream: str) -> tuple[int, int]:
    """Check the events of a stream; return how many there are, and how many are not signed yet."""
    count, unsigned, link, last = 0, 0, ZERO, 0
    for position, version, type_, state, stored in place.stream(stream):
        if version != count + 1:
            raise Finding("removed", last + 1, position - 1)
        leaf = leaf_of(stream, version, type_, state)
        link = link_of(link, leaf)
        if stored != link:
            raise Finding("edited", position)
        if position < last:
            raise Finding("reordered", position)
        batch = place.batch_at(position)
        if batch is None:
            unsigned += 1
        else:
            pinned.checkpoint(batch.note)
            leaves = [batch.leaves[at : at + _HASH] for at in range(0, len(batch.leaves), _HASH)]
            if leaf not in leaves:
                raise Finding("edited", position)
        count, last = count + 1, position
    return count, unsigned
