"""Takes a customer's erasure as far as it goes: each step may be taken again, by anybody, after any crash.

What was asked stands in the customer's stream before anything is done. Keys are destroyed when the stream
says that their erasure has begun, and it says that they are erased when every place has confirmed it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from journey.erasure.record import Asked, Record, record_of
from journey.erasure.schedule import Because, Schedule, due_at
from journey.erasure.sinks import SINKS, Evidence
from journey.errors import EventIdReused, JourneyError, StreamMoved
from journey.event_log import EventLog
from journey.events import Event, RecordedEvent, Version
from journey.in_threads import to_its_end
from journey.sealing.data_keys import DataKeyStore
from journey.sealing.destroying import Destroyer
from journey.sealing.keyring import TRUSTED_SECONDS, Keyring
from journey.searching.table import forget, holds
from journey.submissions import Submission, Writer
from journey.touchpoints import read_touchpoint
from journey.touchpoints.customer import CustomerErased, CustomerErasureBegun
from journey.touchpoints.touchpoint import CLASSES, Retention

SOURCE = "/journey/privacy"
"""The source of the events that the service writes of privacy."""
_PAUSE = timedelta(seconds=TRUSTED_SECONDS)
# How often it is seen whether the cases that an erasure waits for are over.
_CASES = timedelta(hours=1)


class Wait(NamedTuple):
    """What one class waits for."""

    because: Because
    until: datetime | None


class Desk(NamedTuple):
    """Everything that an erasure needs."""

    log: EventLog
    appender: Writer
    keyring: Keyring
    store: DataKeyStore
    destroyer: Destroyer
    views: sa.Engine
    """The read models with the search index."""
    schedules: Mapping[str, Schedule]
    epoch: timedelta
    """How long keys that were destroyed may share the end of their epoch."""
    clock: Callable[[], datetime]

    def read(self, stream_id: str) -> tuple[Record, list[RecordedEvent]]:
        """Read a customer's stream."""
        events = self.log.read_stream(stream_id)
        return record_of(events), events

    def waiting(self, record: Record) -> dict[Retention, Wait]:
        """Return what each class of a wanted erasure that has not begun waits for."""
        wanted = record.wanted
        if wanted is None:
            return {}
        schedule = self.schedules[str(wanted.jurisdiction)]
        return {
            each: Wait(*due_at(schedule, each, record, wanted))
            for each in CLASSES
            if each not in record.begun
        }

    def evidence(self, stream_id: str, record: Record, events: Sequence[RecordedEvent]) -> Evidence:
        """Return what is known of a customer's erasure."""
        graves = self.destroyer.graves(stream_id)
        graves = [grave for grave in graves if grave.retention in record.begun]
        return Evidence(
            classes=record.begun,
            events=events,
            graves=graves,
            kept=frozenset(self.destroyer.kept(stream_id)),
            mark=self.keyring.mark(stream_id),
            indexed=record.begun == frozenset(CLASSES) and holds(self.views, stream_id),
            final=all(map(self.destroyer.is_final, graves)),
            now=self.clock(),
        )

    async def append(self, event: Event, expected: Version | None = None) -> bool:
        """Append one step; tell whether it was the first of its kind. Raises what refuses it."""
        (outcome,) = await self.appender.submit(Submission([event], expected_version=expected))
        if isinstance(outcome, EventIdReused | StreamMoved):
            return False
        if isinstance(outcome, JourneyError):
            raise outcome
        return not outcome.duplicate


def fact(type_: str, stream_id: str, id_: str, data: Mapping[str, Any], now: datetime) -> Event:
    """Return an event that the service itself tells."""
    told = orjson.loads(orjson.dumps(data))
    return Event(
        source=SOURCE,
        id=f"{type_}:{stream_id}:{id_}",
        stream_id=stream_id,
        touchpoint=read_touchpoint(type_, told),
        data=told,
        time=now.isoformat(),
        occurred_at=now,
        channel="system",
    )


async def advance(desk: Desk, stream_id: str) -> datetime | None:
    """Do what can be done for a customer now; return when to look again, None where nothing remains."""
    while True:
        record, events = await to_its_end(desk.read, stream_id)
        now = desk.clock()
        if record.begun:
            await to_its_end(_destroy, desk, stream_id, record, now)
        await to_its_end(_mark, desk, stream_id, record)
        waits = desk.waiting(record)
        ripe = [each for each, wait in waits.items() if _is_over(wait, now)]
        if ripe and record.wanted is not None:
            await _begin(desk, stream_id, record, record.wanted, ripe)
            continue
        if record.state == "erasing":
            again = await _finish(desk, stream_id, record, events)
            if again is not None:
                return again
            continue
        times = [wait.until or now + _CASES for wait in waits.values() if wait.because != "legal_hold"]
        return min(times, default=None)


def _is_over(wait: Wait, now: datetime) -> bool:
    return wait.until is not None and wait.until <= now


async def _begin(
    desk: Desk, stream_id: str, record: Record, asked: Asked, classes: Collection[Retention]
) -> None:
    """Say that the erasure of some classes begins: what was decided before, and not written, conflicts."""
    now = desk.clock()
    data = {"request": asked.request, "by": asked.by, "basis": asked.basis, "classes": sorted(classes)}
    step = fact(CustomerErasureBegun.type, stream_id, f"{asked.request}:{record.version}", data, now)
    await desk.append(step, record.version)


def _destroy(desk: Desk, stream_id: str, record: Record, now: datetime) -> None:
    gone = {grave.retention for grave in desk.destroyer.graves(stream_id)}
    if not record.begun <= gone or desk.destroyer.kept(stream_id) & record.begun:
        desk.destroyer.destroy(stream_id, record.begun, now)
    if record.state == "erasing" and holds(desk.views, stream_id):
        # After the keys: whoever makes the index anew from now on has none of what is erased.
        forget(desk.views, stream_id)


def _mark(desk: Desk, stream_id: str, record: Record) -> None:
    """Let all processes know; after the keys are destroyed, so that nothing older is told under a new tag."""
    desk.store.mark(stream_id, restricted=record.privacy.closed, gone=len(record.begun))
    desk.keyring.notice_now()


async def _finish(
    desk: Desk, stream_id: str, record: Record, events: Sequence[RecordedEvent]
) -> datetime | None:
    """Say that it is erased where every place confirms it; return when to look again where one does not."""
    evidence = await to_its_end(desk.evidence, stream_id, record, events)
    if not all(sink.confirms(evidence) for sink in SINKS):
        since = await to_its_end(desk.destroyer.unfinished_since)
        return max(since + desk.epoch if since else evidence.now, evidence.now + _PAUSE)
    asked = record.begun_by
    assert asked is not None  # noqa: S101  # what is being erased was begun
    begun = sorted(record.begun - record.erased.keys())
    data = {"request": asked.request, "by": asked.by, "basis": asked.basis, "classes": begun}
    places = [sink.name for sink in SINKS]
    step = fact(CustomerErased.type, stream_id, "-".join(begun), data | {"places": places}, evidence.now)
    await desk.append(step)
    return None


def end_epoch(desk: Desk) -> None:
    """End the epoch where keys were destroyed in it so long ago that it is due."""
    since = desk.destroyer.unfinished_since()
    if since is not None and since + desk.epoch <= desk.clock():
        desk.destroyer.rotate()
