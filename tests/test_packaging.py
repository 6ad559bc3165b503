"""What is installed elsewhere is complete, pinned, and works without the sources."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import pytest
import typer.main

from api.cli import app
from tests.documents import ROOT, read

PINS = dict(line.split("==") for line in read("constraints.txt").splitlines())
HARDENED = ("read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]')


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of a copy of the sources, so that nothing in the checkout can help."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("src", "migrations"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(built),
        str(source),
    ]
    subprocess.run(command, check=True, timeout=300)
    (found,) = built.glob("*.whl")
    return found


def files(directory: Path, pattern: str) -> set[str]:
    """Return the files of a folder that fit a pattern, by their paths in it."""
    return {path.relative_to(directory).as_posix() for path in directory.rglob(pattern)}


class TestWheel:
    def test_has_every_source_definition_mapping_and_migration(self, wheel: Path) -> None:
        """Nothing that the service reads at run time is left behind."""
        expected = {
            name for pattern in ("*.py", "*.toml", "py.typed") for name in files(ROOT / "src", pattern)
        }
        expected |= {f"journey/migrations/{name}" for name in files(ROOT / "migrations", "*.py")}
        with zipfile.ZipFile(wheel) as packed:
            names = set(packed.namelist())

        assert {"journey/definitions/personal-loan.toml", "api/cli/mappings/bpic2012.toml"} <= expected
        assert expected - names == set()
        assert {name for name in names if name.startswith("tests")} == set()

    def test_runs_the_demo_by_itself(self, wheel: Path, tmp_path: Path) -> None:
        """The unpacked wheel plays the demo from an empty directory, without the checkout."""
        installed, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
        elsewhere.mkdir()
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(installed)
        environment = {**os.environ, "PYTHONPATH": str(installed), "COLUMNS": "120"}

        def run(*arguments: str) -> str:
            command = [sys.executable, *arguments]
            return subprocess.run(
                command,
                env=environment,
                cwd=elsewhere,
                check=True,
                timeout=120,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
            ).stdout

        assert run("-c", "import journey; print(journey.__file__)").startswith(str(installed))
        shown = run("-m", "api.cli", "demo", "--exit", "--customers", "5", "--language", "en")
        assert re.search(r"[1-9]\d* events of 5 invented customers are in the log", shown)
        assert "Journey of" in shown

    def test_offers_the_command(self, wheel: Path) -> None:
        """Whoever installs the wheel gets the command `journey`."""
        with zipfile.ZipFile(wheel) as packed:
            (entry_points,) = (name for name in packed.namelist() if name.endswith("entry_points.txt"))

            assert "journey = api.cli:main" in packed.read(entry_points).decode()


class TestConstraints:
    def test_pin_what_is_installed(self) -> None:
        """The versions that the tests run with are the versions that everybody gets."""
        assert {name: version(name) for name in PINS} == PINS

    def test_pin_every_dependency_by_version_only(self) -> None:
        """No pin names an address, and every declared dependency has one."""
        project = tomllib.loads(read("pyproject.toml"))["project"]
        declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
        names = {re.split(r"[^\w.-]", each)[0] for each in declared}

        assert all(re.fullmatch(r"[\w.+!]+", pinned) for pinned in PINS.values())
        assert {_plain(name) for name in names} <= {_plain(name) for name in PINS}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


class TestDockerfile:
    LINES = re.sub(r"\\\n\s*", "", read("Dockerfile")).splitlines()

    def instructions(self, word: str) -> list[str]:
        """Return the arguments of an instruction, each time it stands."""
        return [line.partition(" ")[2] for line in self.LINES if line.startswith(f"{word} ")]

    def test_copies_what_is_there_and_not_ignored(self) -> None:
        """Every file copied into the image exists, and reaches the builder."""
        allowed = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
        copied = [each.split()[:-1] for each in self.instructions("COPY") if "--from" not in each]
        names = {name for each in copied for name in each}

        assert names == allowed
        assert all((ROOT / name).exists() for name in names)

    def test_runs_without_privileges(self) -> None:
        """The service runs as a numbered user, so that an orchestrator can see that it is not root."""
        (user,) = self.instructions("USER")

        assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
        assert self.instructions("VOLUME") == ["/data /keys"]

    def test_starts_a_command_that_exists(self) -> None:
        """The image's command line is one that `journey` understands."""
        (entry,), (command,) = self.instructions("ENTRYPOINT"), self.instructions("CMD")

        assert json.loads(entry) == ["journey"]
        assert _understood(json.loads(command)) == {"data": Path("/data"), "host": "0.0.0.0"}  # noqa: S104  # only the container can be reached there

    def test_health_is_asked_where_it_is_told(self) -> None:
        """The health check is a program that compiles, and asks the port that the service listens on."""
        (check,) = self.instructions("HEALTHCHECK")
        program = json.loads(check.partition("CMD ")[2])[2]
        compile(program, "HEALTHCHECK", "exec")

        assert "http://127.0.0.1:8080/healthz" in program
        assert _understood(["serve"], "port") == {"port": 8080}


