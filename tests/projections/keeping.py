"""Read models kept on real databases: a log to write to, engines, a projection that doubles on any race."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa

from journey.event_log import EventLog, entry, open_event_log
from journey.events import Event, Position, RecordedEvent
from journey.settings import Settings
from journey.storage import Storage, storage_of
from journey.touchpoints import TOUCHPOINTS
from projections import checkpoints
from projections.checkpoints import Build, Parked
from projections.engine import Engine
from projections.metadata import KeyText
from projections.projection import Key, Projection, Row
from tests.facts import NOON
from tests.facts import event as fact
from tests.journey.writing import append
from tests.projections.specs import Told, fold

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Kept:
    """A log and the read models that engines keep of it."""

    settings: Settings
    storage: Storage
    log: EventLog
    views: sa.Engine
    """The one that engines write through."""
    reading: sa.Engine
    """The one that readers have: it cannot write to SQLite."""

    def record(self, *events: Event, recorded_at: datetime = NOON) -> list[Position]:
        """Append events behind what their customers' streams hold."""
        versions = {event.stream_id: len(self.log.read_stream(event.stream_id)) for event in events}
        entries = []
        for event in events:
            versions[event.stream_id] += 1
            entries.append(entry(event, versions[event.stream_id], recorded_at, b"", None))
        return append(self.log, entries)

    further: ExitStack
    """Closes what is opened on the way."""

    def engine(
        self, *projections: Projection[Any], page: int = 1_000, pages: int = 1, log: EventLog | None = None
    ) -> Engine:
        """Return an engine that has seen to its builds, and goes so many pages on in a step."""
        settings = self.settings.model_copy(update={"page_events": page, "pages_per_pass": pages})
        engine = Engine(log or self.log, self.views, projections, settings, lambda: NOW)
        engine.prepare()
        return engine

    def process(self, *projections: Projection[Any], page: int = 1_000) -> Engine:
        """Return an engine whose thread may run beside others: on PostgreSQL with a log of its own."""
        if self.storage.embedded:
            return self.engine(*projections, page=page)
        log = open_event_log(self.storage, self.settings)
        self.further.callback(log.close)
        return self.engine(*projections, page=page, log=log)

    def builds(self, projection: Projection[Any]) -> dict[int, Build]:
        """Return the builds of a projection by their numbers."""
        with self.reading.connect() as connection:
            return {build.build: build for build in checkpoints.builds(connection, projection.name)}

    def live(self, projection: Projection[Any]) -> Build:
        """Return the build that readers see."""
        with self.reading.connect() as connection:
            return checkpoints.live_build(connection, projection.name)

    def parked(self, projection: Projection[Any], build: Build | None = None) -> dict[str, Parked]:
        """Return who is parked in a build, the live one where none is named."""
        with self.reading.connect() as connection:
            seen = build or checkpoints.live_build(connection, projection.name)
            return {customer.stream_id: customer for customer in checkpoints.parked(connection, seen)}

    def rows(self, projection: Projection[Any], build: int | None = None) -> dict[Key, Row]:
        """Return the rows of a build by their keys, of the live one where none is named."""
        with self.reading.connect() as connection:
            number = build or checkpoints.live_build(connection, projection.name).build
            query = sa.select(projection.table).where(projection.table.c.build == number)
            rows = [dict(row) for row in connection.execute(query).mappings()]
        for row in rows:
            del row["build"]
        return {row[projection.key]: row for row in rows}

    def replayed(self, projection: Projection[Any], until: Position | None = None) -> dict[Key, Row]:
        """Return the rows that a fold of the log gives, one event after the other."""
        events = self.log.read_all(limit=1_000_000)
        return fold(projection, [event for event in events if until is None or event.position <= until])


@contextmanager
def keeping(settings: Settings, log: EventLog) -> Iterator[Kept]:
    """Open read models beside a log; the tables of the tests' own projections are made too."""
    storage = storage_of(settings)
    views, reading = storage.engine("views", writer=True), storage.engine("views", writer=False)
    with views.begin() as connection:
        for name in ("counting", "other"):
            counted(name).create(connection)
    with ExitStack() as further:
        further.callback(views.dispose)
        further.callback(reading.dispose)
        yield Kept(settings, storage, log, views, reading, further)


@cache
def counted(name: str) -> sa.Table:
    """Return the table of a counting projection."""
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column("build", sa.Integer, primary_key=True),
        sa.Column("stream_id", KeyText, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("events", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False, comment="the sum of all positions"),
        sa.Column("note", sa.Text),
    )


@dataclass(frozen=True)
class Count:
    """How many events of a customer were counted."""

    stream_id: str
    position: int = 0
    events: int = 0
    total: int = 0
    note: str | None = None
    """The channel of the last event; `phone` once it was that."""


def counting(
    name: str = "counting",
    *,
    version: int = 1,
    refuse: Callable[[RecordedEvent], object] = lambda event: None,  # noqa: ARG005  # refuses none
    to_row: Callable[[Count], Row] = vars,
) -> Projection[Count]:
    """Return a projection that counts each customer's events: an event counted twice or never shows.

    `refuse` raises for events that the projection shall stumble over.
    """

    def evolve(count: Count | None, event: RecordedEvent) -> Count:
        refuse(event)
        before = count or Count(event.stream_id)
        events, total = before.events + version, before.total + event.position
        note = "phone" if before.note == "phone" else event.channel
        return Count(event.stream_id, event.position, events, total, note)

    return Projection(
        name=name,
        version=version,
        table=counted(name),
        key="stream_id",
        key_of=lambda event: event.stream_id,
        evolve=evolve,
        to_row=to_row,
        from_row=lambda row: Count(**{name: row[name] for name in row if name != "build"}),
    )


def facts(history: Sequence[tuple[str, Told]]) -> list[Event]:
    """Return the events that channels told of customers; their cases are their own."""
    return [
        Event(
            source="/channels/test",
            id=fact("interaction.recorded", {"touchpoint": "x", "action": "y"}).id,
            stream_id=customer,
            touchpoint=TOUCHPOINTS[told.type].model_validate_json(orjson.dumps(told.data)),
            data=told.data,
            time=told.at or NOON.isoformat(),
            occurred_at=NOON,
            case=f"{told.case}-{customer}" if told.case else None,
            channel=told.channel,
            deviation=told.deviation,
            process=told.process,
        )
        for customer, told in history
    ]
