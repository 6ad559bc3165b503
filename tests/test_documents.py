"""What the documents say is so: links lead somewhere, and what is named exists."""

import re
import runpy
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import typer.main

from api.cli import app
from api.keys import SCOPES
from journey.settings import Settings
from tests.documents import DOCUMENTS, ROOT, anchors, cells, links, read, rows, tables
from tests.processes import new_key, server

OPERATIONS = pytest.mark.parametrize("page", ["docs/operations.md", "docs/operations.zh.md"])
COMMANDS: Any = typer.main.get_command(app)
PATH = re.compile(r"`((?:src|tests|docs|migrations|\.ci)/[\w./@-]+)`")
JOURNEY = re.compile(r"(?m)(?:^|`|exec \w+ )journey((?: [^`\n|]+)?)")
MAKE = re.compile(r"(?m)(?:^|`)make ([a-z]+)")


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give what a service that has just started answers to a collector of metrics."""
    settings = Settings(data=tmp_path_factory.mktemp("served"))
    with server(settings) as running:
        headers = {"Authorization": f"Bearer {new_key(settings, 'ops:admin')}"}
        yield httpx.get(f"{running.url}/metrics", headers=headers, trust_env=False).text


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    """Every link inside the project leads to a file, and to a heading of it where it names one."""
    for link in links(name):
        target, _, fragment = link.partition("#")
        path = ((ROOT / name).parent / target if target else ROOT / name).resolve()

        assert path.exists(), link
        assert not fragment or fragment in anchors(path.relative_to(ROOT).as_posix()), link


@pytest.mark.parametrize("name", DOCUMENTS)
def test_rows_of_tables_are_as_long_as_their_heads(name: str) -> None:
    """Otherwise a row stands in a table where it does not belong."""
    for head, *lines in tables(name):
        assert [line for line in lines if cells(line) != cells(head)] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_that_are_named_exist(name: str) -> None:
    """Every path in a document is one of the project."""
    assert [path for path in PATH.findall(read(name)) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_that_are_named_exist(name: str) -> None:
    """Every `journey` command in a document exists, with its options."""
    for match in JOURNEY.finditer(read(name)):
        command, words = COMMANDS, match[1].split()
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
        named = {word.partition("=")[0] for word in words if word.startswith("--")}

        assert not words or not hasattr(command, "commands"), match[0]
        assert named <= known, match[0]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_targets_of_make_that_are_named_exist(name: str) -> None:
    """Every `make` target in a document is one of the Makefile."""
    targets = set(re.findall(r"(?m)^([a-z]+):", read("Makefile")))

    assert set(MAKE.findall(read(name))) <= targets


def test_catalogue_pages_are_what_the_code_says() -> None:
    """The pages of event types were written after the last change of the catalogue."""
    pages = runpy.run_path(str(ROOT / "docs" / "generate.py"))["pages"]()

    assert pages == {path: path.read_text("utf-8") for path in pages}


@OPERATIONS
def test_operations_page_lists_every_setting_with_its_default(page: str) -> None:
    """The table of settings has each one, with the value that holds where nothing is set."""
    listed = {cells[0]: cells[1].replace("无", "none") for cells in rows(page, r"JOURNEY_\w+")}

    assert listed == {
        f"JOURNEY_{name.upper()}": _written(field.default) for name, field in Settings.model_fields.items()
    }


def _written(default: Any) -> str:
    match default:
        case None:
            return "none"
        case frozenset():
            return str(sorted(default)).replace("'", '"')
        case str():
            return default
        case _:
            return f"{default:,}"


@OPERATIONS
def test_operations_page_lists_every_metric(page: str, metrics: str) -> None:
    """The table of metrics has each one that a service tells, and no other."""
    listed = {cells[0].partition("{")[0] for cells in rows(page, r"journey_[^`]+")}

    assert listed == set(re.findall(r"(?m)^# TYPE (\w+)", metrics))


@OPERATIONS
def test_operations_page_lists_every_scope(page: str) -> None:
    """The table of scopes has each one that a key may have."""
    assert {cells[0] for cells in rows(page, r"\w+:\w+")} == set(SCOPES)


def test_index_lists_every_decision() -> None:
    """The index of decisions leads to each of them, in their order."""
    files = sorted(path.name for path in (ROOT / "docs" / "adr").glob("[0-9]*.md"))

    assert files
    assert links("docs/adr/index.md") == files


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name.startswith("docs/adr/0")])
def test_decision_tells_context_decision_and_consequences(name: str) -> None:
    """Every decision is written on the same plan."""
    assert re.findall(r"(?m)^## (.+)$", read(name)) == ["Context", "Decision", "Consequences"]
