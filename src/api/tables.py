"""Lists as tables: CSV (RFC 4180) in which no spreadsheet finds a formula."""

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import orjson

from api.accepting import CSV, LINES
from api.reading_schemas import READING_SCHEMAS
from api.schemas import SCHEMAS, TEXT, answers
from api.work_schemas import WORK_SCHEMAS

REST = "attributes"
"""The last column of rows that may have members of any name: all that has no column, as JSON."""

_COMPONENTS = {**SCHEMAS, **READING_SCHEMAS, **WORK_SCHEMAS}
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BREAKS = ("\t", "\r", "\n")
# The last one is the minus sign of mathematics, which normalisation leaves alone.
_BEGINNINGS = frozenset("=+-@\u2212")


def described_table(name: str, description: str) -> dict[int | str, dict[str, Any]]:
    """Describe the answer of a route that gives a page of a list as JSON, as lines and as CSV."""
    told = answers(name, description)
    told[200]["content"] |= {LINES: {"schema": _item(name)}, CSV: {"schema": TEXT}}
    return told


def columns_of(name: str) -> tuple[str, ...]:
    """Return the columns of a list: the members that its items are described with, in that order.

    They are the same on every page and for every caller, so that pages can be put together.
    """
    item = _COMPONENTS[_item(name)["$ref"].rpartition("/")[2]]
    rest = (REST,) if item.get("additionalProperties") else ()
    return (*item["properties"], *rest)


def as_csv(columns: Sequence[str], lines: bytes) -> bytes:
    """Write rows, given as lines of JSON, below the names of the columns."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(columns)
    for line in lines.splitlines():
        row = orjson.loads(line)
        rest = {name: value for name, value in row.items() if name not in columns}
        writer.writerow([_cell(row.get(name, (rest or None) if name == REST else None)) for name in columns])
    return written.getvalue().encode()


def defused(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: behind an apostrophe, unless it is a number.

    What programs pass over before a formula, such as spaces and signs without a width, counts as absent.
    """
    if _NUMBER.fullmatch(text):
        return text
    seen = next((sign for sign in text if unicodedata.category(sign)[0] not in "ZC"), "")
    dangerous = unicodedata.normalize("NFKC", seen)[:1] in _BEGINNINGS
    return f"'{text}" if dangerous or text.startswith(_BREAKS) else text


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return defused(value if isinstance(value, str) else orjson.dumps(value).decode())


def _item(name: str) -> dict[str, Any]:
    item: dict[str, Any] = _COMPONENTS[name]["properties"]["items"]["items"]
    return item
