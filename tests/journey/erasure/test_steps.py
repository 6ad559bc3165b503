"""An erasure goes as far as the law allows, after any crash again, until every place confirms it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from journey.erasure.sinks import SINKS
from journey.erasure.steps import Desk
from journey.event_log import EventLog
from journey.sealing.data_keys import DATA_KEYS, KeyName
from journey.sealing.destroying import Destroyer
from journey.sealing.epoch_keys import NoEpochKeys
from journey.sealing.keyring import epoch_keys, open_keyring
from journey.sealing.wrapping import Wrapping
from journey.settings import Settings
from journey.storage import storage_of
from journey.touchpoints.touchpoint import CLASSES
from tests import loops
from tests.facts import event
from tests.journey.erasure.offices import Office, office, person
from tests.journey.writing import accept, send, until


@pytest.fixture
def desk(log: EventLog, settings: Settings, tmp_path: Path) -> Iterator[Office]:
    """Give an office with two customers."""
    with office(log, settings, tmp_path / "schedules") as found:
        accept(found.writer, person("C1"), person("C2"))
        yield found


class TestErasure:
    def test_everything_at_once(self, desk: Office) -> None:
        """Keys are gone, others' are not, every place has confirmed, and the stream says so."""
        desk.ask("erasure_requested", jurisdiction="NOW")
        desk.work(3)
        record = desk.record()

        assert record.state == "erased"
        assert record.erased["identity"].places == tuple(sink.name for sink in SINKS)
        assert desk.desk.destroyer.kept("C1") == set()
        assert desk.desk.destroyer.kept("C2") == {"identity", "contact"}
        assert desk.record("C2").state == "active"

    def test_what_the_law_keeps(self, desk: Office) -> None:
        """It is restricted until its time is over, and erased then."""
        desk.ask("erasure_requested", jurisdiction="DAYS")
        desk.work(3)
        assert desk.record().state == "restricted"
        assert desk.record().erased.keys() == {"contact", "correspondence"}
        assert desk.desk.destroyer.kept("C1") == {"identity"}

        desk.pass_time(days=9)
        desk.work(3)
        assert desk.record().state == "restricted"
        desk.pass_time(days=1)
        desk.work(3)
        assert desk.record().state == "erased"

    def test_a_hold_keeps_everything(self, desk: Office) -> None:
        """Until it is lifted."""
        desk.ask("held", request="H1")
        desk.ask("erasure_requested", jurisdiction="NOW")
        desk.work(3)
        assert (desk.record().state, desk.record().begun) == ("restricted", frozenset())

        desk.ask("hold_lifted", request="H2")
        desk.work(3)
        assert desk.record().state == "erased"

    def test_an_open_case_is_waited_for(self, desk: Office) -> None:
        """What was written about it is erased when it is over."""
        opened = event(
            "complaint.registered",
            {"category": "x", "severity": "low", "description": "y", "contact": "12345"},
            case="CMP",
        )
        accept(desk.writer, opened)
        desk.ask("erasure_requested", jurisdiction="NOW")
        desk.work(3)
        assert desk.record().begun == {"identity", "contact"}

        accept(desk.writer, event("complaint.withdrawn", {"reason": "z"}, case="CMP"))
        desk.pass_time(hours=1)
        desk.work(3)
        assert desk.record().state == "erased"

    def test_lifting_withdraws_it(self, desk: Office) -> None:
        """What has not begun is not erased any more."""
        desk.ask("erasure_requested", jurisdiction="DAYS")
        desk.work()
        desk.ask("restriction_lifted", request="L1")
        desk.pass_time(days=20)
        desk.work(3)

        assert desk.record().state == "active"
        assert desk.desk.destroyer.kept("C1") == {"identity"}


class TestCrashes:
    @pytest.mark.parametrize("done", range(7))
    def test_stopped_after_any_step(
        self, desk: Office, log: EventLog, settings: Settings, tmp_path: Path, done: int
    ) -> None:
        """Whoever comes next carries on where the one before stopped, however little it had done."""
        desk.ask("erasure_requested", jurisdiction="NOW")
        _until(desk, done)
        with office(log, settings, tmp_path / "schedules") as next_:
            next_.work(4)

            assert next_.record().state == "erased"
            assert next_.desk.destroyer.kept("C2") == {"identity", "contact"}
            assert _opens(settings, "C2")
        assert len([each for each in log.read_stream("C1") if each.type == "customer.erased"]) == 1


