"""What restriction and erasure mean for further events of a customer: pure.

Each step is an event of the customer's stream, so the version of the stream is the fence: what was decided
upon an older version conflicts, and is decided again upon these rules.
"""

from collections.abc import Collection
from typing import NamedTuple

from journey.errors import PersonalDataErased, ProcessingRestricted
from journey.events import Event
from journey.touchpoints import PERSONAL_FIELDS
from journey.touchpoints.customer import (
    CustomerErased,
    CustomerErasureBegun,
    CustomerErasureRequested,
    CustomerRestricted,
    CustomerRestrictionLifted,
)
from journey.touchpoints.touchpoint import CLASSES, Retention, Touchpoint
from journey.vocabulary import PrivacyState


class Privacy(NamedTuple):
    """How far a customer's data is restricted or erased."""

    restricted: bool = False
    """Whether it may not be used until somebody lifts that."""
    wanted: bool = False
    """Whether an erasure was asked for that is not fulfilled."""
    gone: frozenset[Retention] = frozenset()
    """The classes that are erased, or being erased: no more of them is taken."""
    erased: frozenset[Retention] = frozenset()
    """The classes of which every place has confirmed it."""

    @property
    def state(self) -> PrivacyState:
        """The state that it all comes to."""
        if self.gone != self.erased:
            return "erasing"
        if len(self.erased) == len(CLASSES):
            return "erased"
        return "restricted" if self.closed else "active"

    @property
    def closed(self) -> bool:
        """Tell whether what is left may not be used."""
        return self.restricted or (self.wanted and len(self.gone) < len(CLASSES))


def privacy_after(before: Privacy | None, touchpoint: Touchpoint) -> Privacy | None:
    """Return how things stand after an event that the service wrote; None where nothing is restricted."""
    known = before or Privacy()
    match touchpoint:
        case CustomerRestricted():
            return known._replace(restricted=True)
        case CustomerErasureRequested():
            return known._replace(wanted=True)
        case CustomerRestrictionLifted():
            return known._replace(restricted=False, wanted=False) if known.gone else None
        case CustomerErasureBegun():
            return known._replace(gone=known.gone.union(touchpoint.classes))
        case CustomerErased():
            classes = touchpoint.classes
            return known._replace(gone=known.gone.union(classes), erased=known.erased.union(classes))
        case _:
            return before


def refuse_unlawful(privacy: Privacy, event: Event, cases: Collection[str]) -> None:
    """Raise what an event is refused with: erased personal data does not come back, restricted is not used.

    While it is restricted, what the law still asks for goes on: a case under way is recorded to its end, and
    a complaint can always be made: once ways of contact are erased, under a new id of its own.
    """
    touchpoint = event.touchpoint
    if touchpoint.reserved:
        return
    personal = PERSONAL_FIELDS.get(event.type, {})
    gone = [
        field
        for field, kept in personal.items()
        if kept in privacy.gone and event.data.get(field) is not None
    ]
    if gone:
        raise PersonalDataErased(gone)
    if privacy.closed and touchpoint.case != "complaint" and event.case not in cases:
        raise ProcessingRestricted
