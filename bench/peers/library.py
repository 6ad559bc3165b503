"""Journeys over `eventsourcing` as its documentation teaches it: an aggregate for each customer."""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
import sqlalchemy as sa
from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError, StoredEvent

from bench.events import CUSTOMERS, customer, events

_ATTEMPTS = 10


class Customer(Aggregate):
    """One customer's journey."""

    @event("Met")
    def __init__(self, customer_id: str) -> None:
        self.customer_id = customer_id
        self.touchpoints = 0
        self.last_channel: str | None = None

    @staticmethod
    def create_id(customer_id: str) -> UUID:
        """Return the id of a customer's aggregate."""
        return uuid5(NAMESPACE_URL, f"/customers/{customer_id}")

    @event("TouchpointRecorded")
    def record(self, event_id: str, type_: str, channel: str, time: str, data: dict[str, Any]) -> None:
        """Note that something happened."""
        del event_id, type_, time, data
        self.touchpoints += 1
        self.last_channel = channel


class Journeys(Application[UUID]):
    """All journeys: load, change, save, and again where somebody else was faster."""

    def record(self, told: dict[str, Any]) -> int:
        """Append one touchpoint and return its position."""
        for _ in range(_ATTEMPTS):
            journey = self._journey(told["subject"])
            journey.record(told["id"], told["type"], told["channel"], told["time"], told["data"])
            try:
                position = self.save(journey)[-1].notification.id
            except IntegrityError:
                continue
            return int(position)
        raise RuntimeError("too many others write to this journey")

    def _journey(self, customer_id: str) -> Customer:
        try:
            found: Customer = self.repository.get(Customer.create_id(customer_id))
        except AggregateNotFoundError:
            return Customer(customer_id=customer_id)
        return found


def environment(url: str | None, file: str = "", pool: int = 10) -> dict[str, str]:
    """Return the library's settings for a PostgreSQL database, or a SQLite file."""
    if url is None:
        return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": file}
    place = sa.make_url(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(place.database),
        "POSTGRES_HOST": str(place.host or place.query["host"]),
        "POSTGRES_PORT": str(place.port or 5432),
        "POSTGRES_USER": str(place.username),
        "POSTGRES_PASSWORD": str(place.password or "none"),
        "POSTGRES_POOL_SIZE": str(pool),
        "POSTGRES_MAX_OVERFLOW": "40",
    }


def stored_events(app: Journeys) -> Iterator[StoredEvent]:
    """Yield events without end as the library stores them, spread over all customers in turn."""
    states = [_state(app, told) for told in islice(events("library"), 1_000)]
    ids = [Customer.create_id(customer(number)) for number in range(CUSTOMERS)]
    place, version = 0, 1
    while True:
        for id_ in ids:
            if version == 1:
                met = Customer(customer_id="someone").collect_events()[0]
                first = app.mapper.to_stored_event(met)
                yield StoredEvent(id_, version, first.topic, first.state)
            else:
                place += 1
                topic, state = states[place % len(states)]
                yield StoredEvent(id_, version, topic, state)
        version += 1


def _state(app: Journeys, told: bytes) -> tuple[str, bytes]:
    read = orjson.loads(told)
    journey = Customer(customer_id=read["subject"])
    journey.record(read["id"], read["type"], read["channel"], read["time"], read["data"])
    stored = app.mapper.to_stored_event(journey.collect_events()[1])
    return stored.topic, stored.state
