"""Hashes and the Merkle tree of RFC 6962, as docs/proof.md specifies them."""

import struct
from hashlib import sha256

ZERO = bytes(32)


def leaf_of(stream: str, version: int, type_: str, state: bytes) -> bytes:
    """Hash a stored event."""
    name, kind = stream.encode(), type_.encode()
    lengths = struct.pack(">QIII", version, len(name), len(kind), len(state))
    return sha256(b"\x00cj/1" + lengths + name + kind + state).digest()


def link_of(before: bytes, leaf: bytes) -> bytes:
    """Hash a stream up to an event."""
    return sha256(b"\x02" + before + leaf).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    """Hash two neighbouring parts of the tree."""
    return sha256(b"\x01" + left + right).digest()


class Growing:
    """A tree that grows leaf by leaf, in memory that grows with the logarithm of its size."""

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[bytes] = []
        self.completed: list[tuple[int, int, bytes]] = []
        """Level, number and hash of parts of 256 ** level leaves, complete since it was last emptied."""

    def add(self, leaf: bytes) -> None:
        """Take in one leaf."""
        height, number = 0, self.size
        while number & 1:
            leaf = node_of(self._parts.pop(), leaf)
            height, number = height + 1, number >> 1
            if height % 8 == 0:
                self.completed.append((height // 8, number, leaf))
        self._parts.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root."""
        if not self._parts:
            return sha256().digest()
        root = self._parts[-1]
        for part in reversed(self._parts[:-1]):
            root = node_of(part, root)
        return root


def root_of_inclusion(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """Return the root that a path leads to (RFC 9162, 2.1.3.2); None where it has not the right length."""
    if not 0 <= index < size:
        return None
    last = size - 1
    for each in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            leaf = node_of(each, leaf)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            leaf = node_of(leaf, each)
        index, last = index >> 1, last >> 1
    return leaf if last == 0 else None


def is_consistent(old: tuple[int, bytes], new: tuple[int, bytes], path: list[bytes]) -> bool:
    """Tell whether a path proves that a tree begins with an older one (RFC 9162, 2.1.4.2)."""
    (first, old_root), (second, new_root) = old, new
    if first == second:
        return not path and old_root == new_root
    if not 0 < first < second or not path:
        return False
    if first & (first - 1) == 0:
        path = [old_root, *path]
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_of(each, before), node_of(each, after)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            after = node_of(after, each)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
