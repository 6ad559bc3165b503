"""What a policy is: a pure function from what happened, and how a customer stands, to further events.

A reaction is asked about a recorded event. A watch is asked about a customer, and says what ought to happen
when, unless something else happens first: it never sees a clock, which is only needed to tell that a moment
has come.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from journey.events import RecordedEvent
from journey.policies.configuration import Configuration
from journey.policies.customer import Customer
from journey.touchpoints.touchpoint import Touchpoint


class Cause(NamedTuple):
    """An event that policies are asked about."""

    event: RecordedEvent
    turn: int
    """How many causes stood before it in the queue that the policy lets it take its turn in."""


class Wanted(NamedTuple):
    """An event that a policy wants appended to the customer's stream.

    Personal values of the cause may be passed on as they are, sealed.
    """

    touchpoint: Touchpoint
    case: str | None = None
    """The case that it happens to; None for one that opens a case, or needs none."""
    key: str = ""
    """What tells it apart from whatever else the policy wants of the same cause, or of the same customer."""


class Appointment(NamedTuple):
    """An event that ought to be when its moment comes."""

    at: datetime
    wanted: Wanted
    """Its key names the case and the moment that it derives from: it is appended once for them."""


Reaction = Callable[[Cause, Customer, Configuration], Iterable[Wanted]]
Watch = Callable[[Customer, Configuration], Iterable[Appointment]]
Queue = Callable[[RecordedEvent, Configuration], str | None]


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy, with everything that the reactor knows of it."""

    name: str
    """Its name, fixed for ever: the events that it wants carry it as their source."""
    react: Reaction | None = None
    on: tuple[str, ...] = ()
    """The types of events that the reaction is asked about."""
    watch: Watch | None = None
    queue: Queue | None = None
    """Names the queue in which a cause takes its turn, so that work goes round."""