class TestCompose:
    TEXT = read("compose.yaml")

    def test_has_no_password_of_its_own(self) -> None:
        """The password stands in a file from outside, which every service reads and no environment holds."""
        assert set(re.findall(r"\w*PASSWORD\w*: (.*)", self.TEXT)) == {"/run/secrets/database-password"}
        assert set(re.findall(r"(\w*PASSWORD\w*): ", self.TEXT)) == {
            "JOURNEY_DATABASE_PASSWORD_FILE",
            "POSTGRES_PASSWORD_FILE",
        }
        assert "file: ./database-password" in self.TEXT
        assert "/database-password" in read(".gitignore").splitlines()

    def test_hardens_every_service(self) -> None:
        """Every service has a read-only root, no capabilities and no way to new privileges."""
        hardened, journey = (
            re.search(rf"(?ms)^x-{name}:.*?(?=^\S)", self.TEXT) for name in ("hardened", "journey")
        )
        services = re.findall(r"(?m)^  (\w+):\n    <<: \*(\w+)$", self.TEXT)

        assert hardened is not None
        assert all(line in hardened[0] for line in HARDENED)
        assert journey is not None
        assert "<<: *hardened" in journey[0]
        assert services == [("database", "hardened"), ("api", "journey"), ("project", "journey")]

    def test_starts_commands_that_exist(self) -> None:
        """The services' command lines are ones that `journey` understands, every role among them."""
        commands = [json.loads(each) for each in re.findall(r"command: (\[.*\])", self.TEXT)]

        assert [_understood(command, "roles") for command in commands] == [
            {"roles": "api"},
            {"roles": "project,react"},
        ]


def _understood(command: list[str], *names: str) -> dict[str, Any]:
    """Return what a command line sets, or the parameters `names`; raise where it has a mistake."""
    group: Any = typer.main.get_command(app)
    context = group.commands[command[0]].make_context(command[0], command[1:])
    given = names or [name for name in context.params if f"--{name}" in command]
    return {name: context.params[name] for name in given}


class TestMakefile:
    def test_explains_every_target(self) -> None:
        """`make help` lists what one may call."""
        phony = re.findall(r"(?m)^\.PHONY: (.*)$", read("Makefile"))[0].split()
        explained = re.findall(r"(?m)^([a-z-]+):.* ## \w", read("Makefile"))

        assert sorted(explained) == sorted(phony)

    def test_continuous_integration_runs_the_same(self) -> None:
        """CI has no checks of its own beyond those that everybody can run."""
        script = read(".ci/run")

        assert os.access(ROOT / ".ci" / "run", os.X_OK)
        assert "set -euo pipefail" in script
        assert re.findall(r"(?m)^(?:\w+=\S+ |PYTEST_ADDOPTS=.* )?make (\w+)(?: AUDIT=\S+)?$", script) == [
            "check",
            "test",
            "audit",
        ]


class TestAudit:
    """Nothing that could not be looked up counts as good."""

    VERDICT = staticmethod(runpy.run_path(str(ROOT / ".ci" / "audit.py"))["verdict"])
    SOUND: ClassVar = {"name": "one", "version": "1", "vulns": []}
    UNKNOWN: ClassVar = {"name": "two", "skip_reason": "not found"}
    KNOWN: ClassVar = {"name": "three", "version": "3", "vulns": [{"id": "CVE-1", "fix_versions": ["4"]}]}

    @pytest.mark.parametrize(
        ("dependencies", "status", "said"),
        [
            ([SOUND], 0, "1 audited, no advisory known"),
            ([SOUND, UNKNOWN], 3, "NOT AUDITED (1 of 2"),
            ([], 3, "NOT AUDITED"),
            ([UNKNOWN, KNOWN], 1, "three 3: CVE-1, mended in ['4']"),
        ],
    )
    def test_verdict(self, dependencies: list[Any], status: int, said: str) -> None:
        """Advisories first, then what is not known, and success only where all was looked up."""
        found, told = self.VERDICT({"dependencies": dependencies})

        assert found == status
        assert said in " ".join(told)

    def test_no_answer(self) -> None:
        """A report that is none is no success either."""
        assert self.VERDICT({})[0] == 3
