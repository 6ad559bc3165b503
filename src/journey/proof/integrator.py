"""The loop that takes events into the tree and signs a checkpoint of each batch, behind the log.

Any number of processes may run it: the tables take one batch at each place, and the slower begins anew.
"""

import contextlib
import threading
from collections.abc import Sequence

import structlog

from journey.causes import cause, trace
from journey.errors import AppendConflict, DamagedEvent, DamagedTree
from journey.event_log import Batch, Head, Row, TreeTables
from journey.proof.guard import Guard
from journey.proof.merkle import Edge
from journey.proof.notes import Checkpoint, Signer, Verifier, unsigned
from journey.proof.tree import Tree
from journey.settings import Settings

# How long the loop rests after it failed, in seconds.
_PAUSE_AFTER_FAILURE = 1.0

_log = structlog.get_logger()


class Integrator:
    """Takes events into the tree in the order of their positions."""

    def __init__(self, tables: TreeTables, signer: Signer, guard: Guard, settings: Settings) -> None:
        self.failure: str | None = None
        """What the loop failed at last, None while it goes well."""
        self._tables = tables
        self._signer = signer
        self._guard = guard
        self._page = settings.page_events
        self._interval = settings.proof_interval
        self._heads: dict[str, Head] = {}
        """Where streams end in the tree, of some."""
        self._at: tuple[Edge, int] | None = None
        """The edge of the tree and the position of its last event; None where the tables are to be asked."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def verifier(self) -> Verifier:
        """What its checkpoints are checked with."""
        return self._signer.verifier

    def start(self) -> None:
        """Run the loop in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="proof", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the loop, with a checkpoint of what was appended last."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            with contextlib.suppress(
                Exception
            ):  # it is told while the loop runs, and found when it runs again
                self.step()

    def run(self) -> None:
        """Follow the log until told to stop; whatever fails is tried again."""
        while not self._stop.is_set():
            try:
                taken = self.step()
                if taken:
                    self._guard.check()
                self.failure = None
            except Exception as error:  # noqa: BLE001  # without this thread nothing would be signed again
                self._fail(error)
                self._stop.wait(_PAUSE_AFTER_FAILURE)
            else:
                if taken < self._page:
                    self._stop.wait(self._interval)

    def catch_up(self) -> None:
        """Take in all that the log holds."""
        while self.step():
            pass

    def step(self) -> int:
        """Take in one page of events and sign; return how many there were.

        Raises `DamagedEvent` where an event is not what was appended: nothing from there on is signed.
        """
        edge, position = self._at = self._at or self._begun()
        rows = self._tables.leaves(position, self._page, self._heads)
        if not rows:
            return 0
        leaves, damage = _sound(rows)
        if leaves:
            self._add(edge, leaves, rows[len(leaves) - 1][0].position)
        if damage is not None:
            raise damage
        return len(leaves)

    def _add(self, edge: Edge, leaves: list[bytes], position: int) -> None:
        further, kept = edge.extended(leaves)
        checkpoint = Checkpoint(self._signer.name, further.size, further.root())
        batch = Batch(edge.size, further.size, position, self._signer.sign(checkpoint.text()))
        try:
            self._tables.add(batch, b"".join(leaves), kept)
        except AppendConflict:
            self._at = None
        else:
            self._at = further, position

    def _begun(self) -> tuple[Edge, int]:
        """Return where the tree ends, if it is what its last checkpoint says; raise `DamagedTree` if not."""
        last = self._tables.last()
        if last is None:
            return Edge(), 0
        edge = Tree(self._tables).edge(last.size)
        if edge.root() != unsigned(last.note).root:
            raise DamagedTree
        return edge, last.position

    def _fail(self, error: Exception) -> None:
        self._at = None
        # Everybody may read it: a message of the database's may quote what it could not do.
        told = f"{cause(error)}: {error}" if isinstance(error, DamagedEvent | DamagedTree) else cause(error)
        if told != self.failure:
            _log.error("proof_failed", error=told, trace=trace(error))
        self.failure = told


def _sound(rows: Sequence[tuple[Row, bytes | None]]) -> tuple[list[bytes], DamagedEvent | None]:
    """Return the leaves of events up to the first that is not what was appended, and what is wrong."""
    leaves: list[bytes] = []
    for row, leaf in rows:
        if leaf is None:
            return leaves, DamagedEvent(f"the event at position {row.position} is not what was appended")
        leaves.append(leaf)
    return leaves, None
