"""What an import sends: the events of a log file in batches, with what could not become an event."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from api.cli.log_files import LogFileError, Record, kind_of, read_lines, read_records
from api.cli.mapping import EventMapping
from api.cli.mapping_rules import CloudEvent
from api.cli.speech import said
from api.cli.templates import MappingError

MOST_COMPLAINTS = 10
"""How many records without an event are told of one by one; the others are counted."""


@dataclass(kw_only=True)
class Batch:
    """Events in their order, and where the file was read to when they were ready."""

    records: int = 0
    """How many records were read for it."""
    events: list[bytes] = field(default_factory=list)
    """One JSON line each."""
    types: list[str] = field(default_factory=list)
    """The type of each event."""
    unmapped: Counter[str] = field(default_factory=Counter)
    """Records that no rule fits, by what they are."""
    broken: list[str] = field(default_factory=list)
    """Why a record that a rule fits could not become an event."""
    bytes_read: int = 0


_MAPPING_NEEDED = said(
    "name a mapping with --mapping, which says what its records mean",
    "请用 --mapping 指定映射文件，说明各条记录的含义",
)

Converted = list[CloudEvent] | MappingError | str
"""A record's events; why there are none; or what the record is that no rule fits."""


def batches(
    path: Path, file: BinaryIO, mapping: EventMapping | None, size: int, limit: int | None = None
) -> Iterator[Batch]:
    """Yield a log's events in batches of up to `size`, reading at most `limit` records in all.

    What becomes of one record stays together. Without a mapping the file must hold CloudEvents, one a line.
    Raises `LogFileError` where it cannot be read.
    """
    batch = Batch()
    for item in islice(_converted(path, file, mapping), limit):
        new = len(item) if isinstance(item, list) else 0
        if batch.records and (batch.records >= size or len(batch.events) + new > size):
            yield batch
            batch = Batch()
        _add(batch, item)
        batch.bytes_read = file.tell()
    if batch.records:
        yield batch


def _add(batch: Batch, item: Converted) -> None:
    batch.records += 1
    if isinstance(item, MappingError):
        batch.broken.append(str(item))
    elif isinstance(item, str):
        batch.unmapped[item] += 1
    else:
        for event in item:
            # Put together anew it has its own size; as it is written it holds on to a piece of a buffer.
            batch.events.append(orjson.dumps(event) + b"\n")
            batch.types.append(str(event.get("type")))


def told(event: dict[str, Any]) -> CloudEvent:
    """Return an exported event as its source told it: without what the service had added."""
    from api.event_attributes import SET_BY_THE_SERVICE  # noqa: PLC0415  # it loads the web framework, slowly

    return {key: value for key, value in event.items() if key not in SET_BY_THE_SERVICE}


def _converted(path: Path, file: BinaryIO, mapping: EventMapping | None) -> Iterator[Converted]:
    if mapping is not None:
        for record in read_records(path, file, mapping.csv_format):
            try:
                yield mapping.events(record) or _called(record)
            except MappingError as error:
                yield error
        return
    if kind_of(path) != "ndjson":
        raise LogFileError(f"{path.name}: {_MAPPING_NEEDED}")
    for number, event in enumerate(read_lines(path, file), start=1):
        if "specversion" not in event:
            what = said(f"event {number} is no CloudEvent; ", f"第 {number} 条不是 CloudEvent；")
            raise LogFileError(f"{path.name}: {what}{_MAPPING_NEEDED}")
        yield [told(event)]


def _called(record: Record) -> str:
    """Name a kind of record: by activity and lifecycle in a log, else by what its row says first."""
    usual = [record[key] for key in ("concept:name", "lifecycle:transition") if key in record]
    return " ".join(usual) or next(
        (f"{key} = {value}" for key, value in record.items()), said("an empty record", "空记录")
    )
