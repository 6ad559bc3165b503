"""Folds customers for policies: from what is known of them, and what the log has had since."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from journey.event_log import EventLog
from journey.events import Position, RecordedEvent
from journey.policies.customer import Customer, evolve


class Fold(NamedTuple):
    """What tells history from what is acted upon."""

    history: timedelta
    """What is recorded so long after it happened is history."""
    began_after: Position
    """So is everything up to here: nobody was there to act upon it."""

    def live(self, event: RecordedEvent) -> bool:
        """Tell whether an event is acted upon."""
        return event.position > self.began_after and event.recorded_at - event.occurred_at <= self.history

    def folded(self, customer: Customer, events: Iterable[RecordedEvent]) -> Customer:
        """Return a customer after those events that it was not folded with yet; raise `DamagedEvent`."""
        for event in events:
            if event.version > customer.version:
                customer = evolve(customer, event, live=self.live(event))
        return customer

    def newest(self, log: EventLog, stream_id: str, customer: Customer) -> Customer:
        """Return a customer as the log has it now."""
        return self.folded(customer, log.read_stream(stream_id, customer.version))
