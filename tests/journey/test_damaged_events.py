"""A stored event that is not what was appended is given to nobody, whatever bit of it changed."""

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from journey.errors import DamagedEvent, IllegalTransition
from journey.event_log import EventLog, open_event_log
from journey.events import Position, RecordedEvent, Version
from journey.settings import Settings
from journey.storage import storage_of
from tests.facts import submitted, visit
from tests.journey.proof.tampering import put, tamper
from tests.journey.writing import accept, append, first, send, sql, writing

STREAMS = 24
EVENTS = 480
DAMAGED = 240
CHANCE = random.Random(1)  # noqa: S311  # the same bits in every run


@pytest.fixture
def whole(log: EventLog) -> list[RecordedEvent]:
    """Give the events of a log that nobody has changed yet."""
    told = [visit(f"C{number % STREAMS}") for number in range(EVENTS)]
    append(log, [first(each, number // STREAMS + 1) for number, each in enumerate(told)])
    return log.read_all(limit=EVENTS)


def flipped(value: bytes, chance: random.Random) -> bytes:
    """Return bytes of which one bit is another."""
    bit = chance.randrange(8 * len(value))
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@contextmanager
def reopened(log: EventLog, settings: Settings) -> Iterator[EventLog]:
    """Give the log as another process has it, after the one that has it now."""
    log.close()
    again = open_event_log(storage_of(settings), settings)
    try:
        yield again
    finally:
        again.close()


def told(log: EventLog, whole: Iterable[RecordedEvent]) -> list[list[RecordedEvent]]:
    """Return all events of the log in each way that there is to read them, by position."""
    paged, last = list[RecordedEvent](), Position(0)
    while page := log.read_all(last, 7):
        paged += page
        last = page[-1].position
    streams = [f"C{number}" for number in range(STREAMS)]
    keys = [(event.source, event.id) for event in whole]
    by_key = [log.find([key])[key] for key in keys]
    ways = [
        paged,
        list(log.read_by_stream(11)),
        [event for stream in streams for event in log.read_stream(stream)],
        [
            event
            for stream in streams
            for version in range(EVENTS // STREAMS)
            for event in log.read_stream(stream, Version(version), 1)
        ],
        [known.event for known in by_key],
    ]
    return [sorted(way, key=lambda event: event.position) for way in ways]


def test_no_false_alarm(log: EventLog, whole: list[RecordedEvent], settings: Settings) -> None:
    """What nobody has changed is read as it is, in every way, by who has read it before and who has not."""
    assert len(whole) == EVENTS
    assert told(log, whole) == [whole] * 5
    with reopened(log, settings) as again:
        assert told(again, whole) == [whole] * 5


def test_one_bit_of_an_event_is_noticed_in_every_way_to_read_it(
    log: EventLog, whole: list[RecordedEvent], settings: Settings
) -> None:
    """Of each of 240 events one bit, anywhere: they are damaged, tell nothing, and no other event is."""
    chance = random.Random(20_261_129)  # noqa: S311  # the same bits in every run
    rows = {row.position: row for row in log.tree.rows(0, EVENTS)}
    chosen = chance.sample(sorted(rows), DAMAGED)
    put(settings, "state", {position: flipped(rows[position].state, chance) for position in chosen})
    ways = told(log, whole)
    with reopened(log, settings) as again:
        ways += told(again, whole)

    assert len(ways) == 10
    for way in ways:
        assert [event.position for event in way if event.damaged] == sorted(chosen)
        assert [event for event in way if not event.damaged] == [
            event for event in whole if event.position not in chosen
        ]
        assert all(not event.data and not event.id for event in way if event.damaged)


@pytest.mark.parametrize("column", ["topic", "originator_id", "link"])
def test_a_bit_of_what_stands_beside_the_bytes_is_noticed_too(
    log: EventLog, whole: list[RecordedEvent], settings: Settings, column: str
) -> None:
    """Also where what it leaves is no text any more; all other customers' events are read."""
    chance = random.Random(4)  # noqa: S311  # the same bits in every run
    for _ in range(30):
        row = chance.choice(log.tree.rows(0, EVENTS))
        before = {"topic": row.type.encode(), "originator_id": row.stream_id.encode(), "link": row.link}[
            column
        ]
        assert before is not None
        after = flipped(before, chance)
        if column != "link" and settings.database is not None and (max(after) > 127 or not min(after)):
            continue  # PostgreSQL stores no such text, not even for who has every right
        if after.decode(errors="replace") in {f"C{number}" for number in range(STREAMS)}:
            continue  # two events at one place are refused, triggers or not
        put(settings, column, {row.position: after})
        paged = log.read_all(limit=EVENTS)
        by_stream = sorted(log.read_by_stream(11), key=lambda event: event.position)
        put(settings, column, {row.position: before})

        assert paged[row.position - 1].damaged
        for way in (paged, by_stream):
            assert {event.position for event in way if event.damaged} <= {
                row.position,
                row.position + STREAMS,
            }
            assert len(way) == EVENTS
    assert log.read_all(limit=EVENTS) == whole


def test_values_of_other_types_are_noticed(
    log: EventLog, whole: list[RecordedEvent], settings: Settings
) -> None:
    """What SQLite lets somebody store in place of bytes or text is told as damaged, and stops nobody."""
    if settings.database is not None:
        pytest.skip("the columns of PostgreSQL have types")
    for change in ("state = CAST(state AS TEXT)", "topic = CAST(topic AS BLOB)", "state = 7"):
        tamper(settings, f"UPDATE stored_events SET {change} WHERE rowid = 100")  # noqa: S608  # our own changes
        assert [event.position for event in log.read_all(limit=EVENTS) if event.damaged] == [100]
    assert whole[99].position == 100


def test_an_event_without_a_link_is_read_as_before(log: EventLog, settings: Settings) -> None:
    """What was written behind the service's back, or before there were links: only the tree tells of it."""
    append(log, [first(visit())])
    sql(
        settings,
        "INSERT INTO stored_events (originator_id, originator_version, topic, state) "
        "SELECT originator_id, 2, topic, state FROM stored_events",
    )
    append(log, [first(visit(), 3)])

    for events in (log.read_all(), log.read_stream("C1"), list(log.read_by_stream())):
        assert [event.damaged for event in events] == [False] * 3


class TestWriting:
    """The writer decides nothing upon a damaged event."""

    def test_refuses_what_is_to_follow_it(self, log: EventLog, settings: Settings) -> None:
        """The customer's appends are refused, even known ones; others' in the same group are taken."""
        known = [submitted("C1", case="APP-1"), visit("C1")]
        with writing(log, settings) as appender:
            accept(appender, *known, visit("C2"))
        (row, *_) = log.tree.rows(0, 10)
        put(settings, "state", {row.position: row.state.replace(b"personal-loan", b"personal-load")})
        with reopened(log, settings) as again, writing(again, settings) as appender:
            outcomes = send(appender, visit("C1"), visit("C2"), known[0], visit("C3"))

        assert [type(outcome).__name__ for outcome in outcomes] == [
            "DamagedEvent",
            "Appended",
            "DamagedEvent",
            "Appended",
        ]
        assert f"position {row.position}" in str(outcomes[0])

    def test_goes_on_where_it_is_mended(self, log: EventLog, settings: Settings) -> None:
        """With the bytes of a back-up the journey is what it was, without a restart."""
        with writing(log, settings) as appender:
            accept(appender, visit("C1"), visit("C1"))
        (row, *_) = log.tree.rows(0, 10)
        put(settings, "state", {row.position: flipped(row.state, CHANCE)})
        with reopened(log, settings) as again, writing(again, settings) as appender:
            (outcome,) = send(appender, visit("C1"))
            assert isinstance(outcome, DamagedEvent)
            put(settings, "state", {row.position: row.state})
            assert accept(appender, visit("C1"))[0].version == 3

    @pytest.mark.parametrize(
        "damage",
        [
            "UPDATE journey_snapshots SET version = version - 100",
            "UPDATE journey_snapshots SET state = substr(state, 1, length(state) - 1)",
        ],
    )
    def test_a_damaged_snapshot_is_none(self, log: EventLog, settings: Settings, damage: str) -> None:
        """Nothing is decided upon it: the events are read from the beginning."""
        with writing(log, settings) as appender:
            accept(appender, submitted("C1", case="APP"))
            for _ in range(3):
                accept(appender, *(visit("C1") for _ in range(200)))
        sql(settings, damage)

        with reopened(log, settings) as again, writing(again, settings) as appender:
            assert accept(appender, visit("C1"))[0].version == 602
            (refused,) = send(appender, submitted("C1", case="APP"))

        assert isinstance(refused, IllegalTransition)
        assert not sql(settings, "SELECT version FROM journey_snapshots")

    def test_behind_a_snapshot_what_follows_is_checked(self, log: EventLog, settings: Settings) -> None:
        """The link before the first event that is read is looked up: no false alarm, and none is missed."""
        with writing(log, settings) as appender:
            for _ in range(3):
                accept(appender, *(visit("C1") for _ in range(200)))
        assert sql(settings, "SELECT version FROM journey_snapshots")
        with reopened(log, settings) as again:
            with writing(again, settings) as appender:
                assert accept(appender, visit("C1"))[0].version == 601
            *_, row = again.tree.rows(0, 1_000)
            put(settings, "state", {row.position: flipped(row.state, CHANCE)})
            with reopened(again, settings) as third, writing(third, settings) as appender:
                (outcome,) = send(appender, visit("C1"))

        assert isinstance(outcome, DamagedEvent)
