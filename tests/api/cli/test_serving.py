"""The service as a process: how it begins, what stands in its way, how it ends."""

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.keys import SCOPES
from journey.settings import Settings
from tests.facts import cloudevent
from tests.processes import Server, command, free_port, new_key, place, server, surroundings

END_SECONDS = 10.0
"""What containers grant a process to end. That no stream held it up shows in its log, not by the clock."""
KEY = re.compile(r"Operator key \(shown this once\): (cj_[0-9a-f]{8}_\S{32})")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give settings on an embedded database."""
    return Settings(data=tmp_path / "data")


def ended(running: Server, how: signal.Signals = signal.SIGTERM) -> int:
    """End a service in order and return its status."""
    running.process.send_signal(how)
    return running.process.wait(END_SECONDS)


class TestBeginning:
    def test_operator_key_is_printed_once(self, settings: Settings, tmp_path: Path) -> None:
        """The first start prints a key that may do everything, the second none; both end as told."""
        told: list[str] = []
        for how in (signal.SIGINT, signal.SIGHUP):
            with (tmp_path / "messages").open("w+b") as messages:
                with server(settings, messages=messages) as running:
                    if not told:
                        messages.seek(0)
                        [key] = KEY.findall(messages.read().decode())
                    with running.client(key) as client:
                        assert client.get("/v1/projections").status_code == 200
                        assert client.post("/v1/events", json=cloudevent()).status_code == 201
                    assert ended(running, how) == 0
                messages.seek(0)
                told.append(messages.read().decode())

        assert f"Serving at {running.url}" in told[1]
        assert not KEY.search(told[1])
        assert key[12:] not in told[1]

    def test_chinese(self, settings: Settings) -> None:
        """The messages of a Chinese terminal are Chinese."""
        process = subprocess.Popen(
            command("serve", *place(settings), "--port", "0"),
            env=surroundings(LC_ALL="zh_CN.UTF-8", JOURNEY_LANGUAGE="", PYTHONUTF8="1"),
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        with process:
            assert process.stderr is not None
            lines = [process.stderr.readline() for _ in range(3)]
            process.terminate()

        assert lines[0].startswith("管理密钥（只显示这一次）：cj_")
        assert lines[2].startswith("服务已启动：http://127.0.0.1:")


class TestObstacles:
    """Each ends the command with status 2 and one message that says what to do next."""

    def test_port_taken(self, settings: Settings) -> None:
        """A port that somebody has is named, and no key is made that nobody would see again."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = str(other.getsockname()[1])
            result = CliRunner().invoke(app, ["serve", *place(settings), "--port", port])

        assert result.exit_code == 2
        assert f"Port {port} is taken. Choose another with --port" in result.output
        assert settings.data is not None
        assert not settings.data.exists()

    @pytest.mark.parametrize(
        ("surrounding", "told"),
        [
            ({"JOURNEY_RULE_SET": "hk"}, "there is no rule set hk; there are cn, plain, tw, uk, us"),
            ({"JOURNEY_RULE_SETS": "."}, "mine.toml: not readable as TOML: "),
        ],
    )
    def test_rules_that_cannot_be_used(
        self,
        settings: Settings,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        surrounding: dict[str, str],
        told: str,
    ) -> None:
        """The file and what is wrong with it are named before anything is made."""
        (tmp_path / "mine.toml").write_text('code = "mine', encoding="utf-8")
        monkeypatch.chdir(tmp_path)

        result = CliRunner().invoke(app, ["serve", *place(settings), "--port", "0"], env=surrounding)

        assert result.exit_code == 2
        assert told in " ".join(result.output.split())
        assert settings.data is not None
        assert not settings.data.exists()

    def test_data_directory_in_use(self, settings: Settings) -> None:
        """A second process is refused, and told which process is the first; that one goes on."""
        with server(settings) as running:
            for name in ("serve --port 0", "project", "migrate"):
                second = CliRunner().invoke(app, [*name.split(), *place(settings)])

                assert second.exit_code == 2, name
                assert f"Process {running.process.pid} writes to {settings.data}" in second.output
                assert "Stop that process, or name another directory with --data" in second.output
            assert running.process.poll() is None

    @pytest.mark.parametrize("name", ["serve", "migrate", "project", "verify", "keys list"])
    def test_database_server_not_running(self, name: str) -> None:
        """Where nothing answers, the message says so, and does not tell the password."""
        url = f"postgresql://user:s3cret@127.0.0.1:{free_port()}/journey"
        port = ["--port", "0"] if name == "serve" else []
        result = CliRunner().invoke(app, [*name.split(), "--database", url, *port])

        assert result.exit_code == 2, result.output
        assert "The database cannot be reached: " in result.output
        assert "Check --database and that PostgreSQL runs there." in result.output
        assert "s3cret" not in result.output

    @pytest.mark.parametrize(
        "url", ["nonsense", "mysql://host/name", "sqlite:///file.db", "postgresql://host:port/name", ""]
    )
    def test_bad_database(self, url: str) -> None:
        """What is no URL of a PostgreSQL database is refused before anything is tried."""
        result = CliRunner().invoke(app, ["migrate", "--database", url])

        assert result.exit_code == 2
        assert "postgresql://user:password@host/name" in result.output

    def test_two_places(self, settings: Settings) -> None:
        """A directory and a database at once are refused, also where one of them is in the environment."""
        database = "postgresql://user@host/name"
        both = CliRunner().invoke(app, ["migrate", *place(settings), "--database", database])
        surrounded = CliRunner(env={"JOURNEY_DATA": str(settings.data)})
        mixed = surrounded.invoke(app, ["migrate", "--database", database])

        for result in (both, mixed):
            assert result.exit_code == 2
            assert "either --data or --database, not both" in result.output

    def test_directory_that_cannot_be(self, tmp_path: Path) -> None:
        """A file where the directory should be is named."""
        (tmp_path / "file").write_text("")
        result = CliRunner().invoke(app, ["migrate", "--data", str(tmp_path / "file" / "data")])

        assert result.exit_code == 2
        assert f"Cannot use {tmp_path / 'file'}" in result.output

    def test_unknown_role(self, settings: Settings) -> None:
        """A role that there is not is refused with those that there are."""
        result = CliRunner().invoke(app, ["serve", *place(settings), "--roles", "api,king"])

        assert result.exit_code == 2
        assert "choose from api, project" in result.output

    @pytest.mark.parametrize("roles", ["teller", '["api", "teller"]'])
    def test_unknown_role_in_the_environment(self, settings: Settings, roles: str) -> None:
        """Roles count there too, written as on the command line or as a JSON array."""
        result = CliRunner().invoke(
            app, ["serve", *place(settings), "--port", "0"], env={"JOURNEY_ROLES": roles}
        )

        assert result.exit_code == 2
        assert "choose from api, project, react" in result.output

    def test_definitions_that_cannot_be_used(self, settings: Settings, tmp_path: Path) -> None:
        """A directory that the environment names is looked into as one that the command line names."""
        (tmp_path / "mine.toml").write_text('product = "mine', encoding="utf-8")
        surrounding = {"JOURNEY_DEFINITIONS": str(tmp_path)}
        result = CliRunner().invoke(app, ["serve", *place(settings), "--port", "0"], env=surrounding)

        assert result.exit_code == 2
        assert "mine.toml" in result.output

    def test_setting_out_of_bounds(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        """A setting of the environment that cannot be is named as the environment has it."""
        monkeypatch.setenv("JOURNEY_PAGE_EVENTS", "0")
        result = CliRunner().invoke(app, ["migrate", *place(settings)])

        assert result.exit_code == 2
        assert "JOURNEY_PAGE_EVENTS: " in result.output


@contextmanager
def half_open(url: str) -> Iterator[None]:
    """Keep a connection that has begun a request and never goes on."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Le")
        yield


class TestEnding:
    def test_open_connections_do_not_keep_it(self, settings: Settings, tmp_path: Path) -> None:
        """SIGTERM ends it with status 0 within seconds; a stream comes to its end; no failure is logged."""
        key = new_key(settings, *SCOPES)
        with (tmp_path / "messages").open("w+b") as messages, server(settings, messages=messages) as running:
            with running.client(key) as client:
                assert client.post("/v1/events", json=cloudevent()).status_code == 201
                assert client.get("/v1/customers/C1?min_position=1", headers={"Prefer": "wait=20"}).is_success
                with client.stream("GET", "/v1/customers/C1/stream") as stream, half_open(running.url):
                    lines = stream.iter_lines()
                    assert any(line.startswith("data:") for line in lines)

                    assert ended(running) == 0
                    list(lines)
            messages.seek(0)
            told = messages.read().decode()
        assert "Operator key" not in told  # there already was a key
        assert "Traceback" not in told
        assert "ERROR" not in told

    def test_projections_alone(self, settings: Settings) -> None:
        """`project` ends with status 0 as well."""
        process = subprocess.Popen(
            command("project", *place(settings)), env=surroundings(), stderr=subprocess.PIPE, text=True
        )
        with process:
            assert process.stderr is not None
            assert process.stderr.readline() == "Keeping the projections; Ctrl-C ends it.\n"
            process.terminate()
            assert process.wait(END_SECONDS) == 0

    def test_starts_again(self, settings: Settings) -> None:
        """The lock goes with the process, so that the next one starts at once, also after a kill."""
        with server(settings) as running:
            running.kill()
        with server(settings) as running:
            assert running.process.poll() is None
