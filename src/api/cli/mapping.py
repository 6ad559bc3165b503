r"""Mapping files: how a log's records become events of the catalogue, written in TOML.

    source = "/imports/loans"               # the log, as the service is to know it
    id = "{trace:concept:name}/{#index}"    # unique in the log, and the same on each run
    subject = "customer-{customer}"         # whose journey it is
    case = "APP-{trace:concept:name}"       # left out of the event where it is empty
    time = "{time:timestamp}"               # RFC 3339, or the table below
    channel = "web"

    [attributes]                            # further CloudEvents attributes
    activity = "{concept:name}"
    authid = "{org:resource|optional}"

    [[rules]]
    match = { "concept:name" = "A_SUBMITTED" }
    type = "application.submitted"
    data = { product = "loan", amount = "{trace:AMOUNT_REQ|number}" }

The first rule that matches decides. A condition is a text, a list of texts, or a text ending in `*` for
"begins with"; an absent field counts as empty text; all conditions must hold, and `match = {}` takes what is
left. A rule's own `case` goes before the file's. `data` may hold tables, lists and values that are no text,
which are passed on as they are. Every text but `source`, `type` and the conditions is a template (see
`templates`).

A time of another shape is told by `time = { value = "{date} {clock}", format = "%y%m%d %H:%M:%S", zone =
"Asia/Shanghai" }`: `format` as in Python's strptime, ISO 8601 without it; `zone` for times that carry no
offset of their own. A CSV file of another shape by `csv = { delimiter = "\t", encoding = "gb18030" }`.
"""

import importlib.resources
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.cli.log_files import CsvFormat, Record
from api.cli.moments import compiled_time
from api.cli.speech import said
from api.cli.templates import LEFT_OUT, Fill, MappingError, compiled_at, only

CloudEvent = dict[str, Any]
"""An event as the service takes it."""

_ENVELOPE = ("id", "subject", "case", "time", "channel")
_ATTRIBUTE = re.compile(r"[a-z0-9]{1,20}")
_RESERVED = frozenset({"specversion", "source", "type", "data", "datacontenttype", "dataschema", *_ENVELOPE})


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What becomes of the records that its conditions fit."""

    name: str
    """Where the rule stands and what it makes, for errors."""
    fits: Callable[[Record], bool]
    type: str
    data: Fill
    case: Fill | None


@dataclass(frozen=True, kw_only=True)
class EventMapping:
    """A mapping file, ready to use."""

    name: str
    """The file, for errors."""
    source: str
    envelope: Mapping[str, Fill]
    """What fills `id`, `subject`, `case`, `time`, `channel` and the further attributes."""
    rules: tuple[Rule, ...]
    csv_format: CsvFormat

    def event(self, record: Record) -> CloudEvent | None:
        """Return the event that `record` tells of; None where no rule fits it.

        Raises `MappingError`, naming file, row, rule and key, where the record lacks what the rule needs.
        """
        rule = next((rule for rule in self.rules if rule.fits(record)), None)
        if rule is None:
            return None
        event: CloudEvent = {"specversion": "1.0", "type": rule.type, "source": self.source}
        fills = {**self.envelope, **({"case": rule.case} if rule.case else {}), "data": rule.data}
        for key, fill in fills.items():
            try:
                value = fill(record)
            except MappingError as error:
                row = record.get("#row", "?")
                place = said(f"row {row}", f"第 {row} 条")
                raise MappingError(f"{self.name}: {place}, {rule.name}: {error}") from error
            if value is not LEFT_OUT and value != "":
                event[key] = value
        return event


def load_mapping(name: str) -> EventMapping:
    """Return the mapping in the file `name`, or the shipped one of that name.

    Raises `MappingError` where there is none, or where it is not well written.
    """
    shipped = importlib.resources.files("api") / "cli" / "mappings"
    path = Path(name)
    try:
        if path.is_file():
            return parse_mapping(path.read_text("utf-8"), name)
        if (resource := shipped / f"{name}.toml").is_file():
            return parse_mapping(resource.read_text("utf-8"), f"{name}.toml")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"{name}: {error}") from error
    names = sorted(
        each.name.removesuffix(".toml") for each in shipped.iterdir() if each.name.endswith(".toml")
    )
    listed = ", ".join(names)
    raise MappingError(
        said(
            f"{name}: neither a file nor a shipped mapping; shipped: {listed}",
            f"{name}：既不是文件，也不是自带的映射；自带的有 {listed}",
        )
    )


def parse_mapping(text: str, name: str) -> EventMapping:
    """Return the mapping that `text` describes; `name` stands in its errors.

    Raises `MappingError` where it is not well written.
    """
    try:
        table = tomllib.loads(text)
        only(
            table,
            {*_ENVELOPE, "source", "attributes", "rules", "csv"},
            {"id", "subject", "time", "source", "rules"},
        )
        attributes = _attributes(table.get("attributes", {}))
        written = {key: table[key] for key in _ENVELOPE if key in table and key != "time"}
        envelope = {key: compiled_at(key, value) for key, value in {**written, **attributes}.items()}
        return EventMapping(
            name=name,
            source=str(table["source"]),
            envelope={**envelope, "time": compiled_at("time", table["time"], compiled_time)},
            rules=tuple(_rule(number, rule) for number, rule in enumerate(table["rules"], start=1)),
            csv_format=CsvFormat(**table.get("csv", {})),
        )
    except (MappingError, tomllib.TOMLDecodeError, TypeError, AttributeError) as error:
        raise MappingError(f"{name}: {error}") from error


def _attributes(table: Mapping[str, Any]) -> Mapping[str, Any]:
    for key in table:
        if not _ATTRIBUTE.fullmatch(key) or key in _RESERVED:
            raise MappingError(
                said(
                    f"attributes: {key!r} must be 1 to 20 of a-z and 0-9, and no attribute of every event",
                    f"attributes: {key!r} 须为 1 至 20 个小写字母或数字，且不能是事件的固定属性",
                )
            )
    return table


def _rule(number: int, rule: Mapping[str, Any]) -> Rule:
    type_ = rule.get("type", said("without a type", "未写 type"))
    name = said(f"rule {number} ({type_})", f"规则 {number}（{type_}）")
    try:
        only(rule, {"match", "type", "data", "case"}, {"match", "type"})
        return Rule(
            name=name,
            fits=_conditions(rule["match"]),
            type=str(rule["type"]),
            data=compiled_at("data", rule.get("data", {})),
            case=compiled_at("case", rule["case"]) if "case" in rule else None,
        )
    except MappingError as error:
        raise MappingError(f"{name}: {error}") from error


def _conditions(match: Mapping[str, Any]) -> Callable[[Record], bool]:
    conditions = []
    for key, wanted in match.items():
        texts = wanted if isinstance(wanted, list) else [wanted]
        if not all(isinstance(text, str) for text in texts):
            raise MappingError(
                said(
                    f"match: {key}: {wanted!r} is neither a text nor a list of texts",
                    f"match: {key}: {wanted!r} 既不是文本，也不是文本列表",
                )
            )
        exact = frozenset(text for text in texts if not text.endswith("*"))
        begins = tuple(text.removesuffix("*") for text in texts if text.endswith("*"))
        conditions.append((key, exact, begins))

    def fits(record: Record) -> bool:
        for key, exact, begins in conditions:
            value = record.get(key, "")
            if value not in exact and not value.startswith(begins):
                return False
        return True

    return fits
