"""The table of read records: appended in one chain by all processes, and read page by page."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog

from journey.reads.bulk import BulkWatch
from journey.reads.records import NO_LINK, POLICIES, BulkReading, Reading, Stored, agrees, link, stored

# Any number that nobody else locks: the chain has one end, and one process at a time that appends to it.
_CHAIN_LOCK = 0x72656164
# How far back others' records are counted, which bounds how long the first append of a process takes.
_COUNTED = 100_000
_PAGE = 5_000

_log = structlog.get_logger()
_METADATA = sa.MetaData()
READ_RECORDS = sa.Table(
    "read_records",
    _METADATA,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("caller", sa.Text, nullable=False),
    sa.Column("stream_id", sa.Text),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Column("link", sa.LargeBinary, nullable=False),
)
_C = READ_RECORDS.c
_LAST = sa.select(_C.number, _C.link).order_by(_C.number.desc()).limit(1)
_INSERT = sa.text("INSERT INTO read_records VALUES (:number, :at, :caller, :stream_id, :record, :link)")
# All rows with one message to the server, where a message for each takes most of the time.
_INSERT_TOGETHER = sa.text(
    "INSERT INTO read_records SELECT * FROM unnest(cast(:number AS bigint[]), cast(:at AS text[]), "
    "cast(:caller AS text[]), cast(:stream_id AS text[]), cast(:record AS bytea[]), cast(:link AS bytea[]))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records somebody asks for."""

    customer: str | None = None
    caller: str | None = None
    since: str | None = None
    """Recorded at or after."""
    until: str | None = None
    """Recorded before."""
    kind: str | None = None


class ChainFault(NamedTuple):
    """Where the chain of records is broken first."""

    number: int
    reason: str


class Chain(NamedTuple):
    """The chain of records, as far as it is whole."""

    records: int
    link: bytes
    """That of the last of them."""
    fault: ChainFault | None


class ReadRecords:
    """The records; one object appends from one thread at a time."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime], bulk_customers: int) -> None:
        self.bulk_readings = 0
        """How often unusually many customers' data was opened, as far as this process noticed."""
        self._engine = engine
        self._clock = clock
        self._bulk_customers = bulk_customers
        self._watch = BulkWatch(bulk_customers)
        self._counted: int | None = None
        """The last record that the watch has counted; None where it has to begin anew."""

    def append(self, readings: Sequence[Reading]) -> None:
        """Record readings, durably, in one transaction; warn of unusually many."""
        now = self._clock()
        try:
            with self._engine.begin() as connection:
                self._lock(connection)
                noticed = self._append(connection, readings, now)
        except BaseException:
            self._watch, self._counted = BulkWatch(self._bulk_customers), None
            raise
        for bulk in noticed:
            self.bulk_readings += 1
            _log.warning("bulk_reading", caller=bulk.caller, customers=bulk.customers)

    def page(self, wanted: Wanted, before: int | None, limit: int) -> list[Stored]:
        """Return the newest records that are wanted, of those before a number."""
        conditions = {
            "stream_id": None if wanted.customer is None else _C.stream_id == wanted.customer,
            "caller": None if wanted.caller is None else _C.caller == wanted.caller,
            "since": None if wanted.since is None else _C.at >= wanted.since,
            "until": None if wanted.until is None else _C.at < wanted.until,
            "kind": None if wanted.kind is None else _C.stream_id.is_(None) == (wanted.kind == "bulk"),
            "before": None if before is None else _C.number < before,
        }
        query = sa.select(READ_RECORDS).where(*(each for each in conditions.values() if each is not None))
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_C.number.desc()).limit(limit))
            return [_stored(row) for row in rows]

    def _lock(self, connection: sa.Connection) -> None:
        # SQLite has begun with the lock of its only writer.
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CHAIN_LOCK)))

    def _append(
        self, connection: sa.Connection, readings: Sequence[Reading], now: datetime
    ) -> list[BulkReading]:
        last = connection.execute(_LAST).one_or_none()
        number, before = (last.number, bytes(last.link)) if last else (0, NO_LINK)
        self._count_others(connection, number, now)
        noticed = list(self._noticed(readings, now))
        rows, at = list[Stored](), _text(now)
        told: list[Reading | BulkReading] = [*readings, *noticed]
        for said in told:
            number += 1
            row = stored(number, at, said, before)
            before = row.link
            rows.append(row)
        _insert(connection, rows)
        self._counted = number
        return noticed

    def _noticed(self, readings: Sequence[Reading], now: datetime) -> Iterator[BulkReading]:
        for each in readings:
            if _is_watched(each) and (many := self._watch.exceeded(each.caller, each.stream_id, now)):
                yield BulkReading(each.caller, many)

    def _count_others(self, connection: sa.Connection, last: int, now: datetime) -> None:
        """Count what other processes have recorded since this one did, and at first what there was before."""
        if self._counted == last:
            return
        after = max(last - _COUNTED, self._counted or 0)
        query = sa.select(_C.caller, _C.stream_id, _C.at, _C.record).where(_C.number > after)
        if self._counted is None:
            query = query.where(_C.at > _text(now - timedelta(hours=1)))
        for row in connection.execute(query.order_by(_C.number)):
            at = datetime.fromisoformat(row.at)
            if row.stream_id is None:
                self._watch.told(row.caller, at)
            elif b'"own":true' not in bytes(row.record) and not row.caller.startswith(POLICIES):
                self._watch.exceeded(row.caller, row.stream_id, at)


def check_chain(connection: sa.Connection) -> Chain:
    """Check every record from the first on, up to one that is not what was recorded.

    What was cut off at the end is seen only by who knows a link of it.
    """
    number, before = 0, NO_LINK
    while True:
        query = sa.select(READ_RECORDS).where(_C.number > number).order_by(_C.number).limit(_PAGE)
        rows = connection.execute(query).all()
        if not rows:
            return Chain(number, before, None)
        for row in rows:
            each = _stored(row)
            reason = _fault(each, number + 1, before)
            if reason is not None:
                return Chain(number, before, ChainFault(number + 1, reason))
            number, before = each.number, each.link


def _is_watched(reading: Reading) -> bool:
    """Tell whether a reading counts as one of many: not one's own, nor what a policy passes on by rule."""
    return not reading.own and not reading.caller.startswith(POLICIES)


def _insert(connection: sa.Connection, rows: Sequence[Stored]) -> None:
    if connection.dialect.name == "postgresql":
        columns = zip(*rows, strict=True)
        together = {name: list(column) for name, column in zip(Stored._fields, columns, strict=True)}
        connection.execute(_INSERT_TOGETHER, together)
    else:
        connection.execute(_INSERT, [row._asdict() for row in rows])


def _stored(row: sa.Row[Any]) -> Stored:
    return Stored(row.number, row.at, row.caller, row.stream_id, bytes(row.record), bytes(row.link))


def _text(moment: datetime) -> str:
    # All of one width: the order of the texts is the order of time.
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def _fault(each: Stored, number: int, before: bytes) -> str | None:
    if each.number != number:
        return "removed"
    if each.link != link(before, each.record):
        return "changed"
    return None if agrees(each) else "columns changed"
