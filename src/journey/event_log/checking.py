"""Whether stored events are what was appended: each against its link, before anybody has what it holds.

The link hashes an event's bytes and the link before it in its stream. Who reads stream by stream has that one
at hand, who follows the log mostly; where it is not, it is looked up, for all events of a page at once.
"""

import struct
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import NamedTuple

from journey.encoding import damaged_event, from_state
from journey.event_log.links import Head, Place
from journey.event_log.rows import Row
from journey.events import RecordedEvent
from journey.proof.hashes import NO_LINK, leaf_hash, link_hash

_BEGINNING: Head = (0, None)
# How many streams who follows the log remembers the ends of; of others they are looked up.
_STREAMS = 20_000


class Before(NamedTuple):
    """The links before stored events in their streams."""

    links: list[bytes | None]
    """In the order of the events; None before the first of a stream, and where the link is missing."""
    unknown: list[int]
    """The places in it of links that are missing."""
    missing: list[Place]
    """The events whose links they are."""

    def completed(self, found: Mapping[Place, bytes | None]) -> list[bytes | None]:
        """Return all links, once it is known what there is of those that were missing."""
        for at, place in zip(self.unknown, self.missing, strict=True):
            self.links[at] = found.get(place)
        return self.links


def links_before(rows: Iterable[Row], heads: MutableMapping[str, Head]) -> Before:
    """Return the links before events, as far as they are in `heads`, or with an event before.

    `heads` tells where streams end before the rows, and is told where they end with them; of too many it
    forgets all.
    """
    if len(heads) > _STREAMS:
        heads.clear()
    before = Before([], [], [])
    links = before.links
    for stream_id, version, _, _, _, link in rows:
        head = _BEGINNING if version == 1 else heads.get(stream_id)
        heads[stream_id] = version, link
        if head is None or head[0] + 1 != version:
            before.unknown.append(len(links))
            before.missing.append((stream_id, version - 1))
            links.append(None)
        else:
            links.append(head[1])
    return before


def leaf_of(row: Row, before: bytes | None) -> bytes | None:
    """Return the leaf of a stored event, given the link before it; None where it is not what was appended.

    Events that were written behind the service's back have no link: of them only the tree can tell.
    """
    try:
        leaf = leaf_hash(row.stream_id, row.version, row.type, row.state)
    except (AttributeError, TypeError, UnicodeError, struct.error):
        return None  # no event is stored with values of such types
    return leaf if row.link is None or row.link == link_hash(before or NO_LINK, leaf) else None


def checked(rows: Sequence[Row], links: Sequence[bytes | None]) -> list[RecordedEvent]:
    """Return what rows hold, given the links before them.

    What was not appended so is damaged, and holds nothing of the stored data.
    """
    return [
        damaged_event(row.stream_id, row.version, row.position, row.type)
        if leaf_of(row, before) is None
        else from_state(row.stream_id, row.version, row.position, row.type, row.state)
        for row, before in zip(rows, links, strict=True)
    ]
