"""Backups as the operations page describes them hold all that was acknowledged, and start a service again."""

import re
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

SQLITE = re.compile(r'(?m)^sqlite3 "file:journey-data/([^"]+)" "VACUUM INTO \'(?:key-)?backup/([^\']+)\'"$')


def post(url: str, key: str, count: int) -> None:
    """Append some events, each acknowledged."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as client:
        for number in range(count):
            assert client.post("/v1/events", json=cloudevent(subject=f"C{number}")).status_code == 201


def positions(url: str, key: str) -> list[int]:
    """Return the positions of all events in the log."""
    answer = httpx.get(
        f"{url}/v1/events?limit=500", headers={"Authorization": f"Bearer {key}"}, trust_env=False
    ).json()
    return [event["position"] for event in answer["items"]]


def verified(settings: Settings) -> bool:
    """Tell whether the read models, once caught up, are what the log says."""
    caught_up = journey("project", "--once", *place(settings))
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
        before = positions(running.url, key)

    assert [target for _, target in commands] == ["log.db", "access.db", "keys.db"]
    assert verified(restored)
    with server(restored) as running:
        assert positions(running.url, key) == before


def program(name: str, database: str) -> str:
    """Return the path of a program that belongs to the server of a database."""
    with psycopg.connect(database) as connection:
        folder = connection.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchone()
    assert folder is not None
    return str(Path(folder[0]) / name)


def test_postgres_dump_restores_the_service(tmp_path: Path) -> None:
    """A dump of the one database, taken while the service runs, gives the same log with the same keys."""
    live, empty, dump = new_postgres_database(), new_postgres_database(), tmp_path / "journey.dump"
    settings, restored = Settings(database=live), Settings(database=empty)
    with server(settings) as running:
        key = new_key(settings, "events:write", "journeys:read")
        post(running.url, key, 20)
        before = positions(running.url, key)
        subprocess.run([program("pg_dump", live), "--format=custom", f"--file={dump}", live], check=True)
    subprocess.run([program("pg_restore", empty), f"--dbname={empty}", str(dump)], check=True)

    assert verified(restored)
    with server(restored) as running:
        assert positions(running.url, key) == before
