"""What operators do beside a running service: rebuild, roll back, verify, migrate, project."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from api.cli import app
from api.keys import SCOPES
from journey.settings import Settings
from journey.storage import storage_of
from tests.api.cli.reports import rows
from tests.conftest import DATABASES
from tests.databases import database_settings
from tests.facts import cloudevent
from tests.processes import journey, new_key, place, server

PROJECTIONS = ["current_state", "review_progress", "timeline", "case_progress", "improvements"]
COUNT = 30


def post(client: httpx.Client, customers: int = COUNT) -> int:
    """Let each customer apply; return the last position, once every projection shows it."""
    data = {"product": "personal-loan", "amount": 1000, "currency": "CNY", "materials": []}
    batch = [
        cloudevent("application.submitted", data, subject=f"C{number:02}") for number in range(customers)
    ]
    kind = {"Content-Type": "application/cloudevents-batch+json"}
    answer = client.post("/v1/events", json=batch, headers=kind)
    assert answer.status_code == 200, answer.text
    position = int(answer.headers["Journey-Position"])
    patient = {"Prefer": "wait=30, handling=strict"}
    for path in ("/v1/customers/C00", "/v1/customers/C00/timeline", "/v1/applications"):
        shown = client.get(path, params={"min_position": position}, headers=patient)
        assert shown.status_code == 200, shown.text
    return position


@dataclass(frozen=True)
class Operated:
    """A service with something in it, while it runs."""

    settings: Settings
    url: str
    key: str

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a command in this process; return its status and everything that it prints."""
        result = CliRunner().invoke(app, [*arguments, "--url", self.url, "--key", self.key])
        return result.exit_code, result.output


def verified(settings: Settings, *options: str) -> tuple[int, str]:
    """Verify in this process; return the status and everything that is printed."""
    result = CliRunner().invoke(app, ["verify", *place(settings), *options])
    return result.exit_code, result.output


@pytest.fixture(scope="module", params=DATABASES)
def operated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    """Give a running service that the tests of this module share."""
    directory = tmp_path_factory.mktemp("data") / "data"
    with (
        database_settings(request.param, directory) as settings,
        server(settings, ["--roles", "api,project"]) as running,
    ):
        key = new_key(settings, *SCOPES)
        with running.client(key) as client:
            post(client)
        yield Operated(settings, running.url, key)


def live_builds(operated: Operated) -> dict[str, int]:
    """Return the builds that readers see."""
    answer = httpx.get(
        f"{operated.url}/v1/projections",
        headers={"Authorization": f"Bearer {operated.key}"},
        trust_env=False,
    )
    return {item["name"]: item["live_build"] for item in answer.json()["items"]}


class TestWhileTheServiceRuns:
    def test_rebuild_and_back(self, operated: Operated) -> None:
        """`rebuild` ends when readers have changed over, and `--rollback` when they are back."""
        before = live_builds(operated)
        rebuilt = journey("rebuild", "--url", operated.url, JOURNEY_KEY=operated.key)
        after = live_builds(operated)
        status, told = operated.run("rebuild", "timeline", "--rollback")

        assert rebuilt.returncode == 0, rebuilt.stderr
        assert rebuilt.stderr == ""
        assert rebuilt.stdout.splitlines() == [f"{name}: build {after[name]} is live" for name in PROJECTIONS]
        assert all(after[name] > before[name] for name in PROJECTIONS)
        assert (status, told) == (0, f"timeline: build {before['timeline']} is live\n")
        assert live_builds(operated) == {**after, "timeline": before["timeline"]}

    def test_rebuild_without_waiting(self, operated: Operated) -> None:
        """With --no-wait the command ends when the build has begun."""
        status, told = operated.run("rebuild", "timeline", "--no-wait")

        assert status == 0
        assert told.startswith("timeline: build ")
        assert told.endswith(" has begun\n")

    def test_verify(self, operated: Operated) -> None:
        """Everything agrees, and what was compared is counted."""
        ran = journey("verify", *place(operated.settings))

        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert ran.stderr == ""
        without_rows = dict.fromkeys(("case_progress", "improvements"), [str(COUNT)] * 2 + ["0"])
        counts = {name: [str(COUNT)] * 3 for name in PROJECTIONS} | without_rows
        assert rows(ran.stdout)[:-2] == [[name, *counts[name], "0", "0"] for name in PROJECTIONS]
        assert ran.stdout.splitlines()[-2] == f"Log: all {COUNT:,} events as they were appended."
        assert ran.stdout.splitlines()[-1].startswith("Records of readings: all 0 as recorded")

    def test_migrate(self, operated: Operated) -> None:
        """On PostgreSQL one may migrate beside a service; a data directory has one owner."""
        result = CliRunner().invoke(app, ["migrate", *place(operated.settings)])

        embedded = operated.settings.data is not None
        assert result.exit_code == (2 if embedded else 0), result.output
        assert ("writes to" in result.output) == embedded


