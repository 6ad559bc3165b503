"""The hashes of the log: of an event's stored bytes, of its stream up to it, of two parts of the tree.

RFC 6962, section 2.1, for leaves and nodes. What is hashed begins with one byte that says what it is, so that
none of them can be taken for another.
"""

import hashlib
import struct

HASH_BYTES = 32

NO_LINK = bytes(HASH_BYTES)
"""The link before a stream's first event."""
EMPTY_ROOT = hashlib.sha256().digest()
"""The root of a tree without leaves."""

# A version that became negative is hashed too: to something that no link leads to.
_HEADER = struct.Struct(">5sqIII")
_LEAF = b"\x00cj/1"


def leaf_hash(stream_id: str, version: int, type_: str, state: bytes) -> bytes:
    """Hash one event: its place in its stream, its type, and its bytes exactly as they are stored."""
    stream, name = stream_id.encode(), type_.encode()
    header = _HEADER.pack(_LEAF, version, len(stream), len(name), len(state))
    return hashlib.sha256(b"".join((header, stream, name, state))).digest()


def link_hash(before: bytes, leaf: bytes) -> bytes:
    """Hash a stream up to an event, from the link before it and its leaf."""
    return hashlib.sha256(b"\x02" + before + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two parts of the tree that stand side by side."""
    return hashlib.sha256(b"\x01" + left + right).digest()
