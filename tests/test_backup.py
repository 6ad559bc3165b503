"""Backups as the operations page describes them hold all that was acknowledged, and start a service again."""

import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import httpx
import psycopg

from journey.settings import Settings
from tests.databases import new_postgres_database
from tests.documents import read
from tests.facts import cloudevent
from tests.processes import journey, new_key, place, server

KEYS = re.compile(r"(?m)^cp -p ((?:journey-data\.keys/\S+ )+)key-backup/$")
SQLITE = re.compile(r'(?m)^sqlite3 "file:journey-data/([^"]+)" "VACUUM INTO \'(?:key-)?backup/([^\']+)\'"$')


def post(url: str, key: str, count: int) -> None:
    """Append some events with something personal, each acknowledged."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as client:
        for number in range(count):
            event = cloudevent("customer.registered", {"name": f"Name {number}"}, subject=f"C{number}")
            assert client.post("/v1/events", json=event).status_code == 201


def told(url: str, key: str) -> list[tuple[int, str]]:
    """Return the positions of all events in the log, with the names that lie sealed in them."""
    answer = httpx.get(
        f"{url}/v1/events?limit=500", headers={"Authorization": f"Bearer {key}"}, trust_env=False
    ).json()
    return [(event["position"], event["data"]["name"]) for event in answer["items"]]


def keys(settings: Settings) -> dict[str, str]:
    """Return the environment that names the directory of keys, where it is not beside the databases."""
    return {"JOURNEY_KEY_DIRECTORY": str(settings.key_directory)} if settings.database else {}


def pinned(settings: Settings) -> str:
    """Return what checkpoints of the service are verified with."""
    printed = journey("proof", "key", *place(settings), **keys(settings))
    assert printed.returncode == 0, printed.stderr
    return printed.stdout


def copy_keys(source: Path, target: Path) -> None:
    """Copy the files of keys that the page names."""
    (named,) = KEYS.findall(read("docs/operations.md"))
    target.mkdir(mode=0o700)
    for pattern in named.split():
        files = list(source.glob(pattern.partition("/")[2]))
        assert files, pattern
        for file in files:
            shutil.copy2(file, target)


def verified(settings: Settings) -> bool:
    """Tell whether the read models, once caught up, are what the log says."""
    caught_up = journey("project", "--once", *place(settings), **keys(settings))
    assert caught_up.returncode == 0, caught_up.stderr
    return journey("verify", *place(settings)).returncode == 0


def test_sqlite_files_copied_beside_the_service_start_another(tmp_path: Path) -> None:
    """The files of the page, copied while the service runs, give the same log with the same keys."""
    settings, restored = Settings(data=tmp_path / "data"), Settings(data=tmp_path / "restored")
    (tmp_path / "restored").mkdir()
    commands = SQLITE.findall(read("docs/operations.md"))
    with server(settings) as running:
        key = new_key(settings, "events:write", "journeys:read")
        post(running.url, key, 20)
        for source, target in commands:
            with closing(sqlite3.connect(f"file:{tmp_path}/data/{source}", uri=True)) as connection:
                connection.execute("VACUUM INTO ?", (str(tmp_path / "restored" / target),))
        copy_keys(tmp_path / "data.keys", tmp_path / "restored.keys")
        before = told(running.url, key)

    assert [target for _, target in commands] == ["log.db", "access.db", "keys.db"]
    assert verified(restored)
    assert pinned(restored) == pinned(settings)
    with server(restored) as running:
        assert told(running.url, key) == before


def program(name: str, database: str) -> str:
    """Return the path of a program that belongs to the server of a database."""
    with psycopg.connect(database) as connection:
        folder = connection.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchone()
    assert folder is not None
    return str(Path(folder[0]) / name)


def test_postgres_dump_restores_the_service(tmp_path: Path) -> None:
    """A dump of the one database, taken while the service runs, gives the same log with the same keys."""
    live, empty, dump = new_postgres_database(), new_postgres_database(), tmp_path / "journey.dump"
    settings = Settings(database=live, key_directory=tmp_path / "keys")
    restored = Settings(database=empty, key_directory=tmp_path / "restored")
    with server(settings) as running:
        key = new_key(settings, "events:write", "journeys:read")
        post(running.url, key, 20)
        before = told(running.url, key)
        subprocess.run([program("pg_dump", live), "--format=custom", f"--file={dump}", live], check=True)
    subprocess.run([program("pg_restore", empty), f"--dbname={empty}", str(dump)], check=True)
    copy_keys(tmp_path / "keys", tmp_path / "restored")

    assert verified(restored)
    assert pinned(restored) == pinned(settings)
    with server(restored) as running:
        assert told(running.url, key) == before
