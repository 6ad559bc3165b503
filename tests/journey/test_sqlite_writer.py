"""The thread of the writer of a SQLite file: it waits for the disk beside the loop, and holds nobody up."""

import asyncio
import sys
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from journey.event_log.sqlite import SQLiteStore
from journey.event_log.sqlite_keys import KeyFile
from journey.event_log.sqlite_writer import SQLiteWriter
from journey.migrating import migrate
from journey.settings import Settings
from journey.storage import storage_of
from tests import loops
from tests.facts import visit
from tests.journey.writing import SOON, first


class Keys(KeyFile):
    """A file of keys that says when a commit begins."""

    committing = False

    def add(self, keys: Any) -> None:
        """Keep keys: what a commit does first."""
        self.committing = True
        super().add(keys)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Give an empty file of keys, beside an empty log."""
    migrate(storage_of(Settings(data=tmp_path)))
    return Keys(tmp_path / "keys.db", 5.0)


@pytest.fixture
def writer(tmp_path: Path, keys: Keys) -> Iterator[SQLiteWriter]:
    """Give the writer of an empty log, whose thread has begun."""
    store = SQLiteStore(tmp_path / "log.db", 5.0, writer=True)
    writer = SQLiteWriter(store, keys)
    loops.wait_for(writer.owners(["none"]))
    yield writer
    writer.close()
    store.close()


@pytest.fixture
def patient() -> Iterator[None]:
    """Have nobody lose the interpreter who does not give it away."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SOON)
    yield
    sys.setswitchinterval(before)


def _inserting(writer: SQLiteWriter, customer: str) -> Coroutine[Any, Any, Any]:
    return writer.insert([first(visit(customer))], [bytes(32)], [])


@pytest.mark.usefixtures("patient")
def test_the_disk_begins_when_the_loop_goes_on(writer: SQLiteWriter, keys: Keys) -> None:
    """The commit is under way before the loop does anything else, however busy it is."""

    async def begin() -> tuple[list[bool], Any]:
        begun: list[bool] = []
        appending = asyncio.ensure_future(_inserting(writer, "C1"))
        asyncio.get_running_loop().call_soon(lambda: begun.append(keys.committing))
        return begun, await appending

    begun, positions = loops.wait_for(begin())
    assert begun == [True]
    assert list(positions) == [1]


def test_a_thread_that_is_busy(writer: SQLiteWriter) -> None:
    """The loop goes on where the thread cannot begin for a while."""
    free = threading.Event()

    async def begin() -> Any:
        reading = asyncio.ensure_future(writer._in_thread(lambda: free.wait(SOON)))  # noqa: SLF001  # as a reader does
        appending = asyncio.ensure_future(_inserting(writer, "C1"))
        await asyncio.sleep(0)  # both have gone as far as they can
        pending = not appending.done()
        free.set()
        await reading
        return pending, await appending

    pending, positions = loops.wait_for(begin())
    assert pending
    assert list(positions) == [1]
