"""Keys as an operator makes, lists, changes and ends them."""

import re
import time
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from api.cli import app
from api.keys import SCOPES
from journey.settings import Settings
from tests.processes import journey, place, server

REVOKED_SECONDS = 10.0


def status_of(url: str, key: str) -> int:
    """Return the status that a key gets from a service."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.get(f"{url}/v1/projections", headers=headers, trust_env=False).status_code


@pytest.mark.first_start
def test_a_key_is_made_before_the_first_start_and_ended_while_the_service_runs(settings: Settings) -> None:
    """`create` prints the key alone, which works at once, also beside the service; `revoke` ends it soon."""
    made = journey("keys", "create", *place(settings), "--scope", "ops:admin", "--label", "first")
    assert made.returncode == 0
    assert made.stderr == ""
    [first] = made.stdout.splitlines()
    with server(settings) as running:
        assert status_of(running.url, first) == 200
        options = ("keys", "create", *place(settings), "--scope", "ops:admin,events:write")
        second = CliRunner().invoke(app, options).output.strip()
        assert status_of(running.url, second) == 200
        ended = journey("keys", "revoke", first[:11], *place(settings))
        assert ended.returncode == 0
        assert first[:11] in ended.stdout
        deadline = time.monotonic() + REVOKED_SECONDS
        while status_of(running.url, first) == 200:
            assert time.monotonic() < deadline, "a revoked key lives on"
        assert status_of(running.url, second) == 200

    listed = CliRunner().invoke(app, ["keys", "list", *place(settings)])
    assert listed.exit_code == 0
    assert first[:11] in listed.output
    assert "first" in listed.output
    assert "events:write ops:admin" in listed.output
    for key in (first, second):
        assert key[12:] not in listed.output


@pytest.mark.first_start
def test_a_key_is_changed_while_the_service_runs(settings: Settings) -> None:
    """The new one is printed alone, both work, the list tells when the old one ends."""
    made = CliRunner().invoke(app, ["keys", "create", *place(settings), "--scope", "ops:admin"])
    first = made.output.strip()
    with server(settings) as running:
        assert status_of(running.url, first) == 200
        changed = journey("keys", "rotate", first, *place(settings), "--overlap", "7d")
        assert changed.returncode == 0
        [second] = changed.stdout.splitlines()
        assert f"{first[:11]} ends at 20" in changed.stderr
        assert first[12:] not in changed.stderr
        assert [status_of(running.url, key) for key in (first, second)] == [200, 200]
        again = journey("keys", "rotate", second, *place(settings), "--overlap", "0s")
        third = again.stdout.strip()
        deadline = time.monotonic() + REVOKED_SECONDS
        while status_of(running.url, second) == 200:
            assert time.monotonic() < deadline, "a key that has ended lives on"
        assert [status_of(running.url, key) for key in (first, third)] == [200, 200]

    listed = CliRunner().invoke(app, ["keys", "list", *place(settings)], env={"COLUMNS": "300"})
    lines = {line[:11]: line for line in listed.output.splitlines()}
    assert "last used" in listed.output
    for key in (first, second, third):
        assert len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", lines[key[:11]])) == (2 if key == third else 3)
        assert key[12:] not in listed.output


class TestRefusals:
    """What is asked for in vain is told, with what there is; nothing is made."""

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a command in this process; return its status and everything that it prints."""
        result = CliRunner().invoke(app, ["keys", *arguments])
        return result.exit_code, result.output

    def test_unknown_scope(self, tmp_path: Path) -> None:
        """A scope that there is not is named beside those that there are."""
        scopes = ("--scope", "ops:admin", "--scope", "all")
        status, told = self.run("create", "--data", str(tmp_path / "x"), *scopes)

        assert status == 2
        assert "no scope 'all'" in told
        assert all(scope in told for scope in SCOPES)
        assert not (tmp_path / "x").exists()

    @pytest.mark.parametrize("command", [["list"], ["revoke", "cj_1"], ["rotate", "cj_1"]])
    def test_no_data(self, tmp_path: Path, command: list[str]) -> None:
        """Where no service has been there are no keys, and looking for them leaves nothing behind."""
        status, told = self.run(*command, "--data", str(tmp_path / "x"))

        assert status == 2
        assert f"no service's data in {tmp_path / 'x'}" in told
        assert not (tmp_path / "x").exists()

    @pytest.mark.parametrize("overlap", ["", "24", "h", "1y", "-1h", "1.5h", "367d", "1e9s"])
    def test_a_time_that_is_none(self, tmp_path: Path, overlap: str) -> None:
        """What a time looks like is told, and nothing is changed."""
        _, made = self.run("create", "--data", str(tmp_path), "--scope", "ops:admin")

        status, told = self.run("rotate", made[:11], "--data", str(tmp_path), "--overlap", overlap)

        assert status == 2
        assert "such as 30m, 24h or 7d" in told

    @pytest.mark.parametrize("command", ["revoke", "rotate"])
    def test_no_such_key(self, tmp_path: Path, command: str) -> None:
        """A key that is not in force cannot be changed or ended, and the message says where to look."""
        self.run("create", "--data", str(tmp_path), "--scope", "ops:admin")

        status, told = self.run(command, "cj_12345678", "--data", str(tmp_path))

        assert status == 1
        assert "no key cj_12345678 in force; 'journey keys list' shows them" in told

    def test_revoking_by_the_whole_key(self, tmp_path: Path) -> None:
        """Who pastes a whole key ends it, and the answer does not repeat its secret."""
        _, made = self.run("create", "--data", str(tmp_path), "--scope", "ops:admin")
        key = made.strip()

        status, told = self.run("revoke", key, "--data", str(tmp_path))

        assert status == 0
        assert key[:11] in told
        assert key[12:] not in told
