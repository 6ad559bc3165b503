"""Reactors on real databases, with a clock that the test sets."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from journey.event_log import EventLog
from journey.events import Event, Position, RecordedEvent
from journey.policies.configuration import Configuration
from journey.policies.listed import POLICIES
from journey.policies.policy import Policy
from journey.reacting.reactor import Place, Reactor
from journey.reads.recorder import ReadRecorder
from journey.reads.table import ReadRecords
from journey.sealing.keyring import open_keyring
from journey.sealing.sealer import Sealer
from journey.settings import Settings
from journey.storage import storage_of
from tests import loops
from tests.facts import NOON, event
from tests.journey.policies.specs import SHIPPED
from tests.journey.writing import Writer, accept, writing


class House:
    """A log with a writer and any number of reactors, and a clock that stands still until it is moved."""

    def __init__(
        self, log: EventLog, writer: Writer, place: Place, now: list[datetime], records: ReadRecords
    ) -> None:
        self.log, self.writer, self.place, self._now = log, writer, place, now
        self.records = records

    @property
    def views(self) -> sa.Engine:
        """The database of the reactor's tables."""
        return self.place.views

    def pass_time(self, **much: float) -> datetime:
        """Let time pass, or go back; return the time."""
        self._now[0] += timedelta(**much)
        return self._now[0]

    def happens(self, type_: str, data: dict[str, Any] | None = None, **further: Any) -> str | None:
        """Append an event that happens now; return its case."""
        told: Event = event(type_, data, **{"at": self._now[0], **further})
        return accept(self.writer, told)[0].case

    def reactor(
        self,
        configuration: Configuration = SHIPPED,
        policies: Sequence[Policy] = POLICIES,
        place: Place | None = None,
    ) -> Reactor:
        """Return another reactor."""
        return loops.call(lambda: Reactor(place or self.place, configuration, policies, lambda: self._now[0]))

    def react(self, *reactors: Reactor) -> None:
        """Let reactors do all that there is to do, at once; a new one where none is named."""
        working = reactors or (self.reactor(),)

        async def all_of() -> None:
            await asyncio.gather(*(each.catch_up() for each in working))

        loops.wait_for(all_of())

    def all(self) -> list[RecordedEvent]:
        """Read the log."""
        return self.log.read_all(Position(0), 100_000)

    def by_policies(self) -> list[tuple[str, str]]:
        """Return what policies have appended: the policy and the type, in order."""
        return [
            (each.source.removeprefix("/policies/"), each.type)
            for each in self.all()
            if each.source.startswith("/policies/")
        ]


@contextmanager
def house(log: EventLog, settings: Settings, at: datetime = NOON) -> Iterator[House]:
    """Open a house on an empty log."""
    storage, now = storage_of(settings), [at]
    access = storage.engine("access", writer=True)
    views, keys = storage.engine("views", writer=True), storage.engine("keys", writer=True)
    keyring = open_keyring(keys, settings)
    with writing(log, settings, lambda: now[0], sealer=Sealer(keyring, settings.sealing)) as writer:
        records = ReadRecords(access, lambda: now[0], 3)
        recorder = loops.call(lambda: ReadRecorder(records, lambda: now[0]))
        place = Place(log, views, writer.appender, keyring, recorder.record)
        yield House(log, writer, place, now, records)
    access.dispose()
    views.dispose()
    keys.dispose()
