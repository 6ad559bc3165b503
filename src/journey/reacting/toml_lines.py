"""On which line of a TOML file something stands: the parser of the standard library does not tell."""

import re
from collections.abc import Iterator, Mapping, Sequence

_HEADER = re.compile(r"\s*\[\[?\s*(?P<keys>[^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_PAIR = re.compile(r"\s*(?P<keys>(?:\"[^\"]*\"|'[^']*'|[\w.\-\s])+?)\s*=")
_KEY = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)")

Lines = Mapping[tuple[str, ...], int]
"""By the keys that lead to it: the line of a table or of a value, from 1."""


def lines_of(text: str) -> Lines:
    """Return the lines of a sound file: of tables, and of keys that begin a line."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            table = tuple(_keys(header["keys"]))
            found.setdefault(table, number)
        elif pair := _PAIR.match(line):
            found.setdefault((*table, *_keys(pair["keys"])), number)
    return found


def line_of(lines: Lines, place: Sequence[str | int]) -> int:
    """Return the line of a place; of one that begins no line, the line of what is around it."""
    known = tuple(str(step) for step in place)
    while known and known not in lines:
        known = known[:-1]
    return lines.get(known, 1)


def _keys(text: str) -> Iterator[str]:
    for double, single, bare in _KEY.findall(text):
        yield double or single or bare
