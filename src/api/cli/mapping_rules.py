"""Rules of a mapping: which records they fit, and what becomes of those."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from api.cli.conditions import compiled_conditions
from api.cli.log_files import Record
from api.cli.moments import compiled_time
from api.cli.speech import said
from api.cli.templates import LEFT_OUT, Fill, MappingError, compiled, compiled_at, only

CloudEvent = dict[str, Any]
"""An event as the service takes it."""

ENVELOPE = ("id", "subject", "case", "time", "channel")
"""The attributes that a mapping fills for the file, and may fill for an event anew."""
_ATTRIBUTE = re.compile(r"[a-z0-9]{1,20}")
_RESERVED = frozenset({"specversion", "source", "type", "data", "datacontenttype", "dataschema", *ENVELOPE})
_EVENT = {"type", "data", "attributes", *ENVELOPE}


@dataclass(frozen=True, kw_only=True)
class EventTemplate:
    """One event that becomes of a record."""

    name: str
    """Where its rule stands and what it makes, for errors."""
    type: str
    fills: Mapping[str, Fill]
    """What fills `data` and those attributes that are the event's own."""

    def filled(self, record: Record, source: str, envelope: Mapping[str, Fill]) -> CloudEvent:
        """Return the event that `record` tells of; what is its own goes before `envelope`.

        Raises `MappingError`, naming the row, the rule and the key, where the record lacks what it needs.
        """
        told = {**record, "#type": self.type}
        event: CloudEvent = {"specversion": "1.0", "type": self.type, "source": source}
        for key, fill in {**envelope, **self.fills}.items():
            try:
                value = fill(told)
            except MappingError as error:
                raise MappingError(f"{row(record)}, {self.name}: {error}") from error
            if value is not LEFT_OUT and value != "":
                event[key] = value
        return event


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What becomes of the records that its conditions fit."""

    fits: Callable[[Record], bool]
    events: tuple[EventTemplate, ...]
    """In the order in which they happened."""


def row(record: Record) -> str:
    """Name the place of a record in its file."""
    number = record.get("#row", "?")
    return said(f"row {number}", f"第 {number} 条")


def compiled_envelope(table: Mapping[str, Any]) -> dict[str, Fill]:
    """Return what fills the attributes that `table` tells, be it a whole file's or one event's.

    Raises `MappingError` where one is not well written, or none of its own.
    """
    fills = {
        key: compiled_at(key, table[key], compiled_time if key == "time" else compiled)
        for key in ENVELOPE
        if key in table
    }
    for key, value in table.get("attributes", {}).items():
        if not _ATTRIBUTE.fullmatch(key) or key in _RESERVED:
            raise MappingError(
                said(
                    f"attributes: {key!r} must be 1 to 20 of a-z and 0-9, and no attribute of every event",
                    f"attributes: {key!r} 须为 1 至 20 个小写字母或数字，且不能是事件的固定属性",
                )
            )
        fills[key] = compiled_at(key, value)
    return fills


def compiled_rule(number: int, written: Mapping[str, Any]) -> Rule:
    """Return the rule that stands at a place of the mapping, counted from 1.

    Raises `MappingError`, naming the rule, where it is not well written.
    """
    several = "events" in written
    try:
        if several:
            only(written, {"match", "events"}, {"match", "events"})
        events = written["events"] if several else [{**written}]
        templates = tuple(_event(number, event, set() if several else {"match"}) for event in events)
        return Rule(fits=compiled_conditions(written["match"]), events=templates)
    except MappingError as error:
        raise MappingError(f"{_name(number, '' if several else written.get('type'))}: {error}") from error


def _event(number: int, written: Mapping[str, Any], further: set[str]) -> EventTemplate:
    only(written, _EVENT | further, {"type"} | further)
    data = compiled_at("data", written.get("data", {}))
    type_ = str(written["type"])
    return EventTemplate(
        name=_name(number, type_), type=type_, fills={**compiled_envelope(written), "data": data}
    )


def _name(number: int, type_: str | None) -> str:
    type_ = said("without a type", "未写 type") if type_ is None else type_
    if not type_:
        return said(f"rule {number}", f"规则 {number}")
    return said(f"rule {number} ({type_})", f"规则 {number}（{type_}）")
