"""The file of arrangements is checked at the start, and what is wrong is told with its line."""

from importlib import resources
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from journey.reacting.configuration_file import (
    MisfitConfiguration,
    UnreadableConfiguration,
    load_configuration,
)
from journey.reacting.toml_lines import line_of, lines_of

SHIPPED = (resources.files("journey") / "policies" / "default.toml").read_text(encoding="utf-8")


def changed(directory: Path, *changes: tuple[str, str]) -> Path:
    """Write the shipped file with some changes."""
    text = SHIPPED
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    file = directory / "policies.toml"
    file.write_text(text, encoding="utf-8")
    return file


def line(file: Path, beginning: str) -> int:
    """Return the line that begins so."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return next(number for number, each in enumerate(lines, 1) if each.startswith(beginning))


def test_the_shipped_file_is_lawful() -> None:
    """An institution that has arranged nothing yet can start."""
    assert load_configuration().switched_off == ()


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ('department = "customer-service"', 'department = "nobody"', "complaints.department"),
        ('common = "front-desk"', 'common = "nobody"', "tickets.common"),
        ("attempts = 3", "attempts = 3\nattemps = 4", "complaints.attemps"),
        ("attempts = 3", "attempts = 0", "complaints.attempts"),
        ("expires_days = 14", "expires_days = 91", "feedback.expires_days"),
        ("switched_off = []", 'switched_off = ["call-backs"]', "switched_off.0"),
        ('silent = ["application.started"]', 'silent = ["application.begun"]', "silent.0"),
        ('members = ["technical"]', 'members = ["a", "a"]', "teams.technical.members"),
        ("recontact_days = 3", "recontact_days = -1", "complaints.recontact_days"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, before: str, after: str, place: str) -> None:
    """Unknown keys, departments, teams and policies; times and numbers that cannot be."""
    file = changed(tmp_path, (before, after))

    with pytest.raises(MisfitConfiguration) as caught:
        load_configuration(file)

    assert f"{file}:{line(file, after.splitlines()[-1])}: {place}: " in str(caught.value)


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    """Nobody starts the service once for each mistake."""
    file = changed(tmp_path, ("csat = 2", "csat = 9"), ("nps = 6", 'nps = "six"'))

    with pytest.raises(MisfitConfiguration) as caught:
        load_configuration(file)

    assert caught.value.lines == [line(file, "csat"), line(file, "nps")]


def test_what_is_not_toml_is_told_so(tmp_path: Path) -> None:
    """The parser knows the line."""
    file = changed(tmp_path, ("attempts = 3", "attempts ="))

    with pytest.raises(UnreadableConfiguration, match=f"line {line(file, 'attempts')}"):
        load_configuration(file)


def test_the_service_does_not_start_with_it(tmp_path: Path) -> None:
    """The command line tells where, and makes no databases."""
    file = changed(tmp_path, ('department = "customer-service"', 'department = "nobody"'))
    result = CliRunner().invoke(
        app, ["serve", "--data", str(tmp_path / "data"), "--port", "0", "--policies", str(file)]
    )

    assert result.exit_code != 0
    told = f"{file}:{line(file, 'department')}: complaints.department: There is no department nobody."
    assert told in result.output.replace("\n", "")
    assert not (tmp_path / "data").exists()


def test_lines_of_keys_and_tables() -> None:
    """Dotted and quoted keys, arrays of tables, and values that go on for lines."""
    text = '[a."b c"]\nd.e = 1\nf = [\n  "g",\n]\n[[h]]\ni = 1'
    lines = lines_of(text)

    assert lines == {
        ("a", "b c"): 1,
        ("a", "b c", "d", "e"): 2,
        ("a", "b c", "f"): 3,
        ("h",): 6,
        ("h", "i"): 7,
    }
    assert line_of(lines, ("a", "b c", "f", 0)) == lines["a", "b c", "f"]
    assert line_of(lines, ("x", "y")) == 1
