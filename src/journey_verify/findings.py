"""What can be found, and how the program ends by it."""

from dataclasses import dataclass
from typing import Literal

Class = Literal[
    "edited",
    "removed",
    "inserted",
    "reordered",
    "cut",
    "rolled-back",
    "forged-checkpoint",
    "wrong-key",
    "wrong-origin",
    "duplicate-leaf",
    "leaf-as-node",
    "split-view",
    "tree-edited",
    "false-proof",
    "rewritten",
]

OK, TAMPERED, INCOMPLETE, ROLLED_BACK = 0, 1, 2, 3


@dataclass(eq=False)
class Finding(Exception):
    """Something is not as it was."""

    kind: Class
    position: int | None = None
    """The first position in the log that is not as it was; of what is gone the first that it can have had."""
    until: int | None = None
    """The last that it can be, where the first bad one cannot be told more exactly."""

    @property
    def status(self) -> int:
        """How the program ends."""
        return ROLLED_BACK if self.kind == "rolled-back" else TAMPERED


class CannotCheck(Exception):
    """Something could not be checked; the message says what."""


@dataclass(eq=False)
class Unwitnessed(CannotCheck):
    """Too few of the witnesses that are known have cosigned a checkpoint."""

    found: int
    wanted: int