class TestKeys:
    def test_none_is_made_again(self, desk: Office) -> None:
        """Not even one that there never was."""
        desk.ask("erasure_requested", jurisdiction="NOW")
        desk.work()
        with _of_keys(desk) as connection:
            rows = connection.execute(sa.select(DATA_KEYS).where(DATA_KEYS.c.stream_id == "C1")).all()
        assert {row.retention for row in rows} == set(CLASSES)
        assert all(row.wrapped is None and row.destroyed_at for row in rows)
        (outcome,) = send(desk.writer, person("C1"))
        assert type(outcome).__name__ == "PersonalDataErased"

    def test_back_ups_are_shut_when_the_epoch_ends(
        self, log: EventLog, settings: Settings, tmp_path: Path
    ) -> None:
        """Erasures share the end of an epoch; until then the certificate is not given."""
        with office(log, settings, tmp_path / "schedules", epoch=24) as desk:
            accept(desk.writer, person("C1"), person("C2"))
            desk.ask("erasure_requested", jurisdiction="NOW")
            desk.work(3)
            assert desk.record().state == "erasing"
            assert epoch_keys(settings).known() == [1]

            desk.pass_time(hours=24)
            desk.work(3)
            assert desk.record().state == "erased"
            assert epoch_keys(settings).known() == [2]
        assert _opens(settings, "C2")

    def test_an_older_copy_of_the_keys_is_brought_up_to_date(
        self, desk: Office, log: EventLog, settings: Settings, tmp_path: Path
    ) -> None:
        """Where keys come back from a back-up, with their epoch's, what was erased since is erased again."""
        with _of_keys(desk) as connection:
            tables = ("data_keys", "epochs", "privacy_work", "privacy_marks", "privacy_checkpoint")
            before = {
                name: [dict(row) for row in connection.execute(sa.text(f"SELECT * FROM {name}")).mappings()]  # noqa: S608  # our own names
                for name in tables
            }
        files = {file: file.read_bytes() for file in _directory(settings).iterdir()}
        desk.ask("erasure_requested", jurisdiction="NOW")
        desk.work(3)
        for file, content in files.items():
            file.write_bytes(content)
            file.chmod(0o400)
        with _of_keys(desk) as connection:
            for name, rows in before.items():
                connection.execute(sa.text(f"DELETE FROM {name}"))  # noqa: S608  # our own names
                for row in rows:
                    marks = ", ".join(f":{column}" for column in row)
                    connection.execute(sa.text(f"INSERT INTO {name} VALUES ({marks})"), row)  # noqa: S608  # as above
        assert desk.desk.destroyer.kept("C1") == {"identity", "contact"}
        with office(log, settings, tmp_path / "schedules") as next_:
            next_.work(3)

            assert next_.desk.destroyer.kept("C1") == set()
            assert _opens(settings, "C2")


@pytest.mark.parametrize("foreseen", [True, False])
def test_a_failure_is_told_once(desk: Office, *, foreseen: bool) -> None:
    """What fails each second is told when it begins, and again when it comes back after an end."""
    sound = desk.desk
    without_epochs = Destroyer(sound.store._engine, Wrapping("", NoEpochKeys()))  # noqa: SLF001  # as below
    broken = sound._replace(destroyer=without_epochs if foreseen else NotImplemented)
    with capture_logs() as lines:
        for each in (broken, broken, sound, broken):
            desk.worker.desk = each
            desk.work()

    assert [line["event"] for line in lines] == ["privacy_work_failed"] * 2


def test_nothing_ends_the_worker(desk: Office) -> None:
    """It goes on after a fault that nobody foresaw; nobody would be erased any more until the next start."""
    worker, sound = desk.worker, desk.desk
    worker.desk = sound._replace(destroyer=NotImplemented)
    loops.call(worker.start)
    until(lambda: bool(worker.failures), "the fault is noticed")
    worker.desk = sound
    desk.ask("erasure_requested", jurisdiction="NOW")
    until(lambda: "contact" in desk.record().begun, "the erasure begins")
    loops.wait_for(worker.stop())


def _until(desk: Office, done: int) -> None:
    """Take the first steps of an erasure, and stop dead after some."""
    inner, now = desk.desk, desk.desk.clock()
    record = desk.record()
    steps: list[Callable[[], object]] = [
        lambda: desk.ask("erasure_begun", request="R1b", classes=sorted(CLASSES)),
        lambda: inner.destroyer.destroy("C1", CLASSES[:1], now),
        lambda: inner.destroyer.destroy("C1", CLASSES, now),
        lambda: inner.store.mark("C1", restricted=record.privacy.closed, gone=3),
        lambda: _next_epoch(inner),
        inner.destroyer.rotate,
        lambda: desk.work(2),
    ]
    for step in steps[:done]:
        step()


def _next_epoch(desk: Desk) -> None:
    """Make the key of the next epoch, and die before anything is wrapped with it."""
    epochs = desk.destroyer._wrapping.epochs  # noqa: SLF001  # a step of its own
    epochs.make(epochs.newest() + 1)


def _of_keys(desk: Office) -> AbstractContextManager[sa.Connection]:
    """Begin a transaction on the tables of keys."""
    return desk.desk.store._engine.begin()  # noqa: SLF001  # behind its back


def _directory(settings: Settings) -> Path:
    if settings.key_directory is not None:
        return settings.key_directory
    assert settings.data is not None
    return settings.data.with_name(f"{settings.data.name}.keys")


def _opens(settings: Settings, customer: str) -> bool:
    engine = storage_of(settings).engine("keys", writer=True)
    keyring, name = open_keyring(engine, settings), KeyName(customer, "identity")
    loops.wait_for(keyring.provide([name]))
    engine.dispose()
    return keyring.newest(name).secret is not None
