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
from journey.event_log.tree_tables import LinkedRow
from journey.events import RecordedEvent
from journey.proof.hashes import NO_LINK, leaf_hash, link_hash

_BEGINNING: Head = (0, None)


class Checked(NamedTuple):
    """Stored rows as the events that they hold."""

    events: list[RecordedEvent]
    """In the order of the rows; what was not appended so is damaged, and holds nothing of the stored data."""
    unchecked: list[int]
    """The places in it of events before which no link was at hand."""


def leaf_of(row: Row | LinkedRow, before: bytes | None) -> bytes | None:
    """Return the leaf of a stored event, given the link before it; None where it is not what was appended.

    Events that were written behind the service's back have no link: of them only the tree can tell.
    """
    try:
        leaf = leaf_hash(row.stream_id, row.version, row.type, row.state)
    except (AttributeError, TypeError, UnicodeError, struct.error):
        return None  # no event is stored with values of such types
    return leaf if row.link is None or row.link == link_hash(before or NO_LINK, leaf) else None


def check(rows: Iterable[Row], heads: MutableMapping[str, Head]) -> Checked:
    """Return what rows hold, each checked where the link before it is in `heads`, or in a row before it.

    `heads` tells where streams end before the rows, and is told where they end with them.
    """
    events: list[RecordedEvent] = []
    unchecked: list[int] = []
    for row in rows:
        head = _BEGINNING if row.version == 1 else heads.get(row.stream_id)
        heads[row.stream_id] = row.version, row.link
        if head is None or head[0] + 1 != row.version:
            unchecked.append(len(events))
        elif leaf_of(row, head[1]) is None:
            events.append(_damaged(row))
            continue
        events.append(from_state(row.stream_id, row.version, row.position, row.type, row.state))
    return Checked(events, unchecked)


def places_before(rows: Sequence[Row], checked: Checked) -> list[Place]:
    """Name the events whose links were not at hand."""
    return [_place_before(rows[at]) for at in checked.unchecked]


def complete(
    rows: Sequence[Row], checked: Checked, links: Mapping[Place, bytes | None]
) -> list[RecordedEvent]:
    """Return the events, once it is known what links there are before those that were not checked."""
    for at in checked.unchecked:
        if leaf_of(rows[at], links.get(_place_before(rows[at]))) is None:
            checked.events[at] = _damaged(rows[at])
    return checked.events


def _place_before(row: Row) -> Place:
    return row.stream_id, row.version - 1


def _damaged(row: Row) -> RecordedEvent:
    return damaged_event(row.stream_id, row.version, row.position, row.type)
