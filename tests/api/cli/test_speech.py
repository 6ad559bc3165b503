"""The language of the command line, and its help in each."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from api.cli.helping import wrapped
from api.cli.speech import spoken
from journey.words import LANGUAGES, Language
from tests.processes import surroundings

EVERY_HELP = """
import json
import typer.main
import typer.testing
from api.cli import app

def walk(command, path):
    yield path
    for name, each in getattr(command, "commands", {}).items():
        yield from walk(each, [*path, name])

runner = typer.testing.CliRunner()
paths = list(walk(typer.main.get_command(app), []))
print(json.dumps({" ".join(path): runner.invoke(app, [*path, "--help"]).output for path in paths}))
"""


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
        ({"LC_ALL": "zh_CN.UTF-8", "JOURNEY_LANGUAGE": "en"}, "en"),
        ({"LC_ALL": "C", "JOURNEY_LANGUAGE": "zh"}, "zh"),
        ({"JOURNEY_LANGUAGE": "ZH-CN"}, "zh"),
    ],
)
def test_first_variable_that_is_set_decides(environment: dict[str, str], language: Language) -> None:
    """JOURNEY_LANGUAGE goes before LC_ALL, LC_MESSAGES and LANG, as POSIX orders these."""
    assert spoken(environment) == language


@pytest.fixture(scope="module", params=LANGUAGES)
def helps(request: pytest.FixtureRequest) -> tuple[Language, dict[str, str]]:
    """Give the help of every command in a language, as a terminal of 80 columns shows it."""
    ran = subprocess.run(
        [sys.executable, "-c", EVERY_HELP],
        env=surroundings(JOURNEY_LANGUAGE=request.param, COLUMNS="80"),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: Any = json.loads(ran.stdout)
    return request.param, found


class TestHelp:
    def test_every_command_is_taught_by_examples(self, helps: tuple[Language, dict[str, str]]) -> None:
        """The help of each command ends with lines to type, which begin with the program's name."""
        language, texts = helps
        heading = {"en": "Examples:", "zh": "示例："}[language]

        assert len(texts) == 1 + 11 + 4 + 3 + 9
        for path, text in texts.items():
            _, found, examples = text.partition(f"\n{heading}\n")
            assert found, path
            assert all("journey" in line for line in examples.splitlines()), path

    def test_no_line_is_wider_than_the_terminal(self, helps: tuple[Language, dict[str, str]]) -> None:
        """Wide characters count as two columns; only examples, which are to be copied, may be longer."""
        _, texts = helps
        for path, text in texts.items():
            lines = text.splitlines()
            assert [line for line in lines if cell_len(line) > 80 and "journey" not in line] == [], path

    def test_help_is_in_one_language(self, helps: tuple[Language, dict[str, str]]) -> None:
        """In Chinese every option and command is explained in Chinese; in English no character is Chinese."""
        language, texts = helps
        for path, text in texts.items():
            chinese = any("\u4e00" <= character <= "\u9fff" for character in text)
            assert chinese == (language == "zh"), path
            if language == "zh":
                assert "[default" not in text, path
                assert "Show this message" not in text, path


TEXTS = st.text(st.sampled_from("ab (客户旅程，。（）“”"), max_size=60)


@given(TEXTS, st.integers(4, 40))
def test_wrapping_keeps_every_character(text: str, width: int) -> None:
    """Lines put together are the text again, but for the spaces where it was broken."""
    assert "".join("".join(wrapped(text, width)).split()) == "".join(text.split())


@given(TEXTS, st.integers(4, 40))
def test_wrapped_lines_fit(text: str, width: int) -> None:
    """No line is wider than asked, unless it cannot be broken at all."""
    for line in wrapped(text, width):
        assert cell_len(line) <= width or list(wrapped(line, 1)) == [line]


def test_punctuation_does_not_begin_a_line() -> None:
    """A closing mark stays with the character before it, an opening one with the character after it."""
    assert list(wrapped("客户旅程，（工单）完成", 8)) == ["客户旅", "程，（工", "单）完成"]
