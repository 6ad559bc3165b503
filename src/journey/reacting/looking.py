"""Looks at what the log has had since the checkpoint, and at whose moment has come: what there is to do."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from journey.errors import DamagedEvent
from journey.event_log import EventLog
from journey.events import RecordedEvent
from journey.policies.configuration import Configuration
from journey.policies.customer import Customer, from_text
from journey.policies.policy import Policy
from journey.reacting.asking import Work
from journey.reacting.folding import Fold
from journey.reacting.parking import EVERY, Parked, parked_now
from journey.reacting.table import Checkpoint, Row, View, due, known_checkpoint, seen

# Few enough that nobody waits long for what is done for so many.
_EVENTS = 1_000
_CUSTOMERS = 200


class Sight(NamedTuple):
    """What there is to do now."""

    before: Checkpoint
    after: Checkpoint
    """Where the log will have been followed to when it is done."""
    work: Sequence[Work]
    damaged: Sequence[Parked]
    """Customers whose events cannot be read."""
    full: bool
    """Whether there may be more."""


class Looker(NamedTuple):
    """What is needed to look."""

    log: EventLog
    views: sa.Engine
    configuration: Configuration
    policies: Sequence[Policy]
    fold: Fold

    def look(self, now: datetime) -> Sight:
        """Look at a page of the log and at some customers whose moment has come."""
        before = known_checkpoint(self.views)
        events = self.log.read_all(before.position, _EVENTS)
        ripe = due(self.views, now, _CUSTOMERS)
        by_stream: dict[str, list[RecordedEvent]] = {stream_id: [] for stream_id in ripe}
        for event in events:
            by_stream.setdefault(event.stream_id, []).append(event)
        view = seen(self.views, by_stream)
        damaged: list[Parked] = []
        customers = self._customers(by_stream, view, damaged, now)
        turns = dict(before.turns)
        taken = {
            event.position: self._turns(event, turns) for event in events if self._is_asked(event, before)
        }
        work = [
            Work(
                stream_id,
                customer,
                [(event, taken[event.position]) for event in by_stream[stream_id] if event.position in taken],
                frozenset(policy for stream, policy in view.parked if stream == stream_id),
            )
            for stream_id, customer in customers.items()
        ]
        position = events[-1].position if events else before.position
        full = len(events) == _EVENTS or len(ripe) == _CUSTOMERS
        return Sight(before, before._replace(position=position, turns=turns), work, damaged, full)

    def _customers(
        self, by_stream: Mapping[str, list[RecordedEvent]], view: View, damaged: list[Parked], now: datetime
    ) -> dict[str, Customer]:
        """Fold each customer up to the last event of the page; who cannot be folded is noted as damaged."""
        customers: dict[str, Customer] = {}
        for stream_id, events in by_stream.items():
            if (stream_id, EVERY) in view.parked:
                continue
            try:
                customers[stream_id] = self._customer(stream_id, events, view.rows.get(stream_id))
            except DamagedEvent as error:
                first = events[0].position if events else self.log.head()
                damaged.append(parked_now(stream_id, EVERY, first, type(error).__name__, now))
        return customers

    def _customer(self, stream_id: str, events: Sequence[RecordedEvent], row: Row | None) -> Customer:
        known = from_text(row.state) if row else Customer()
        if known is None or (events and events[0].version > known.version + 1):
            return self.fold.newest(self.log, stream_id, known or Customer())
        return self.fold.folded(known, events)

    def _is_asked(self, event: RecordedEvent, before: Checkpoint) -> bool:
        """Tell whether policies are asked about an event."""
        return not event.damaged and self.fold.live(event) and event.position > before.asked_until

    def _turns(self, event: RecordedEvent, turns: dict[str, int]) -> dict[str, int]:
        """Let an event take its turn in the queues of the policies that it concerns."""
        taken: dict[str, int] = {}
        for policy in self.policies:
            if policy.queue is None or event.type not in policy.on:
                continue
            queue = None
            with suppress(Exception):  # the policy itself fails at it too, and then is parked
                queue = policy.queue(event, self.configuration)
            if queue is not None:
                taken[policy.name] = turns.get(queue, 0)
                turns[queue] = taken[policy.name] + 1
        return taken
