"""What is kept of a reading, as bytes, and the hashes that chain one record to the next."""

import hashlib
from typing import Any, NamedTuple

import orjson

NO_LINK = bytes(32)
"""Stands before the first record."""

_PREFIX = b"\x03"
"""Sets these hashes apart from those of events and of the tree."""


POLICIES = "/policies/"
"""How callers are called that are the service itself: policies that pass on what they have opened."""


class Reading(NamedTuple):
    """Personal data of one customer, opened for one request."""

    caller: str
    """Who asked: the public part of a key, or the subject of a token."""
    scopes: tuple[str, ...]
    own: bool
    """Whether customers read what is their own."""
    purpose: str
    """Why, as the caller said; without that the operation."""
    stream_id: str
    """Whose data it was."""
    fields: tuple[str, ...]
    """What was opened, each as `type.field`."""
    operation: str
    request: str
    """A name of the request, the same for all customers that it opened data of."""


class BulkReading(NamedTuple):
    """More customers' data opened by one caller than is usual."""

    caller: str
    customers: int
    """How many different customers it was within an hour, when it was noticed."""


class Stored(NamedTuple):
    """A record as the database holds it."""

    number: int
    """Its place, from 1, without gaps."""
    at: str
    caller: str
    stream_id: str | None
    """None where it is about no single customer."""
    record: bytes
    """All of it, as JSON: what is chained."""
    link: bytes

    def told(self) -> dict[str, Any]:
        """Return what it says."""
        said: dict[str, Any] = orjson.loads(self.record)
        return said


def stored(number: int, at: str, said: Reading | BulkReading, before: bytes) -> Stored:
    """Return a record for its place behind the one with the link `before`."""
    head = {"number": number, "at": at, "kind": "read" if isinstance(said, Reading) else "bulk"}
    if isinstance(said, Reading):
        stream_id = said.stream_id
        head |= {"customer": stream_id, "caller": said.caller, "own": said.own, "scopes": said.scopes}
        head |= {"purpose": said.purpose, "operation": said.operation, "request": said.request}
        record = orjson.dumps({**head, "fields": said.fields})
        return Stored(number, at, said.caller, stream_id, record, link(before, record))
    record = orjson.dumps({**head, "caller": said.caller, "customers": said.customers})
    return Stored(number, at, said.caller, None, record, link(before, record))


def link(before: bytes, record: bytes) -> bytes:
    """Return the hash that chains a record to the one before it."""
    return hashlib.sha256(_PREFIX + before + record).digest()


def agrees(each: Stored) -> bool:
    """Tell whether the columns of a record say what its chained bytes say."""
    said = each.told()
    columns = (each.number, each.at, each.caller, each.stream_id)
    return columns == (said["number"], said["at"], said["caller"], said.get("customer"))