def tamper(settings: Settings, statement: str) -> None:
    """Change read models behind the service's back; the service must not run on SQLite."""
    engine = storage_of(settings).engine("views", writer=True)
    with engine.begin() as connection:
        assert connection.execute(sa.text(statement)).rowcount == 1
    engine.dispose()


def test_verify_finds_what_was_tampered_with(settings: Settings) -> None:
    """A changed row, a missing one and one too many are each named, with what the log says, and status 1."""
    key = new_key(settings, *SCOPES)
    with server(settings, ["--roles", "api,project"]) as running, running.client(key) as client:
        post(client, 3)
    tamper(settings, "UPDATE current_state SET state = 'forged' WHERE stream_id = 'C01'")
    tamper(settings, "DELETE FROM timeline WHERE stream_id = 'C02'")
    tamper(settings, "UPDATE review_progress SET stream_id = 'C99' WHERE stream_id = 'C00'")

    status, told = verified(settings)

    assert status == 1
    assert [row[-1] for row in rows(told)[:3]] == ["1", "2", "1"]
    assert "current_state: row 'C01' of 'C01'" in told
    assert "  state, the row says: 'forged'" in told
    assert "  the row says: nothing" in told
    assert "of 'C99'" in told
    assert "  the log says: nothing" in told
    assert "journey rebuild current_state" in told
    assert verified(settings, "--show", "0")[0] == 1


class TestBeforeTheService:
    def test_migrate_twice(self, settings: Settings) -> None:
        """Databases are made once, and doing it again changes nothing."""
        for _ in range(2):
            result = CliRunner().invoke(app, ["migrate", *place(settings)])

            assert result.exit_code == 0, result.output
            assert result.output == "The databases are up to date.\n"

    def test_verify_where_nothing_is(self, tmp_path: Path) -> None:
        """A directory without a service's data is named and stays as it is."""
        status, told = verified(Settings(data=tmp_path / "no"))

        assert status == 2
        assert f"no service's data in {tmp_path / 'no'}" in told
        assert not (tmp_path / "no").exists()

    def test_verify_before_migrating(self, tmp_path: Path) -> None:
        """An empty database is not a fault of the network: the message says what to run."""
        with database_settings("postgres", tmp_path / "unused") as settings:
            status, told = verified(settings)

        assert status == 2
        assert "Run 'journey migrate' with the same --database" in told

    def test_verify_without_rows(self, settings: Settings) -> None:
        """Where no process has kept projections yet, the message says which do."""
        CliRunner().invoke(app, ["migrate", *place(settings)])

        status, told = verified(settings)

        assert status == 2
        assert "current_state has no rows yet: run 'journey serve' or 'journey project' first." in told


def test_roles_in_processes_of_their_own(tmp_path: Path) -> None:
    """Beside `serve --roles api`, `project --once` brings the projections up to date."""
    with database_settings("postgres", tmp_path / "unused") as settings:
        key = new_key(settings, *SCOPES)
        with server(settings, ["--roles", "api"]) as running, running.client(key) as client:
            position = client.post("/v1/events", json=cloudevent()).json()["position"]
            # Nothing keeps projections yet.
            assert client.get("/v1/customers/C1").status_code == 503

            ran = journey("project", "--once", *place(settings))

            assert ran.returncode == 0, ran.stderr
            assert f"caught up with position {position}" in ran.stderr
            assert client.get("/v1/customers/C1").json()["position"] == position
        assert verified(settings)[0] == 0
