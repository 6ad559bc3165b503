"""Each event is stored with the link of its stream, whoever appended what came before it."""

import hashlib
import struct

import pytest
from alembic import command
from alembic.config import Config

from journey.event_log import EventLog, open_event_log
from journey.event_log.links import Links
from journey.migrating import migrate
from journey.settings import Settings
from journey.storage import Storage, storage_of
from tests.documents import ROOT
from tests.facts import visit
from tests.journey.writing import accept, append, first, sql, writing

STREAMS = ("C1", "客户2", "C3")
_STORED = (
    "SELECT originator_id, originator_version, topic, state, link FROM stored_events "
    "ORDER BY originator_id, originator_version"
)


def expected(settings: Settings) -> list[bytes]:
    """Return the links of all events, by stream and version, from what is stored of them."""
    links, last = list[bytes](), dict[str, bytes]()
    for stream, version, type_, state, _ in sql(settings, _STORED):
        fields = [version.to_bytes(8, "big")]
        texts = [stream.encode(), type_.encode(), bytes(state)]
        fields += [struct.pack(">I", len(text)) for text in texts]
        leaf = hashlib.sha256(b"".join([b"\x00cj/1", *fields, *texts])).digest()
        last[stream] = hashlib.sha256(b"\x02" + last.get(stream, bytes(32)) + leaf).digest()
        links.append(last[stream])
    return links


def stored(settings: Settings) -> list[bytes | None]:
    """Return the links that are stored, in the same order."""
    return [link if link is None else bytes(link) for *_, link in sql(settings, _STORED)]


def test_every_event_has_its_link(log: EventLog, settings: Settings) -> None:
    """In one commit or several, of one stream or many; and after a restart, which knows no links."""
    with writing(log, settings) as appender:
        for _ in range(3):
            accept(appender, *(visit(stream) for stream in STREAMS for _ in range(3)))
        accept(appender, visit("C1"))
    log.close()
    again = open_event_log(storage_of(settings), settings)
    with writing(again, settings) as appender:
        accept(appender, *(visit(stream) for stream in STREAMS))
    again.close()

    assert stored(settings) == expected(settings)
    assert len(set(stored(settings))) == 31


def test_links_that_are_not_at_hand_are_looked_up(
    log: EventLog, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that has forgotten a stream's link, while its journey is at hand, asks for it."""
    monkeypatch.setattr("journey.event_log.links._STREAMS", 1)
    with writing(log, settings) as appender:
        for _ in range(2):
            accept(appender, *(visit(stream) for stream in STREAMS))

    assert stored(settings) == expected(settings)


def test_after_an_event_without_a_link_the_chain_begins_anew(log: EventLog, settings: Settings) -> None:
    """What was written behind the service's back does not keep it from going on; verification tells of it."""
    append(log, [first(visit())])
    sql(
        settings,
        "INSERT INTO stored_events (originator_id, originator_version, topic, state) "
        "SELECT originator_id, 2, topic, state FROM stored_events",
    )
    append(log, [first(visit(), 3)])

    before, missing, after = stored(settings)
    assert before == expected(settings)[0]
    assert missing is None
    assert after not in (None, expected(settings)[2])


def test_a_commit_that_failed_leaves_no_link_behind() -> None:
    """What was never appended is no event's predecessor."""
    links, told = Links(), [first(visit(), version) for version in (1, 2)]
    lost = links.of(told)

    assert lost.missing == []
    assert links.of(told[1:]).missing == [("C1", 1)]
    links.see(links.of(told[:1]).heads)
    assert links.of(told[1:]).missing == []
    assert links.of(told[1:]).links == lost.links[1:]


def _migrate_to(storage: Storage, revision: str) -> None:
    engine = storage.engine("log", writer=True)
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("version_locations", str(ROOT / "migrations" / "log"))
    config.set_main_option("path_separator", "newline")
    with engine.begin() as connection:
        config.attributes.update(connection=connection, part="log")
        command.upgrade(config, revision)
    engine.dispose()


@pytest.mark.first_start
def test_a_log_of_the_version_before_gets_its_links(settings: Settings) -> None:
    """The migration links what is stored, and the log refuses changes as before."""
    storage = storage_of(settings)
    _migrate_to(storage, "log_0002")
    state = "'{}'" if settings.database else "x'7b7d'"
    for position in range(1, 41):
        sql(
            settings,
            "INSERT INTO stored_events (originator_id, originator_version, topic, state) "  # noqa: S608  # our own values
            f"VALUES ('{STREAMS[position % 3]}', {position}, 'visit', {state})",
        )
    migrate(storage)

    assert stored(settings) == expected(settings)
    with pytest.raises(Exception, match="append-only"):
        sql(settings, "UPDATE stored_events SET link = NULL")
    assert None not in stored(settings)
