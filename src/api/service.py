"""What one process of the service holds while it runs: databases, writer, projections, keys."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from fastapi import Request

from api.backpressure import Backpressure
from api.known_keys import KnownKeys
from api.rate_limits import RateLimits, rate_limits
from api.room import Room
from api.tokens import Tokens, tokens_of
from api.watch import Watch
from journey.appender import Appender
from journey.erasure.ledger import Ledger
from journey.erasure.schedule import BadSchedule, load_schedules
from journey.erasure.steps import Desk
from journey.erasure.worker import PrivacyWorker
from journey.event_log import EventLog, open_event_log
from journey.migrating import migrate
from journey.policies.listed import POLICIES
from journey.processes import Processes, processes_of
from journey.proof.cosignatures import read_witnesses
from journey.proof.guard import Guard
from journey.proof.integrator import Integrator
from journey.proof.keys import signer_of
from journey.reacting.configuration_file import load_configuration
from journey.reacting.reactor import Place, Reactor
from journey.reads.recorder import ReadRecorder
from journey.reads.table import ReadRecords
from journey.sealing.data_keys import DataKeyStore
from journey.sealing.destroying import Destroyer
from journey.sealing.keyring import Keyring, epoch_keys, open_keyring
from journey.sealing.sealer import Sealer
from journey.sealing.wrapping import Wrapping
from journey.searching.follower import SearchFollower
from journey.settings import Settings
from journey.shared_appender import SharedAppender
from journey.storage import only_writer, storage_of
from journey.submissions import Writer
from projections.engine import Engine
from projections.lookups import EmbeddedViews, Lookups
from projections.postgres_views import PostgresViews
from projections.projection import Projection
from projections.registry import catalogue, projections


def utc_now() -> datetime:
    """Return the time of the machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Service:
    """Everything that requests need."""

    settings: Settings
    clock: Callable[[], datetime]
    log: EventLog
    appender: Writer
    views: sa.Engine
    """The read models, for reading."""
    engine: Engine
    """Keeps the projections, where this process has that role; takes an operator's orders in any case."""
    projections: dict[str, Projection[Any]]
    processes: Processes
    keys: KnownKeys
    keyring: Keyring
    """The keys that personal data is sealed with."""
    privacy: PrivacyWorker
    """Sees to restriction and erasure."""
    reactor: Reactor
    """Lets cases move by themselves, where this process has that role."""
    search_index: SearchFollower
    """Keeps what customers are searched by, where this process has the role of projections."""
    recorder: ReadRecorder
    """Records who reads personal data."""
    lookups: Lookups
    """The rows of the read models, one by one, for the event loop."""
    watch: Watch
    """Tells readers who wait when a projection has moved."""
    tokens: Tokens | None
    """What checks tokens; None where no identity provider is configured."""
    limits: RateLimits
    """How often callers may ask."""
    room: Room
    """How much of batches is held in memory at once."""
    backpressure: Backpressure
    """Lets batches wait for the read models."""
    integrator: Integrator | None
    """Keeps the tree over the log; None where there is no key to sign with."""
    guard: Guard
    """Tells whether the log lacks what a witness has seen."""


@contextmanager
def running(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Iterator[Service]:
    """Run the service in this process: databases migrated, the writer and the projections at work."""
    storage = storage_of(settings)
    with ExitStack() as stack:
        stack.enter_context(only_writer(storage))
        migrate(storage)
        log = open_event_log(storage, settings)
        stack.callback(log.close)
        processes = processes_of(settings)
        arranged = load_configuration(settings.policies).under(processes)
        known = projections(processes)
        writing, reading = storage.engine("views", writer=True), storage.engine("views", writer=False)
        access = storage.engine("access", writer=True)
        # The writer's connection closes last: it alone may checkpoint.
        for database in (access, writing, reading):
            stack.callback(database.dispose)
        customers_keys = storage.engine("keys", writer=True)
        stack.callback(customers_keys.dispose)
        keyring = open_keyring(customers_keys, settings)
        own = Appender(log, processes, settings, clock, Sealer(keyring, settings.sealing))
        appender = _writer(own, settings)
        recorder = ReadRecorder(ReadRecords(access, clock, settings.bulk_reading_customers), clock)
        place = Place(log, writing, appender, keyring, recorder.record)
        reactor = Reactor(place, arranged, POLICIES, clock)
        if "react" in settings.roles:
            reactor.prepare()
        views = PostgresViews(storage.url) if storage.url is not None else EmbeddedViews(reading, log)
        lookups = Lookups(views, known)
        engine = Engine(log, writing, known, settings, clock, catalogue=catalogue)
        if "project" in settings.roles:
            engine.start()
            stack.callback(engine.stop)
        signer = signer_of(settings)
        read_witnesses(settings.witness_keys)  # a key that is none shows now
        guard = Guard(log, signer, settings.witness)
        guard.check()
        integrator = Integrator(log.tree, signer, guard, settings) if signer else None
        if integrator is not None and "project" in settings.roles:
            integrator.start()
            stack.callback(integrator.stop)
        search_index = SearchFollower(
            log, writing, lambda: open_keyring(customers_keys, settings), settings.phone_country
        )
        if "project" in settings.roles:
            search_index.start()
            stack.callback(search_index.stop)
        yield Service(
            settings=settings,
            clock=clock,
            log=log,
            appender=appender,
            views=reading,
            engine=engine,
            projections={projection.name: projection for projection in known},
            processes=processes,
            keys=KnownKeys(access, clock),
            keyring=keyring,
            privacy=_privacy(
                log, appender, keyring, (customers_keys, writing), settings=settings, clock=clock
            ),
            reactor=reactor,
            search_index=search_index,
            recorder=recorder,
            lookups=lookups,
            watch=Watch(lookups),
            tokens=tokens_of(settings, clock),
            limits=rate_limits(settings),
            room=Room(settings.max_bodies_bytes),
            backpressure=Backpressure(lookups, [each.name for each in known], settings.max_batch_lag, clock),
            integrator=integrator,
            guard=guard,
        )


def _writer(own: Appender, settings: Settings) -> Writer:
    """Return the writer of this process, or what finds the one that several processes share."""
    if settings.writer_directory is None or "api" not in settings.roles:
        return own
    return SharedAppender(own, settings.writer_directory, settings.queue_events)


def _privacy(
    log: EventLog,
    appender: Writer,
    keyring: Keyring,
    engines: tuple[sa.Engine, sa.Engine],
    *,
    settings: Settings,
    clock: Callable[[], datetime],
) -> PrivacyWorker:
    keys, views = engines
    schedules = load_schedules(settings.retention)
    if settings.jurisdiction not in schedules:
        known = ", ".join(sorted(schedules))
        raise BadSchedule(f"jurisdiction: there is no schedule of {settings.jurisdiction}; there are {known}")
    desk = Desk(
        log=log,
        appender=appender,
        keyring=keyring,
        store=DataKeyStore(keys),
        destroyer=Destroyer(keys, Wrapping(settings.tenant, epoch_keys(settings))),
        views=views,
        schedules=schedules,
        epoch=timedelta(hours=settings.erasure_epoch_hours),
        clock=clock,
    )
    return PrivacyWorker(desk, Ledger(keys))


def service_of(request: Request) -> Service:
    """Return the service that a request was made to."""
    service: Service = request.app.state.service
    return service
