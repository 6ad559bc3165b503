"""Where the databases are: two files and a key file in a directory, or one PostgreSQL database."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import IsolationLevel

from journey.errors import DataDirectoryInUse, UnsafeDatabase
from journey.secret_files import read_secret
from journey.settings import Settings

Part = Literal["log", "views", "access", "keys"]
"""The event log, the read models, the keys of callers, and those of customers: each migrated for itself."""
PARTS: tuple[Part, ...] = ("log", "views", "access", "keys")
_SHARED: tuple[Part, ...] = ("access", "keys")
"""What the command line writes too while the service runs."""


@dataclass(frozen=True)
class Storage:
    """The place of every database of one service."""

    directory: Path | None
    """The data directory of an embedded service."""
    url: sa.URL | None
    """The PostgreSQL database."""

    @property
    def embedded(self) -> bool:
        """Tell whether the databases are SQLite files of this machine."""
        return self.directory is not None

    def file(self, part: Part) -> Path:
        """Return the SQLite file of `part`."""
        if self.directory is None:
            raise TypeError("PostgreSQL has no files")
        return self.directory / f"{part}.db"

    def engine(self, part: Part, *, writer: bool) -> sa.Engine:
        """Return a SQLAlchemy engine on `part`.

        Of an embedded log or read model one process may hold one writer; readers cannot write. The files of
        keys are written by the command line too, so they have rollback journals, where any number may write.
        """
        if self.url is not None:
            # A reader that asks twice, for how fresh rows are and for the rows, sees one moment.
            isolation: IsolationLevel = "READ COMMITTED" if writer else "REPEATABLE READ"
            return sa.create_engine(self.url, pool_pre_ping=True, isolation_level=isolation)
        return _sqlite_engine(self.file(part), wal=part not in _SHARED, writer=writer)


def storage_of(settings: Settings) -> Storage:
    """Return the storage that the settings name, with the data directory made where it is missing."""
    if settings.database is not None:
        url = sa.make_url(settings.database).set(drivername="postgresql+psycopg")
        if settings.database_password_file is not None:
            url = url.set(password=read_secret(settings.database_password_file))
        return Storage(None, url)
    assert settings.data is not None  # noqa: S101  # the settings hold exactly one of the two
    directory = settings.data.expanduser().resolve()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Storage(directory, None)


@contextmanager
def only_writer(storage: Storage) -> Iterator[None]:
    """Hold the data directory for this process alone.

    SQLite before 3.51.3 can lose commits when two connections write and checkpoint one file at once, so no
    second process may write. The operating system drops the lock with the process, however it ends.
    Raises `DataDirectoryInUse`, naming the process that holds it.
    """
    if storage.directory is None:
        yield
        return
    descriptor = os.open(storage.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 32).decode().strip() or "unknown"
            raise DataDirectoryInUse(holder, storage.directory) from error
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def _sqlite_engine(file: Path, *, wal: bool, writer: bool) -> sa.Engine:
    pool: type[sa.Pool] = sa.QueuePool
    size = {"pool_size": 1, "max_overflow": 0} if writer and wal else {"pool_size": 5, "max_overflow": 20}
    engine = sa.create_engine(
        f"sqlite:///{file}",
        poolclass=pool,
        connect_args={"timeout": 5.0, "check_same_thread": False, "isolation_level": None},
        **size,
    )

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: Any, _: Any) -> None:
        set_up_sqlite(connection, wal=wal, writer=writer)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine


def set_up_sqlite(connection: Any, *, wal: bool, writer: bool) -> None:
    """Make a SQLite connection durable (a writer) or unable to write (a reader).

    Raises `UnsafeDatabase` when the database does not take the setting.
    """
    cursor = connection.cursor()
    if writer:
        # To empty a rollback journal takes half the time of making and removing one.
        mode = "wal" if wal else "truncate"
        if cursor.execute(f"PRAGMA journal_mode={mode}").fetchone()[0] != mode:
            raise UnsafeDatabase(f"SQLite refuses the {mode} journal")
        cursor.execute("PRAGMA synchronous=FULL")
        if cursor.execute("PRAGMA synchronous").fetchone()[0] < 2:  # noqa: PLR2004  # SQLite's number of FULL
            raise UnsafeDatabase("SQLite refuses synchronous=FULL")
        if not wal:
            # What is destroyed or taken back there is written over, and not left in free pages.
            cursor.execute("PRAGMA secure_delete=ON")
    else:
        cursor.execute("PRAGMA query_only=ON")
    cursor.close()
