"""Checks a whole log: every event against the tree, every checkpoint against its events, every link."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from journey_verify.findings import Finding
from journey_verify.notes import Checkpoint, Pinned
from journey_verify.places import Batch, Event, Place
from journey_verify.trees import ZERO, Growing, leaf_of, link_of

Progress = Callable[[int], None]

_HASH = 32


@dataclass
class Checked:
    """What was checked, and what was not."""

    events: int = 0
    """Events whose bytes were read and led to a signed checkpoint."""
    skipped: int = 0
    """Events before the given checkpoint, of which only the leaves were read."""
    unsigned: int = 0
    """Events behind the last checkpoint, of which only the links were checked."""
    checkpoints: int = 0
    size: int = 0
    """The size of the last checkpoint."""


class _Reading:
    """The events in the order of the log, one ahead."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self.last = 0
        """The position of the last event that was taken."""
        self.next = next(events, None)

    def take(self) -> Event | None:
        """Take one event; None at the end."""
        taken = self.next
        if taken is not None:
            self.last, self.next = taken.position, next(self._events, None)
        return taken


class _Known:
    """A checkpoint that somebody has kept, which the log must begin with."""

    def __init__(self, checkpoint: Checkpoint | None) -> None:
        self.size = checkpoint.size if checkpoint else 0
        self._root = checkpoint.root if checkpoint else b""
        self.met = self.size == 0
        """Whether the log has as many events."""
        self.differs = False
        """Whether these are others."""

    def compare(self, tree: Growing) -> None:
        """Compare the tree, where it has just as many leaves."""
        if tree.size == self.size:
            self.met, self.differs = True, tree.root() != self._root


def check(
    place: Place, pinned: Pinned, checkpoint: Checkpoint | None, *, since: bool, progress: Progress
) -> Checked:
    """Check a log, up to its end; raise the first `Finding` in the order of the log.

    `checkpoint` is one that somebody has kept: the log must begin with what it names. With `since`, the
    events before it are not read again.
    """
    checked, tree, known = Checked(), Growing(), _Known(checkpoint)
    reading: _Reading | None = None
    position = 0
    for batch in place.batches():
        if batch.first != tree.size or len(batch.leaves) != (batch.size - batch.first) * _HASH:
            raise Finding("tree-edited", position + 1, batch.position)
        if since and batch.size <= known.size:
            for at in range(0, len(batch.leaves), _HASH):
                tree.add(batch.leaves[at : at + _HASH])
                known.compare(tree)
            checked.skipped = tree.size
            signed = _signed(pinned, batch, position)
        else:
            reading = reading or _Reading(place.events(position))
            other, unlinked = _take_in(place, reading, batch, tree, known)
            signed = _signed(pinned, batch, position)
            if unlinked is not None:
                raise unlinked
            if other is not None:
                raise other if signed.root != tree.root() else Finding("tree-edited", other.position)
            checked.events = tree.size - checked.skipped
        if signed != (tree.size, tree.root()):
            raise Finding("rewritten", position + 1, batch.position)
        if known.differs:
            raise Finding("split-view", 1, batch.position)
        _check_parts(place, tree, position, batch.position)
        checked.checkpoints += 1
        checked.size, position = batch.size, batch.position
        progress(batch.size)
    if not known.met:
        raise Finding("rolled-back", position + 1)
    checked.unsigned = _check_rest(reading or _Reading(place.events(position)))
    return checked


def _take_in(
    place: Place, reading: _Reading, batch: Batch, tree: Growing, known: _Known
) -> tuple[Finding | None, Finding | None]:
    """Take a batch's events into the tree; return the first that is another than the tree's.

    The second is the first before it that does not follow from its stream.
    """
    other: Finding | None = None
    unlinked: Finding | None = None
    for number in range(batch.size - batch.first):
        event, before = reading.next, reading.last
        if event is None:
            raise unlinked or other or Finding("cut", before + 1)
        expected = batch.leaves[number * _HASH : (number + 1) * _HASH]
        leaf = leaf_of(event.stream, event.version, event.type, event.state)
        if other is None and leaf != expected:
            other = _classified(place, event, expected, batch.first + number, before)
        if other is None and unlinked is None:
            unlinked = _link_finding(event, leaf)
        tree.add(leaf)
        known.compare(tree)
        reading.take()
    return other, unlinked


def _signed(pinned: Pinned, batch: Batch, position: int) -> Checkpoint:
    """Return what a batch's checkpoint says, if a pinned key has signed it."""
    try:
        checkpoint = pinned.checkpoint(batch.note)
    except Finding as finding:
        raise Finding(finding.kind, position + 1, batch.position) from finding
    if checkpoint.size != batch.size:
        raise Finding("forged-checkpoint", position + 1, batch.position)
    return checkpoint


def _check_parts(place: Place, tree: Growing, position: int, until: int) -> None:
    for level, number, hash_ in tree.completed:
        if place.part(level, number) != hash_:
            raise Finding("tree-edited", position + 1, until)
    tree.completed.clear()


def _check_rest(reading: _Reading) -> int:
    count = 0
    while (event := reading.take()) is not None:
        broken = _link_finding(event, leaf_of(event.stream, event.version, event.type, event.state))
        if broken is not None:
            raise broken
        count += 1
    return count


def _link_finding(event: Event, leaf: bytes) -> Finding | None:
    """Return what is wrong between an event and the one before it in its stream."""
    if event.version > 1:
        if event.position_before is None:
            return Finding("removed", 1, event.position)
        if event.position_before > event.position:
            return Finding("reordered", event.position)
    before = event.link_before if event.version > 1 else ZERO
    if event.link is None or before is None or event.link != link_of(bytes(before), leaf):
        return Finding("edited", event.position)
    return None


def _classified(place: Place, event: Event, expected: bytes, index: int, last: int) -> Finding:
    """Name what happened at the first event that is not the one of the tree, by a second look."""
    leaf = leaf_of(event.stream, event.version, event.type, event.state)
    found_in_tree = _places_in_tree(place, leaf)
    found_in_log = _is_in_log(place, expected)
    twice = _places_in_tree(place, expected)
    if len(twice) > 1 and twice[0] < index:
        return Finding("duplicate-leaf", event.position)
    if found_in_tree and found_in_tree[0] < index:
        return Finding("duplicate-leaf", event.position)
    match bool(found_in_tree), found_in_log:
        case True, True:
            return Finding("reordered", event.position)
        case True, False:
            return Finding("removed", last + 1, event.position - 1)
        case False, True:
            return Finding("inserted", event.position)
        case _:
            return Finding("edited", event.position)


def _places_in_tree(place: Place, leaf: bytes) -> list[int]:
    """Return the first places of a leaf in the tree, two at most."""
    found: list[int] = []
    for batch in place.batches():
        for at in range(0, len(batch.leaves), _HASH):
            if batch.leaves[at : at + _HASH] == leaf:
                found.append(batch.first + at // _HASH)
                if len(found) > 1:
                    return found
    return found


def _is_in_log(place: Place, leaf: bytes) -> bool:
    return any(leaf_of(each.stream, each.version, each.type, each.state) == leaf for each in place.events())
