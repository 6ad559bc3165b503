"""Specs of policies: given what happened, when something happens or a moment comes, then this is wanted."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from journey.events import Event, Position, RecordedEvent, Version
from journey.policies.configuration import Configuration
from journey.policies.customer import Customer, evolve, from_text, to_text
from journey.policies.policy import Appointment, Cause, Reaction, Wanted, Watch
from journey.processes import load_definitions
from journey.reacting.configuration_file import load_configuration
from journey.rule_sets import load_rule_sets
from journey.touchpoints import TOUCHPOINTS, read_touchpoint
from journey.touchpoints.touchpoint import Touchpoint

SHIPPED = load_configuration().under(load_definitions(rules=load_rule_sets("plain")))
DAY = timedelta(days=1)


def arranged(**tables: Any) -> Configuration:
    """Return the shipped arrangements with other values in some tables, or other tables."""
    plain = SHIPPED.model_dump(mode="json")
    for name, values in tables.items():
        plain[name] = {**plain[name], **values} if isinstance(values, dict) else values
    return Configuration.model_validate(plain).under(SHIPPED.processes)


def recorded(event: Event, version: int) -> RecordedEvent:
    """Return an event as the log would hold it, recorded when it happened."""
    return RecordedEvent(
        stream_id=event.stream_id,
        version=Version(version),
        position=Position(version),
        type=event.type,
        source=event.source,
        id=event.id,
        time=event.time,
        recorded_at=event.occurred_at,
        data=event.data,
        schema_version=event.touchpoint.schema_version,
        case=event.case,
        channel=event.channel,
        attributes=event.attributes,
        process=event.process,
    )


def touchpoint(type_: str, **data: Any) -> Touchpoint:
    """Return the content of an event, as it would be read from the log."""
    return read_touchpoint(TOUCHPOINTS[type_].type, data)


@dataclass(frozen=True)
class Asked:
    """What a policy wants."""

    wanted: list[Wanted]

    def then(self, *expected: Touchpoint, case: str | None = None) -> Self:
        """Check what is wanted, and the case that all of it happens to."""
        assert [each.touchpoint for each in self.wanted] == list(expected)
        assert {each.case for each in self.wanted} <= {case}
        assert len({each.key for each in self.wanted}) == len(self.wanted), "each needs an id of its own"
        return self


@dataclass(frozen=True)
class Given:
    """A customer to whom something has happened."""

    history: tuple[Event, ...]
    configuration: Configuration = SHIPPED
    live: bool = True

    def under(self, configuration: Configuration) -> "Given":
        """Arrange things otherwise."""
        return Given(self.history, configuration, self.live)

    def when(self, event: Event, policy: Reaction, *later: Event, turn: int = 0) -> Asked:
        """Ask about an event, when `later` ones have already happened too."""
        customer = self._customer(*self.history, event, *later)
        cause = Cause(recorded(event, len(self.history) + 1), turn)
        before = deepcopy(customer)

        wanted = list(policy(cause, customer, self.configuration))

        assert customer == before, "a policy changes nothing"
        assert list(policy(cause, customer, self.configuration)) == wanted, "and says the same again"
        return Asked(wanted)

    def appointments(self, policy: Watch) -> list[Appointment]:
        """Ask what ought to happen when."""
        customer = self._customer(*self.history)
        told = list(policy(customer, self.configuration))
        assert list(policy(customer, self.configuration)) == told
        return told

    def at(self, moment: datetime, policy: Watch) -> Asked:
        """Ask what ought to have happened when a moment has come."""
        return Asked([each.wanted for each in self.appointments(policy) if each.at <= moment])

    def _customer(self, *events: Event) -> Customer:
        customer = Customer()
        for version, event in enumerate(events, 1):
            customer = evolve(customer, recorded(event, version), live=self.live)
            assert from_text(to_text(customer)) == customer, "what is stored is the whole of it"
        return customer


def given(*history: Event, live: bool = True) -> Given:
    """Let events happen to a customer; where they are not `live`, they are history."""
    return Given(history, live=live)
