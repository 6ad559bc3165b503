"""What an import sends."""

import io
from pathlib import Path

import orjson
import pytest

from api.cli.batches import Batch, batches
from api.cli.log_files import LogFileError
from api.cli.mapping import parse_mapping

MAPPING = parse_mapping(
    """
source = "/imports/x"
id = "{id}"
subject = "c"
time = "{at}"
[[rules]]
match = { kind = "visit" }
type = "interaction.recorded"
data = { touchpoint = "branch.visit", action = "{action}" }
""",
    "x.toml",
)
CSV = b"id,kind,at,action\n1,visit,T,a\n2,other,T,a\n3,visit,T,\n4,visit,T,b\n5,visit,T,c\n"


def prepared(size: int, limit: int | None = None) -> list[Batch]:
    """Return the batches of the small file."""
    return list(batches(Path("x.csv"), io.BytesIO(CSV), MAPPING, size, limit))


def ids(batch: Batch) -> list[str]:
    """Return the ids of what a batch sends."""
    return [orjson.loads(line)["id"] for line in batch.events]


def test_batching() -> None:
    """Records are batched in their order."""
    assert [ids(batch) for batch in prepared(2)] == [["1"], ["4"], ["5"]]
    assert [ids(batch) for batch in prepared(10)] == [["1", "4", "5"]]


def test_several_events() -> None:
    """What becomes of one record stays together, and the size counts events."""
    rules = """
[[rules]]
match = { kind = "visit" }
events = [
    { id = "{id}/in", type = "interaction.recorded", data = { touchpoint = "door", action = "in" } },
    { id = "{id}/out", type = "interaction.recorded", data = { touchpoint = "door", action = "out" } },
]
"""
    head = 'source = "/imports/x"\nid = "{id}"\nsubject = "c"\ntime = "{at}"\n'
    mapping = parse_mapping(head + rules, "x.toml")

    made = list(batches(Path("x.csv"), io.BytesIO(CSV), mapping, 5))

    assert [ids(batch) for batch in made] == [
        ["1/in", "1/out", "3/in", "3/out"],
        ["4/in", "4/out", "5/in", "5/out"],
    ]
    assert [batch.records for batch in made] == [3, 2]


def test_limit() -> None:
    """The limit counts records, whether or not they become events."""
    assert [ids(batch) for batch in prepared(10, limit=4)] == [["1", "4"]]


def test_unmapped() -> None:
    """A record that no rule fits is counted by what it is."""
    assert prepared(10)[0].unmapped == {"id = 2": 1}


def test_broken() -> None:
    """A record that lacks what its rule needs is told of, and the others go on."""
    assert prepared(10)[0].broken == [
        "x.toml: row 3, rule 1 (interaction.recorded): data: action: the record has no 'action'"
    ]


EXPORTED = {
    "specversion": "1.0",
    "type": "care.contacted",
    "source": "/channels/phone",
    "id": "1",
    "subject": "c",
    "time": "2026-01-01T00:00:00Z",
    "case": "CON-1",
    "data": {"kind": "greeting"},
    "correlationid": "x",
    "sequence": "7",
}
ADDED = {
    "recordedtime": "2026-01-01T00:00:01Z",
    "version": 2,
    "position": 5,
    "deviation": "x",
    "process": "p@1",
}


def test_export_read_back() -> None:
    """An exported event goes out as its source told it, with its case."""
    content = io.BytesIO(orjson.dumps({**EXPORTED, **ADDED}))

    [batch] = batches(Path("export.ndjson"), content, None, 10)

    assert [orjson.loads(line) for line in batch.events] == [EXPORTED]


def test_plain_lines() -> None:
    """Lines that are no CloudEvents need a mapping."""
    with pytest.raises(LogFileError, match=r"a\.ndjson: event 1 is no CloudEvent; name a mapping"):
        list(batches(Path("a.ndjson"), io.BytesIO(b'{"a": 1}\n'), None, 10))


def test_csv_without_mapping() -> None:
    """A CSV file needs a mapping."""
    with pytest.raises(LogFileError, match=r"a\.csv: name a mapping"):
        list(batches(Path("a.csv"), io.BytesIO(CSV), None, 10))
