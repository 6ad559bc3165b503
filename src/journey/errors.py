"""What can go wrong, as one tree: each docstring is the default message, and nothing here knows of HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

from journey.words import Words


class JourneyError(Exception):
    """Something went wrong in the journey service."""

    def __str__(self) -> str:
        """Return the message, or the first line of the class's docstring."""
        return super().__str__() or (self.__doc__ or "").split("\n")[0]


class Refused(JourneyError):
    """The event is refused; nothing of it was written."""

    def __str__(self) -> str:
        """Return the first line of the class's docstring: the fields tell the rest."""
        return (self.__doc__ or "").split("\n")[0]


@dataclass(eq=False)
class IllegalTransition(Refused):
    """The case's lifecycle does not allow this event now."""

    case: str
    state: str | None
    type: str
    allowed: Sequence[str]


@dataclass(eq=False)
class CaseRequired(Refused):
    """This type of event continues a case, and no case number is given."""

    type: str


@dataclass(eq=False)
class CaseOfAnotherKind(Refused):
    """The case is of another kind than the event."""

    case: str
    kind: str
    type: str


@dataclass(eq=False)
class CaseOfAnotherCustomer(Refused):
    """The case number belongs to another customer's journey."""

    case: str


@dataclass(eq=False)
class ResubmissionNotAllowed(Refused):
    """The rejection of this application excluded another round."""

    case: str


@dataclass(eq=False)
class MaterialsMissing(Refused):
    """The product's process definition demands materials that were not handed in."""

    case: str
    materials: Sequence[str]


@dataclass(eq=False)
class TimeLimitRefused(Refused):
    """The rules on time limits do not allow this change of a complaint's time limit."""

    case: str
    faults: Sequence[tuple[str, Words]]
    """Each bad field, empty for the event as such, and what the rules hold against it."""


@dataclass(eq=False)
class EventIdReused(Refused):
    """The source already sent another event under this id."""

    source: str
    id: str


@dataclass(eq=False)
class StreamMoved(Refused):
    """The customer's stream is not at the version that the writer believed."""

    expected: int
    actual: int


@dataclass(eq=False)
class PersonalDataErased(Refused):
    """The customer's personal data was erased, and no more of it is taken."""

    fields: Sequence[str] = ()
    """What the event holds of it, where that is known."""


@dataclass(eq=False)
class ProcessingRestricted(Refused):
    """The customer's data is restricted: only cases under way and complaints go on."""


class BatchAborted(Refused):
    """Another event of the same atomic batch was refused."""


class Unstorable(Refused):
    """The database cannot hold a value of this event."""


class AppendConflict(JourneyError):
    """Another writer was faster; load what it wrote and decide again."""


@dataclass(eq=False)
class UnknownYear(JourneyError):
    """Nobody knows yet on which days of a year people work."""

    country: str
    year: int

    def __str__(self) -> str:
        """Say which year it is, and what to do."""
        return (
            f"which days of {self.year} are worked in {self.country} is not known: install a later "
            "`holidays`, or state the year under [[calendar.years]] in a rule set of the institution"
        )


@dataclass(eq=False)
class RulesUnknown(JourneyError):
    """No rule set says how long this may take."""

    rules: str
    """The rule set that was looked for: its code, or code and version."""
    on: date | None = None
    """The day on which a version would have to be in force."""

    def __str__(self) -> str:
        """Say which rule set it is, and what to do."""
        when = f"had a version in force on {self.on}" if self.on else "is there any more"
        return f"no rule set {self.rules} {when}: add its file to the institution's rule sets"


class LogUnavailable(JourneyError):
    """The event log cannot be reached; nothing was written."""


class OutcomeUnknown(JourneyError):
    """The connection was lost while the log committed, and it cannot be asked; send the same event again."""


class KeysUnavailable(JourneyError):
    """Personal data can be neither sealed nor opened: the keys for it cannot be had; nothing was written."""


class ReadsUnrecorded(JourneyError):
    """Who reads personal data cannot be recorded, so none is told."""


class QueueFull(JourneyError):
    """More events wait to be written than may wait; try again later."""


class DamagedEvent(JourneyError):
    """A stored event is not what was appended, or cannot be read as what its type says."""

    @classmethod
    def at(cls, position: int) -> Self:
        """Return the error of the event that is stored at a position."""
        return cls(
            f"the event stored at position {position} is not what was appended, or cannot be read: "
            "`journey verify` tells which"
        )


class DataDirectoryInUse(JourneyError):
    """Another process writes to this data directory."""

    def __init__(self, holder: str, directory: Path) -> None:
        super().__init__(f"process {holder} writes to {directory}")
        self.holder = holder
        self.directory = directory


class UnsafeDatabase(JourneyError):
    """The database is set up so that it could lose what was acknowledged."""


class CheckpointMoved(JourneyError):
    """Another engine advanced this projection first."""


class UnknownProjection(JourneyError):
    """There is no such projection."""


class ProjectionUnavailable(JourneyError):
    """The projection has no rows yet that readers could see."""


class ViewsUnavailable(JourneyError):
    """The database of the read models cannot be reached."""


class NoBuildToReturnTo(JourneyError):
    """The projection has no earlier build that today's logic could carry on."""


class DamagedTree(JourneyError):
    """The tree over the log lacks a hash, or holds one that its checkpoints do not vouch for."""


class UntrustedNote(JourneyError):
    """A signed note cannot be trusted."""


class UnusableProofKey(JourneyError):
    """The key that signs the log's checkpoints cannot be used."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"{file}: {reason}")


class ProofUnavailable(JourneyError):
    """There is no signed checkpoint yet that could prove this."""


class CosignatureRefused(JourneyError):
    """It is no cosignature of a known witness on a checkpoint of this log."""


class LogRolledBack(JourneyError):
    """The log lacks events that a witness has seen."""
