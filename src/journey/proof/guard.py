"""The guard: a log that lacks what a witness has seen is not served, until an operator acknowledges it."""

import urllib.error
import urllib.request
from datetime import datetime
from pathlib import Path

import structlog

from journey.errors import DamagedTree, LogRolledBack, UntrustedNote
from journey.event_log import EventLog
from journey.proof.notes import Checkpoint, Signer, unsigned
from journey.proof.tree import Tree

_SECONDS = 5.0
_KIND = "journey.restore/1"

_log = structlog.get_logger()


class Guard:
    """Compares the log with its own tree, and with what a witness has seen."""

    def __init__(self, log: EventLog, signer: Signer | None, witness: str | None) -> None:
        self.finding: str | None = None
        """What is missing, in English; None while nothing is."""
        self._log = log
        self._signer = signer
        self._witness = witness

    def refuse(self) -> None:
        """Raise `LogRolledBack` where the log lacks something."""
        if self.finding is not None:
            raise LogRolledBack(self.finding)

    def check(self) -> None:
        """Look again; a witness that cannot be asked changes nothing and is told of in the log."""
        self.finding = self._behind_its_tree()
        if self.finding is not None or self._witness is None:
            return
        try:
            seen = self._seen()
        except (OSError, UntrustedNote, ValueError) as error:
            _log.warning("witness_unavailable", error=str(error))
            return
        if seen is not None and not self._acknowledged(seen):
            self.finding = self._behind(seen)

    def acknowledge(self, signer: Signer, now: datetime) -> Checkpoint | None:
        """Sign a statement that the log was restored; return what it no longer holds, None if nothing."""
        seen = self._seen() if self._witness else None
        if seen is None or self._behind(seen) is None:
            return None
        last = self._log.tree.last()
        own = unsigned(last.note) if last else Checkpoint(seen.origin, 0, bytes(32))
        text = _statement(seen) + "".join(own.text().splitlines(keepends=True)[1:]) + now.isoformat() + "\n"
        self._log.tree.state(signer.sign(text))
        self.check()
        return seen

    def _behind_its_tree(self) -> str | None:
        last = self._log.tree.last()
        if last is not None and self._log.head() < last.position:
            return f"the log ends before position {last.position}, which its own tree holds"
        return None

    def _behind(self, seen: Checkpoint) -> str | None:
        last = self._log.tree.last()
        size = last.size if last else 0
        if size < seen.size:
            return f"the tree has {size} events, and a witness has seen {seen.size}"
        try:
            same = Tree(self._log.tree).root(seen.size) == seen.root
        except DamagedTree:
            same = False
        return None if same else f"the first {seen.size} events are not those that a witness has seen"

    def _acknowledged(self, seen: Checkpoint) -> bool:
        """Tell whether a statement that the log's own key has signed names this checkpoint."""
        if self._signer is None:
            return False
        for note in self._log.tree.statements():
            try:
                text = self._signer.verifier.text_of(note)
            except UntrustedNote:
                continue
            if text.startswith(_statement(seen)):
                return True
        return False

    def _seen(self) -> Checkpoint | None:
        """Return what the witness holds; None where it has seen nothing yet."""
        note = _read(self._witness or "")
        if note is None:
            return None
        seen = unsigned(note)
        if self._signer is not None and seen.origin != self._signer.name:
            raise UntrustedNote(f"it is of the log {seen.origin}")
        return seen


def _statement(seen: Checkpoint) -> str:
    return f"{_KIND}\n{seen.text()}"


def _read(place: str) -> str | None:
    if not place.startswith(("http://", "https://")):
        file = Path(place).expanduser()
        return file.read_text() if file.exists() else None
    try:
        with urllib.request.urlopen(place, timeout=_SECONDS) as answer:  # noqa: S310  # http and https only
            return str(answer.read(65_536).decode())
    except urllib.error.HTTPError as error:
        if error.code == 404:  # noqa: PLR2004  # the witness has seen nothing yet
            return None
        raise
