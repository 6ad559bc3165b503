"""The data directory belongs to one process, and its files are as safe as SQLite can make them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from journey.errors import DataDirectoryInUse
from journey.migrating import migrate
from journey.settings import Settings
from journey.storage import PARTS, Part, Storage, only_writer, storage_of

HOLD = """
import sys
from pathlib import Path
from journey.settings import Settings
from journey.storage import only_writer, storage_of
with only_writer(storage_of(Settings(data=Path(sys.argv[1]), database=None))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """Give an embedded storage."""
    return storage_of(Settings(data=tmp_path / "data", database=None))


@contextmanager
def holder(storage: Storage) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold the data directory."""
    command = [sys.executable, "-c", HOLD, str(storage.directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


class TestLock:
    def test_second_process_is_refused(self, storage: Storage) -> None:
        """Who comes second is told which process holds the directory; when that one ends, it is free."""
        with holder(storage) as process:
            with (
                pytest.raises(DataDirectoryInUse, match=rf"process {process.pid} writes to .*data"),
                only_writer(storage),
            ):
                pass
            process.communicate("")
        with only_writer(storage):
            pass

    def test_free_after_a_kill(self, storage: Storage) -> None:
        """However its holder ends, the directory is free afterwards, and the next holder is named rightly."""
        with holder(storage) as process:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        with only_writer(storage):
            command = [sys.executable, "-c", HOLD, str(storage.directory)]
            refused = subprocess.run(command, capture_output=True, text=True, check=False)

        assert refused.returncode != 0
        assert f"process {os.getpid()} writes to {storage.directory}" in refused.stderr

    def test_own_directory(self, storage: Storage, tmp_path: Path) -> None:
        """Directories are held each for itself."""
        other = storage_of(Settings(data=tmp_path / "other", database=None))
        with only_writer(storage), only_writer(other):
            pass

    def test_database_is_not_locked(self) -> None:
        """On PostgreSQL any number of processes may write."""
        storage = storage_of(Settings(data=None, database="postgresql://localhost/none"))
        with only_writer(storage), only_writer(storage):
            pass


class TestEmbedded:
    def test_directory_is_private(self, storage: Storage) -> None:
        """The directory is made where it is missing, and nobody else may look into it."""
        assert storage.directory is not None
        assert storage.directory.stat().st_mode & 0o777 == 0o700

    @pytest.mark.parametrize(("part", "journal"), [("log", "wal"), ("views", "wal"), ("access", "truncate")])
    def test_writers_are_durable(self, storage: Storage, part: Part, journal: str) -> None:
        """Whoever writes a file waits for the disk at every commit."""
        engine = storage.engine(part, writer=True)
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == journal
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() >= 2
        engine.dispose()

    @pytest.mark.parametrize("part", PARTS)
    def test_readers_cannot_write(self, storage: Storage, part: Part) -> None:
        """Whoever reads a file cannot change it."""
        migrate(storage)
        engine = storage.engine(part, writer=False)
        with pytest.raises(sa.exc.OperationalError, match="readonly"), engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE other (number INTEGER)")
        engine.dispose()

    def test_one_writer_at_a_time(self, storage: Storage) -> None:
        """Of one engine that writes the log or the read models there is one connection."""
        engine = storage.engine("views", writer=True)

        assert isinstance(engine.pool, sa.QueuePool)
        assert engine.pool.size() == 1
        assert engine.pool._max_overflow == 0  # noqa: SLF001  # it has no public name
        engine.dispose()

    def test_rollback(self, storage: Storage) -> None:
        """A transaction that fails leaves nothing, the structure of tables neither."""
        engine = storage.engine("views", writer=True)
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE other (number INTEGER)")
            connection.rollback()
        assert sa.inspect(engine).get_table_names() == []
        engine.dispose()


def test_postgres_has_no_files() -> None:
    """A database of PostgreSQL is no place of files, and uses the driver that the project has."""
    storage = storage_of(Settings(data=None, database="postgresql://user@localhost:5433/journeys"))

    assert not storage.embedded
    assert storage.url is not None
    assert storage.url.drivername == "postgresql+psycopg"
    with pytest.raises(TypeError):
        storage.file("log")
