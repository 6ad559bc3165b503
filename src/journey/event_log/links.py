"""The links of streams: each event's hash over its own bytes and the link of the event before it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from journey.event_log.rows import Entry
from journey.proof.hashes import NO_LINK, leaf_hash, link_hash

Place = tuple[str, int]
"""Stream and version of an event."""
Head = tuple[int, bytes | None]
"""Version and link of a stream's last event; None where it was written behind the service's back."""

_STREAMS = 20_000
"""How many streams' heads are kept at hand at least; of others one more query may be asked."""


class Linked(NamedTuple):
    """What entries are stored with."""

    links: list[bytes]
    """The link of each entry, in their order."""
    heads: dict[str, Head]
    """Where streams end, once the entries are committed."""
    missing: list[Place]
    """The events before them whose links were not at hand: nothing else is right then."""


class Links:
    """The heads of the streams that a writer has met lately.

    A link never changes once its event is in the log, so a head may be behind the log but never wrong.
    """

    def __init__(self) -> None:
        self._heads: dict[str, Head] = {}
        """The streams met first come first; those beyond the bound are let go of in one step."""

    def of_streams(self, stream_ids: Iterable[str]) -> dict[str, Head]:
        """Return where streams end, as far as that is at hand."""
        return {each: head for each in stream_ids if (head := self._heads.get(each)) and head[1]}

    def see(self, heads: Mapping[str, Head]) -> None:
        """Take note of where streams end."""
        self._heads.update(heads)
        if len(self._heads) > 2 * _STREAMS:
            self._heads = dict(islice(self._heads.items(), _STREAMS, None)) | dict(heads)

    def learn(self, links: Mapping[Place, bytes | None]) -> None:
        """Take note of links that the next entries need: none of them is let go of before."""
        for (stream_id, version), link in links.items():
            self._heads[stream_id] = (version, link)

    def of(self, entries: Sequence[Entry]) -> Linked:
        """Link entries, each to the one before it in its stream."""
        links: list[bytes] = []
        heads: dict[str, Head] = {}
        missing: list[Place] = []
        for stream_id, version, type_, state, _, _, _ in entries:
            before = None
            if version > 1:
                head = heads.get(stream_id) or self._heads.get(stream_id)
                if head is None or head[0] != version - 1:
                    missing.append((stream_id, version - 1))
                else:
                    before = head[1]
            link = link_hash(before or NO_LINK, leaf_hash(stream_id, version, type_, state))
            heads[stream_id] = (version, link)
            links.append(link)
        return Linked(links, heads, missing)
