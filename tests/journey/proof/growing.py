"""A log that grows, and what is expected of the tree over it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from journey.event_log import EventLog, open_event_log
from journey.proof.guard import Guard
from journey.proof.hashes import leaf_hash
from journey.proof.integrator import Integrator
from journey.proof.keys import signer_of
from journey.proof.notes import Checkpoint, Signer
from journey.settings import Settings
from journey.storage import storage_of
from tests.facts import visit
from tests.journey.writing import append, first


class Proven(NamedTuple):
    """A log, and what keeps the tree over it."""

    log: EventLog
    settings: Settings
    signer: Signer
    integrator: Integrator
    guard: Guard

    def grow(self, count: int, streams: int = 7) -> None:
        """Append events of some streams, whose versions go on."""
        versions = {row.stream_id: row.version for row in self.log.tree.rows(0, 1_000_000)}
        entries = []
        for number in range(count):
            stream = f"C{number % streams}"
            versions[stream] = versions.get(stream, 0) + 1
            entries.append(first(visit(stream), versions[stream]))
        append(self.log, entries)

    def leaves(self) -> list[bytes]:
        """Return the leaves of all events, in the order of the log."""
        return [
            leaf_hash(row.stream_id, row.version, row.type, row.state)
            for row in self.log.tree.rows(0, 1_000_000)
        ]

    def newest(self) -> Checkpoint:
        """Return the last checkpoint, whose signature is good."""
        last = self.log.tree.last()
        assert last is not None
        return self.signer.verifier.checkpoint_of(last.note)


@contextmanager
def proven(settings: Settings, keys: Path, **changes: object) -> Iterator[Proven]:
    """Open a log, whose tables are there, with an integrator that works when it is told to."""
    settings = settings.model_copy(update={"key_directory": keys, **changes})
    log, signer = open_event_log(storage_of(settings), settings), signer_of(settings)
    assert signer is not None
    guard = Guard(log, signer, settings.witness)
    try:
        yield Proven(log, settings, signer, Integrator(log.tree, signer, guard, settings), guard)
    finally:
        log.close()
