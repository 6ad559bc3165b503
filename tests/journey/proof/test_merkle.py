"""The tree is that of RFC 6962: its published vectors, and the definitions of the RFC written out."""

import random
from collections.abc import Sequence
from hashlib import sha256

import pytest

from journey.proof.hashes import EMPTY_ROOT, leaf_hash, link_hash, node_hash
from journey.proof.merkle import Edge, Part, consistency, hash_of, inclusion

VECTORS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
"""The leaves of the test vectors of Certificate Transparency, in hexadecimal."""
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The roots over the first one, two, … of them."""


def leaves(count: int) -> list[bytes]:
    """Return hashes that stand for so many leaves."""
    return [sha256(f"\0{number}".encode()).digest() for number in range(count)]


def tree_hash(hashes: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if not hashes:
        return sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return sha256(b"\1" + tree_hash(hashes[:k]) + tree_hash(hashes[k:])).digest()


def path(m: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PATH of section 2.1.1, word for word."""
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if m < k:
        return [*path(m, hashes[:k]), tree_hash(hashes[k:])]
    return [*path(m - k, hashes[k:]), tree_hash(hashes[:k])]


def subproof(m: int, hashes: Sequence[bytes], *, known: bool) -> list[bytes]:
    """SUBPROOF of section 2.1.2, word for word."""
    if m == len(hashes):
        return [] if known else [tree_hash(hashes)]
    k = split(len(hashes))
    if m <= k:
        return [*subproof(m, hashes[:k], known=known), tree_hash(hashes[k:])]
    return [*subproof(m - k, hashes[k:], known=False), tree_hash(hashes[:k])]


def split(count: int) -> int:
    """Return the largest power of two that is smaller than a number."""
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def hashed(parts: Sequence[Part], hashes: Sequence[bytes]) -> list[bytes]:
    """Hash parts of a tree that a proof names."""

    def node(height: int, number: int) -> bytes:
        return tree_hash(hashes[number << height : (number + 1) << height])

    return [hash_of(part, node) for part in parts]


@pytest.mark.parametrize("size", range(1, 9))
def test_published_vectors(size: int) -> None:
    """The roots over one to eight leaves are those that others compute."""
    edge, _ = Edge().extended(sha256(b"\0" + bytes.fromhex(leaf)).digest() for leaf in VECTORS[:size])

    assert edge.root().hex() == ROOTS[size - 1]


def test_empty() -> None:
    """A tree without leaves has the hash of nothing as its root."""
    assert Edge().root() == EMPTY_ROOT == sha256(b"").digest()


def test_roots_are_those_of_the_definition() -> None:
    """However the leaves come, one by one or many at once."""
    rng, every = random.Random(7), leaves(700)  # noqa: S311  # nothing secret
    edge = Edge()
    while edge.size < len(every):
        more = rng.choice([1, 1, 2, 5, 40, 200])
        edge, _ = edge.extended(every[edge.size : edge.size + more])
        assert edge.root() == tree_hash(every[: edge.size])


def test_complete_parts_are_kept_once() -> None:
    """Of 256 leaves that are complete, and 256 of those, there is one hash, in its place."""
    every = leaves(2 * 65_536 + 300)
    first, kept = Edge().extended(every[:1_000])
    _, more = first.extended(every[1_000:])

    parts = {(level, number): hash_ for level, number, hash_ in [*kept, *more]}
    assert set(parts) == {(1, number) for number in range(513)} | {(2, 0), (2, 1)}
    assert len(kept) + len(more) == len(parts)
    assert parts[1, 512] == tree_hash(every[512 * 256 : 513 * 256])
    assert parts[2, 1] == tree_hash([parts[1, number] for number in range(256, 512)])


@pytest.mark.parametrize("size", [*range(1, 40), 255, 256, 257, 300])
def test_proofs_are_those_of_the_definition(size: int) -> None:
    """For every leaf and every older size."""
    every = leaves(size)
    for place in range(size):
        assert hashed(inclusion(place, size), every) == path(place, every)
    for old in range(1, size + 1):
        assert hashed(consistency(old, size), every) == subproof(old, every, known=True)


def test_leaf_hashes_tell_fields_apart() -> None:
    """What ends one field and begins the next is part of what is hashed, and so is what it is."""
    told = {
        leaf_hash("ab", 1, "c", b"d"),
        leaf_hash("a", 1, "bc", b"d"),
        leaf_hash("a", 1, "b", b"cd"),
        leaf_hash("a", 2, "b", b"cd"),
        node_hash(bytes(32), bytes(32)),
        link_hash(bytes(32), bytes(32)),
    }

    assert len(told) == 6
    assert (
        leaf_hash("客户", 1, "t", b"{}")
        == sha256(b"\0cj/1" + bytes(7) + b"\1\0\0\0\6\0\0\0\1\0\0\0\2" + "客户".encode() + b"t{}").digest()
    )
