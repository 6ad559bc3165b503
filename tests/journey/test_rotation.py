"""Epochs of keys end while the service goes on: no key is lost, none is left to an epoch that has ended."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from journey.sealing.data_keys import DATA_KEYS, KeyName, WrappedKey
from journey.sealing.destroying import Destroyer
from journey.sealing.keyring import epoch_keys, open_keyring
from journey.sealing.wrapping import Wrapping
from journey.settings import Settings
from journey.storage import storage_of
from tests import loops
from tests.facts import NOON

NAMES = [KeyName(f"C{number}", "identity") for number in range(2_500)]


@pytest.fixture
def engine(settings: Settings) -> Iterator[sa.Engine]:
    """Give a store with more keys than are wrapped in one transaction."""
    engine = storage_of(settings).engine("keys", writer=True)
    loops.wait_for(open_keyring(engine, settings).provide(NAMES))
    yield engine
    engine.dispose()


def destroyer(engine: sa.Engine, settings: Settings) -> Destroyer:
    """Return what ends epochs, as a process has it."""
    return Destroyer(engine, Wrapping(settings.tenant, epoch_keys(settings)))


def secrets(engine: sa.Engine, settings: Settings) -> list[bytes | None]:
    """Return the keys as a process that has just started opens them."""
    keyring = open_keyring(engine, settings)
    loops.wait_for(keyring.load(NAMES))
    return [keyring.newest(name).secret for name in NAMES]


def epochs(engine: sa.Engine) -> set[int]:
    """Return the epochs that keys are wrapped in."""
    with engine.connect() as connection:
        return set(connection.execute(sa.select(DATA_KEYS.c.epoch)).scalars())


def test_whether_an_epoch_is_due_takes_no_look_at_all_keys(engine: sa.Engine, settings: Settings) -> None:
    """It is asked each second, of as many keys as there are customers: an index has those that are gone."""
    ends = destroyer(engine, settings)
    ends.destroy(NAMES[7].stream_id, ["identity"], NOON)
    asked: list[tuple[str, Any]] = []
    explain = "EXPLAIN" if settings.database else "EXPLAIN QUERY PLAN"

    @sa.event.listens_for(engine, "before_cursor_execute")
    def _(connection: Any, cursor: Any, statement: str, values: Any, *_: Any) -> None:
        del connection, cursor
        asked.append((statement, values))

    assert ends.unfinished_since() == NOON
    statement, values = asked[-1]
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE data_keys")
        plan = str(connection.exec_driver_sql(f"{explain} {statement}", values).all())

    assert "data_keys_destroyed" in plan


def test_every_key_is_wrapped_anew(engine: sa.Engine, settings: Settings) -> None:
    """However many there are: they are the same, and the key of the epoch before is gone."""
    before = secrets(engine, settings)
    assert destroyer(engine, settings).rotate() == 2

    assert secrets(engine, settings) == before
    assert None not in before
    assert epochs(engine) == {2}
    assert epoch_keys(settings).known() == [2]


def test_others_end_epochs_and_make_keys_meanwhile(engine: sa.Engine, settings: Settings) -> None:
    """Of two that end an epoch at once neither destroys what the other has wrapped."""
    before = secrets(engine, settings)
    further = [KeyName(f"D{number}", "contact") for number in range(200)]

    def make() -> None:
        keyring = open_keyring(engine, settings)
        for name in further:
            loops.wait_for(keyring.provide([name]))

    with ThreadPoolExecutor(3) as pool:
        ends = [pool.submit(destroyer(engine, settings).rotate) for _ in range(2)]
        made = pool.submit(make)
        newest = max(each.result() for each in ends)
        made.result()

    assert secrets(engine, settings) == before
    assert epochs(engine) == {newest}
    assert epoch_keys(settings).known() == [newest]


def test_who_is_overtaken_takes_nothing_back(engine: sa.Engine, settings: Settings) -> None:
    """A key that another process has wrapped in a later epoch meanwhile is not wrapped in an earlier one."""
    if settings.database is None:
        pytest.skip("there nobody writes between a page that is read and written")
    before = secrets(engine, settings)
    overtaking = [destroyer(engine, settings)]

    class Overtaken(Wrapping):
        def again(self, key: WrappedKey, epoch: int) -> WrappedKey:
            again = super().again(key, epoch)
            if overtaking:
                assert overtaking.pop().rotate() == 3
            return again

    Destroyer(engine, Overtaken(settings.tenant, epoch_keys(settings))).rotate()

    assert secrets(engine, settings) == before
    assert epochs(engine) == {3}
