"""Reading event logs as they lie around (XES, CSV, NDJSON, each also gzipped) as one stream of flat records.

A record maps names to text: the columns of a CSV file; the fields of a JSON line, with nested ones joined by
a dot; the attributes of an XES event by their key, and those of its trace as `trace:<key>`. Every record also
has `#row`, its place in the file, and an XES record `#index`, its place in its trace; both count from 1.
"""

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast
from xml.etree import ElementTree as ET

from api.cli.speech import said

Record = Mapping[str, str]
"""One line of a log: names to text."""


class LogFileError(Exception):
    """A file cannot be read as the log that its name promises."""


@dataclass(frozen=True, kw_only=True)
class CsvFormat:
    """How a CSV file is written, where that is not commas and UTF-8."""

    delimiter: str = ","
    encoding: str = "utf-8-sig"


def kind_of(path: Path) -> str:
    """Return `xes`, `csv` or `ndjson`, by the file's name; other tables of text are read as CSV is.

    Raises `LogFileError` for any other name.
    """
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    kinds = {
        ".xes": "xes",
        ".csv": "csv",
        ".tsv": "csv",
        ".txt": "csv",
        ".ndjson": "ndjson",
        ".jsonl": "ndjson",
    }
    if suffix not in kinds:
        names = ", ".join(kinds)
        raise LogFileError(
            said(
                f"{path.name}: the name must end in {names}, each also with .gz",
                f"{path.name}：文件名须以 {names} 结尾，均可再加 .gz",
            )
        )
    return kinds[suffix]


def read_records(path: Path, file: BinaryIO, csv_format: CsvFormat | None = None) -> Iterator[Record]:
    """Yield the records of `file`, opened in binary mode, in their order.

    Memory is bounded by one trace, or one line. Raises `LogFileError` where the file is damaged.
    """
    content = unpacked(path, file)
    match kind_of(path):
        case "xes":
            records = _xes(content)
        case "csv":
            records = _csv(content, csv_format or CsvFormat())
        case _:
            records = _ndjson(content)
    row = 0
    try:
        for row, record in enumerate(records, start=1):
            record["#row"] = str(row)
            yield record
    except (ET.ParseError, csv.Error, ValueError, EOFError, OSError) as error:
        raise LogFileError(
            said(
                f"{path.name}: cannot be read after record {row}: {error}",
                f"{path.name}：第 {row} 条记录之后无法读取：{error}",
            )
        ) from error


def read_lines(path: Path, file: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield the objects of an NDJSON file as they are written, without flattening them.

    Raises `LogFileError` where a line is no JSON object.
    """
    number = 0
    try:
        for item in _objects(unpacked(path, file)):
            yield item
            number += 1
    except (ValueError, EOFError, OSError) as error:
        raise LogFileError(
            said(
                f"{path.name}: cannot be read after {number} events: {error}",
                f"{path.name}：第 {number} 条事件之后无法读取：{error}",
            )
        ) from error


def unpacked(path: Path, file: BinaryIO) -> BinaryIO:
    """Return `file`, or what is in it where its name says that it is gzipped."""
    return cast(BinaryIO, gzip.GzipFile(fileobj=file)) if path.name.lower().endswith(".gz") else file


def _xes(content: BinaryIO) -> Iterator[dict[str, str]]:
    root, inside = None, False
    for moment, element in ET.iterparse(content, events=("start", "end")):  # noqa: S314  # the caller's own file
        if root is None:
            root = element
            if _name(root) != "log":
                raise ValueError(
                    said(
                        f"the root is <{_name(root)}>, an XES file has <log>",
                        f"根元素为 <{_name(root)}>，XES 文件应为 <log>",
                    )
                )
        name = _name(element)
        if moment == "start":
            inside = inside or name == "trace"
        elif name == "trace":
            # Its events wait until here because the trace's own attributes may follow them.
            yield from _trace(element)
            inside = False
            root.clear()
        elif name == "event" and not inside:
            yield _attributes(element)
            root.clear()


def _trace(trace: ET.Element) -> Iterator[dict[str, str]]:
    shared = {f"trace:{key}": value for key, value in _attributes(trace).items()}
    events = (child for child in trace if _name(child) == "event")
    for index, event in enumerate(events, start=1):
        yield {**shared, **_attributes(event), "#index": str(index)}


def _attributes(element: ET.Element) -> dict[str, str]:
    pairs = ((child.get("key"), child.get("value")) for child in element)
    return {key: value for key, value in pairs if key is not None and value is not None}


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _csv(content: BinaryIO, csv_format: CsvFormat) -> Iterator[dict[str, str]]:
    text = io.TextIOWrapper(content, encoding=csv_format.encoding, newline="")
    try:
        for row in csv.DictReader(text, delimiter=csv_format.delimiter, strict=True):
            if None in row:
                raise ValueError(
                    said("the next row has more fields than the heading", "下一行的列数多于表头")
                )
            yield {name: value for name, value in row.items() if value is not None}
    finally:
        text.detach()


def _ndjson(content: BinaryIO) -> Iterator[dict[str, str]]:
    for item in _objects(content):
        yield dict(_flat(item, ""))


def _objects(content: BinaryIO) -> Iterator[dict[str, Any]]:
    for line in content:
        if line.strip():
            item = json.loads(line)
            if not isinstance(item, dict):
                raise ValueError(said("the next line is no JSON object", "下一行不是 JSON 对象"))
            yield item


def _flat(item: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in item.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            yield prefix + key, value
        elif value is not None:
            yield prefix + key, json.dumps(value, ensure_ascii=False)
