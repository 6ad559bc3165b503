"""The front pages: every command runs as written, and answers as shown."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.keys import SCOPES
from journey.settings import Settings
from tests.documents import READMES, blocks, headings, links
from tests.processes import new_key, server


@dataclass(frozen=True)
class Terminal:
    """A shell beside a service that has nothing in it yet."""

    directory: Path
    environment: Mapping[str, str]

    def run(self, commands: str) -> str:
        """Run commands, none of which may fail, and return what they print."""
        ran = subprocess.run(
            [_bash(), "-euo", "pipefail", "-c", commands],
            env=self.environment,
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, f"{commands}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def first_line(self, command: str) -> str:
        """Return the first line that an endless command prints, and end it."""
        running = subprocess.Popen(
            [_bash(), "-c", f"exec {command}"],
            env=self.environment,
            cwd=self.directory,
            stdout=subprocess.PIPE,
            text=True,
        )
        with running:
            assert running.stdout is not None
            line = running.stdout.readline()
            running.terminate()
        return line


def _bash() -> str:
    return shutil.which("bash") or "/bin/bash"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Give a shell in which the front page's first steps are done."""
    settings = Settings(data=tmp_path / "journey-data")
    with server(settings) as running:
        yield Terminal(
            tmp_path,
            {
                **os.environ,
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "JOURNEY_URL": running.url,
                "JOURNEY_KEY": new_key(settings, *SCOPES),
                "NO_PROXY": "127.0.0.1",
            },
        )


def shows(shown: Any, told: Any) -> bool:
    """Tell whether an answer has all that a document shows of it."""
    if isinstance(shown, dict):
        known = isinstance(told, dict) and shown.keys() <= told.keys()
        return known and all(shows(part, told[key]) for key, part in shown.items())
    if isinstance(shown, list):
        return isinstance(told, list) and len(shown) <= len(told) and all(map(shows, shown, told))
    return bool(shown == told)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands call curl")
@pytest.mark.parametrize("name", READMES)
def test_commands_run_and_answer_as_shown(name: str, terminal: Terminal) -> None:
    """The commands marked as tested run in their order on an empty service, and give the answers shown."""
    answer, explained = "", True
    for block in blocks(name):
        match block.mark, block.language:
            case "tested", "sh":
                assert explained, f"refused, and the page does not say so: {answer}"
                answer = terminal.run(block.text)
                explained = "/problems/" not in answer
            case "tested: endless", "sh":
                assert terminal.first_line(block.text).startswith(("id:", "event:", "data:"))
            case "answer", "json":
                assert shows(json.loads(block.text), json.loads(answer)), answer
                explained = True
            case "answer", "text":
                missing = set(block.text.splitlines()) - set(answer.splitlines())
                assert not missing, answer
            case mark, language:
                assert not mark, f"nothing tests {language} that is marked as {mark}"
    assert explained
    assert answer


def test_both_languages_have_the_same_structure() -> None:
    """The Chinese page has the same sections and links as the English one."""
    levels, targets = [], []
    for name in READMES:
        levels.append([heading.partition(" ")[0] for heading in headings(name)])
        targets.append([link.replace(".zh.md", ".md") for link in links(name)])

    assert levels[0] == levels[1]
    assert targets[0] == targets[1]


def test_both_languages_have_the_same_commands() -> None:
    """Commands differ between the languages only in the language asked for, and in labels."""
    differing = re.compile(r'Accept-Language: [\w-]+|--label "[^"]*"')
    marks, commands = [], []
    for name in READMES:
        marks.append([block[:2] for block in blocks(name)])
        commands.append([differing.sub("", block.text) for block in blocks(name) if block.language == "sh"])

    assert marks[0] == marks[1]
    assert commands[0] == commands[1]
