"""Several processes answer at one address: none loses or doubles an event, and they end together."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
from typer.testing import CliRunner

from api.cli import app
from journey.event_log import open_event_log
from journey.settings import Settings
from journey.storage import storage_of
from tests.databases import database_settings
from tests.facts import cloudevent
from tests.journey.writing import sql, until
from tests.processes import Server, new_key, server

WORKERS = 2


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Give settings on an empty PostgreSQL database."""
    with database_settings("postgres", tmp_path) as found:
        yield found


@pytest.fixture
def shared(settings: Settings) -> Iterator[Server]:
    """Give a service of several processes."""
    with server(settings, ["--workers", str(WORKERS)]) as running:
        yield running


def processes(running: Server) -> list[psutil.Process]:
    """Return the workers, and the process that keeps the projections."""
    found: list[psutil.Process] = psutil.Process(running.process.pid).children()
    return found


class TestSharing:
    def test_each_event_is_there_once(self, settings: Settings, shared: Server) -> None:
        """What arrives at several processes at once is there once, in order; one of them has written all."""
        key = new_key(settings, "events:write", "journeys:read")

        def send(sender: int) -> list[int]:
            # A connection for each event, so that events of one customer go to whichever process gets it.
            statuses = []
            for number in range(25):
                with shared.client(key) as client:
                    event = cloudevent(subject=f"C{number % 3}", id=f"{sender // 2}-{number}")
                    statuses.append(client.post("/v1/events", json=event).status_code)
            return statuses

        with ThreadPoolExecutor(8) as pool:
            statuses = [status for sent in pool.map(send, range(8)) for status in sent]
        writers = "SELECT count(DISTINCT application_name) FROM pg_stat_activity WHERE application_name LIKE 'journey-writer-%' AND datname = current_database()"  # noqa: E501  # one statement

        assert sorted(statuses) == [200] * 100 + [201] * 100
        log = open_event_log(storage_of(settings), settings)
        events = log.read_all()
        log.close()
        assert len({event.id for event in events}) == len(events) == 100
        for customer in ("C0", "C1", "C2"):
            versions = [event.version for event in events if event.stream_id == customer]
            assert versions == list(range(1, len(versions) + 1))
        assert sql(settings, writers) == [(1,)]

    def test_projections_are_kept(self, settings: Settings, shared: Server) -> None:
        """A process keeps them, beside one that reacts, and readers of either process see it."""
        key = new_key(settings, "events:write", "journeys:read")
        with shared.client(key) as client:
            until(lambda: client.get("/readyz").status_code == 200, "there are projections")
            position = client.post("/v1/events", json=cloudevent(subject="C1")).headers["journey-position"]
            found = client.get(f"/v1/customers/C1?min_position={position}", headers={"Prefer": "wait=30"})

        assert found.json()["events"] == 1
        assert len(processes(shared)) == WORKERS + 2


class TestEnding:
    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
    def test_in_order(self, shared: Server, how: signal.Signals) -> None:
        """A signal ends all of them."""
        workers = processes(shared)
        shared.process.send_signal(how)

        assert shared.process.wait(30) == 0
        assert not any(worker.is_running() for worker in workers)

    def test_with_a_worker(self, shared: Server) -> None:
        """Where one ends by itself all end, and the status tells whoever restarts services."""
        workers = processes(shared)
        workers[0].kill()

        assert shared.process.wait(30) == 1
        assert not any(worker.is_running() for worker in workers)

    def test_with_the_parent(self, shared: Server) -> None:
        """Where the first process is killed its workers end too, and the address is free again."""
        workers = processes(shared)
        shared.kill()
        until(lambda: not any(_lives(worker) for worker in workers), "the workers end")

        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{shared.url}/healthz", trust_env=False)


def _lives(worker: psutil.Process) -> bool:
    try:
        return bool(worker.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_embedded_database_has_one_process(tmp_path: Path) -> None:
    """Several workers on one SQLite file are refused, with what to do instead."""
    result = CliRunner().invoke(app, ["serve", "--data", str(tmp_path / "data"), "--workers", "2"])

    assert result.exit_code == 2
    assert "name a PostgreSQL database with --database" in result.output
    assert not (tmp_path / "data").exists()
