"""The Merkle tree of RFC 6962 in arithmetic: what grows at its right edge, and which hashes a proof needs."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from journey.proof.hashes import EMPTY_ROOT, node_hash

STEP = 8
"""Of so many heights the hashes of one are kept: a node is made of at most 2 ** 7 that are kept."""

Part = tuple[int, int]
"""Leaves from the first number to before the second."""


class Kept(NamedTuple):
    """The hash of a complete part of the tree that is kept."""

    level: int
    """Its height, in steps: it stands for 256 ** level leaves."""
    number: int
    """Its place among those of its level, from 0."""
    hash: bytes


class Edge:
    """The right edge of a growing tree: hashes of its complete parts, from the largest to the smallest."""

    def __init__(self, size: int = 0, parts: Iterable[bytes] = ()) -> None:
        self.size = size
        self._parts = list(parts)

    def extended(self, leaves: Iterable[bytes]) -> tuple["Edge", list[Kept]]:
        """Return the edge after further leaves, and the hashes to be kept of what is complete by them."""
        size, parts, kept = self.size, list(self._parts), list[Kept]()
        for leaf in leaves:
            hashed, rest, height = leaf, size, 0
            while rest & 1:
                hashed = node_hash(parts.pop(), hashed)
                rest >>= 1
                height += 1
                if height % STEP == 0:
                    kept.append(Kept(height // STEP, rest, hashed))
            parts.append(hashed)
            size += 1
        return Edge(size, parts), kept

    def root(self) -> bytes:
        """Return the root of the tree."""
        return joined(self._parts)


def joined(parts: Iterable[bytes]) -> bytes:
    """Return the root over complete parts, from the largest to the smallest."""
    hashed: bytes | None = None
    for part in reversed(list(parts)):
        hashed = part if hashed is None else node_hash(part, hashed)
    return EMPTY_ROOT if hashed is None else hashed


def complete_parts(first: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut leaves into complete parts, as height and number; `first` begins one as large as all of them."""
    while first < end:
        height = (end - first).bit_length() - 1
        yield height, first >> height
        first += 1 << height


def inclusion(index: int, size: int) -> list[Part]:
    """Name the parts whose hashes prove that a leaf is in a tree, from the leaf up (RFC 6962, 2.1.1)."""
    first, end, parts = 0, size, list[Part]()
    while end - first > 1:
        middle = first + _largest_power_below(end - first)
        if index < middle:
            parts.append((middle, end))
            end = middle
        else:
            parts.append((first, middle))
            first = middle
    return parts[::-1]


def consistency(old: int, new: int) -> list[Part]:
    """Name the parts whose hashes prove that a tree begins with an older one (RFC 6962, 2.1.2)."""
    first, end, parts = 0, new, list[Part]()
    while end != old:
        middle = first + _largest_power_below(end - first)
        if old <= middle:
            parts.append((middle, end))
            end = middle
        else:
            parts.append((first, middle))
            first = middle
    if first:
        parts.append((first, end))
    return parts[::-1]


def hash_of(part: Part, node: Callable[[int, int], bytes]) -> bytes:
    """Hash a part that a proof names; `node` gives the hash of a complete one by height and number."""
    return joined(node(height, number) for height, number in complete_parts(*part))


def _largest_power_below(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)
