"""The project's documents, taken apart for tests."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.zh.md")
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
)
_FENCE = re.compile(r"(?ms)(?:<!-- (?P<mark>[a-z: ]+) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$")
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """A fenced block of a document."""

    mark: str
    """What the comment above it says: `tested`, `tested: endless`, `answer` (to the last), or nothing."""
    language: str
    text: str


def read(name: str) -> str:
    """Return the text of a document."""
    return (ROOT / name).read_text("utf-8")


def blocks(name: str) -> list[Block]:
    """Return the fenced blocks of a document."""
    found = _FENCE.finditer(read(name))
    return [Block(each["mark"] or "", each["language"], each["text"]) for each in found]


def prose(name: str) -> str:
    """Return a document without its fenced blocks."""
    return _FENCE.sub("", read(name))


def headings(name: str) -> list[str]:
    """Return the headings of a document, with their marks."""
    return re.findall(r"(?m)^#+ .+$", prose(name))


def anchors(name: str) -> set[str]:
    """Return the anchors under which hosts of Markdown show the headings of a document."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lstrip("# ").lower()) for heading in headings(name))
    return {heading.replace(" ", "-") for heading in plain}


def links(name: str) -> list[str]:
    """Return where the links of a document lead, those to other sites left out."""
    found: list[str] = _LINK.findall(prose(name))
    return [link for link in found if not link.startswith(("https://", "http://"))]


def rows(name: str, first_cell: str) -> list[list[str]]:
    """Return the cells of the table rows whose first cell is code that fits a pattern."""
    lines = re.findall(rf"(?m)^\| (`{first_cell}` \|.*) \|$", read(name))
    return [[cell.strip().strip("`") for cell in line.split(" | ")] for line in lines]


def tables(name: str) -> list[list[str]]:
    """Return the tables of a document, each as its lines."""
    return [table.splitlines() for table in re.findall(r"(?m)(?:^\|.*\n)+", prose(name))]


def cells(line: str) -> int:
    """Count the cells of a line of a table."""
    return len(re.findall(r"(?<!\\)\|", line)) - 1
