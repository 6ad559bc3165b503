"""Long journeys are loaded from snapshots, and what is decided upon them is what the whole stream says."""

import pytest

from journey.errors import IllegalTransition
from journey.event_log import EventLog, Sight, Snapshot
from journey.events import Version
from journey.settings import Settings
from tests import loops
from tests.facts import submitted, visit
from tests.journey.moves import approved, started, withdrawn
from tests.journey.writing import accept, send, writing

LONG = 1_150
"""How many events the long stream has: two snapshots and something after the second."""


@pytest.fixture
def long(log: EventLog, settings: Settings) -> str:
    """Give a customer with a long stream, whose application was decided at its beginning."""
    with writing(log, settings) as appender:
        accept(appender, submitted("C1", case="APP-1"), started("APP-1"), approved("APP-1"))
        for _ in range((LONG - 3) // 37):
            accept(appender, *(visit("C1") for _ in range(37)))
        accept(appender, *(visit("C1") for _ in range((LONG - 3) % 37)))
    return "C1"


def look(log: EventLog, stream_id: str) -> Sight:
    """Return what a writer that knows nothing of a stream is shown."""
    return loops.wait_for(log.writer.look((), {stream_id: Version(0)}))


def test_only_the_end_of_a_long_stream_is_read(log: EventLog, long: str) -> None:
    """A snapshot stands for all but the last few hundred events."""
    sight = look(log, long)
    (snapshot,) = sight.snapshots

    assert LONG - 500 <= snapshot.version < LONG
    assert [each.version for each in sight.events] == list(range(snapshot.version + 1, LONG + 1))


def test_rules_hold_as_upon_the_whole_stream(log: EventLog, settings: Settings, long: str) -> None:
    """A writer that loads the snapshot goes on at the right version, and knows what became of old cases."""
    with writing(log, settings) as appender:
        (refused,) = send(appender, started("APP-1"))
        (answer,) = accept(appender, visit(long))

    assert isinstance(refused, IllegalTransition)
    assert refused.state == "approved"
    assert answer.version == LONG + 1


@pytest.mark.parametrize("state", [b"", b"not a snapshot"])
def test_a_snapshot_that_cannot_be_read_is_none(
    log: EventLog, settings: Settings, long: str, state: bytes
) -> None:
    """It is removed, and the stream is read from its beginning."""
    loops.wait_for(log.writer.keep(Snapshot(long, LONG, state)))
    assert [each.version for each in look(log, long).snapshots] == [LONG]
    with writing(log, settings) as appender:
        (refused,) = send(appender, withdrawn("APP-1"))
        (answer,) = accept(appender, visit(long))

    assert isinstance(refused, IllegalTransition)
    assert answer.version == LONG + 1
    assert look(log, long).snapshots == []


def test_short_streams_have_none(log: EventLog, settings: Settings) -> None:
    """Customers with a few events cost no more than those."""
    with writing(log, settings) as appender:
        accept(appender, *(visit("C1") for _ in range(499)))
        assert look(log, "C1").snapshots == []
        accept(appender, visit("C1"))
        assert [each.version for each in look(log, "C1").snapshots] == [500]
