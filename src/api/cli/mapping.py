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

The first rule that matches decides. A condition is a text or a list of texts, in which `*` stands for any
text; an absent field counts as empty text; all conditions must hold, and `match = {}` takes what is left.
What a rule says of `id`, `subject`, `case`, `time`, `channel` and `attributes` goes before what the file
says. `data` may hold tables, lists and values that are no text, which are passed on as they are. Every text
but `source`, `type` and the conditions is a template (see `templates`).

A record that tells of several events has a rule with `events`, in the order in which they happened; `{#type}`
in a template is the type of the event that is made:

    [[rules]]
    match = { outcome = "HANG" }
    events = [
        { type = "consultation.requested", data = { topic = "{topic}", category = "call" } },
        { type = "consultation.abandoned", time = "{left}" },
    ]

A time of another shape is told by `time = { value = "{date} {clock}", format = "%y%m%d %H:%M:%S", zone =
"Asia/Shanghai" }`: `format` as in Python's strptime, ISO 8601 without it; `zone` for times that carry no
offset of their own. `after = "{date} {begin}"` is for logs that write one date beside several clock times:
what lies more than half a day before `after` is of the next day. `plus = { days = 15 }` adds to it.

Fields that records lack are added before the rules are asked, each from the record and the fields above it:
a time, as above, or a text that is chosen by another one, where `*` stands for any text:

    [fields]
    joined = { value = "{date} {q_start}", format = "%y%m%d %H:%M:%S", zone = "Asia/Jerusalem" }
    topic = { value = "{type}", choose = { PS = "regular-activity", "*" = "{type}" } }

A CSV file of another shape is told by `csv = { delimiter = "\t", encoding = "gb18030" }`.
"""

import importlib.resources
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from api.cli.fields import compiled_fields
from api.cli.log_files import CsvFormat, Record
from api.cli.mapping_rules import ENVELOPE, CloudEvent, Rule, compiled_envelope, compiled_rule, row
from api.cli.speech import said
from api.cli.templates import Fill, MappingError, only


@dataclass(frozen=True, kw_only=True)
class EventMapping:
    """A mapping file, ready to use."""

    name: str
    """The file, for errors."""
    source: str
    envelope: Mapping[str, Fill]
    """What fills `id`, `subject`, `case`, `time`, `channel` and the further attributes."""
    fields: Callable[[Record], Record]
    """Adds the fields that records lack."""
    rules: tuple[Rule, ...]
    csv_format: CsvFormat

    def events(self, record: Record) -> list[CloudEvent]:
        """Return the events that `record` tells of, in their order; none where no rule fits it.

        Raises `MappingError`, naming file, row, rule and key, where the record lacks what the rule needs.
        """
        try:
            told = self.fields(record)
        except MappingError as error:
            raise MappingError(f"{self.name}: {row(record)}: {error}") from error
        rule = next((rule for rule in self.rules if rule.fits(told)), None)
        if rule is None:
            return []
        try:
            return [event.filled(told, self.source, self.envelope) for event in rule.events]
        except MappingError as error:
            raise MappingError(f"{self.name}: {error}") from error


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
            {*ENVELOPE, "source", "attributes", "fields", "rules", "csv"},
            {"id", "subject", "time", "source", "rules"},
        )
        return EventMapping(
            name=name,
            source=str(table["source"]),
            envelope=compiled_envelope(table),
            fields=compiled_fields(table.get("fields", {})),
            rules=tuple(compiled_rule(number, rule) for number, rule in enumerate(table["rules"], start=1)),
            csv_format=CsvFormat(**table.get("csv", {})),
        )
    except (MappingError, tomllib.TOMLDecodeError, TypeError, AttributeError) as error:
        raise MappingError(f"{name}: {error}") from error
