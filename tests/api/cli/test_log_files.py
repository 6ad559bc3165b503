"""Reading XES, CSV and NDJSON files as flat records."""

import gzip
import io
from pathlib import Path

import pytest

from api.cli.log_files import CsvFormat, LogFileError, Record, read_lines, read_records

XES = b"""<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <global scope="event"><string key="concept:name" value="UNKNOWN"/></global>
  <float key="meta:average" value="1.5"><float key="inner" value="2.5"/></float>
  <trace>
    <string key="concept:name" value="7"/>
    <event>
      <string key="concept:name" value="A"/><date key="time:timestamp" value="2011-10-01T00:38:44+02:00"/>
    </event>
    <event><string key="concept:name" value="B"/><list key="parts"><values/></list></event>
    <int key="AMOUNT" value="100"/>
  </trace>
  <trace><event><string key="concept:name" value="C"/></event></trace>
  <event><string key="concept:name" value="without a trace"/></event>
</log>
"""


def read(name: str, content: bytes, csv_format: CsvFormat | None = None) -> list[Record]:
    """Return the records of a file of that name and content."""
    return list(read_records(Path(name), io.BytesIO(content), csv_format))


class TestXes:
    def test_attributes(self) -> None:
        """An event carries its own attributes, those of its trace, and its places."""
        first = read("log.xes", XES)[0]

        assert first == {
            "concept:name": "A",
            "time:timestamp": "2011-10-01T00:38:44+02:00",
            "trace:concept:name": "7",
            "trace:AMOUNT": "100",
            "#index": "1",
            "#row": "1",
        }

    def test_order(self) -> None:
        """Events come in the order of the file, and the index begins anew in each trace."""
        places = [(each["concept:name"], each.get("#index"), each["#row"]) for each in read("log.xes", XES)]

        assert places == [("A", "1", "1"), ("B", "2", "2"), ("C", "1", "3"), ("without a trace", None, "4")]

    def test_gzip(self) -> None:
        """A gzipped file reads the same."""
        assert read("log.xes", XES) == read("log.xes.gz", gzip.compress(XES))

    def test_many_traces(self) -> None:
        """Traces are read whole wherever the parser's blocks end."""
        trace = (
            b'<trace><string key="n" value="x"/>'
            + b'<event><string key="a" value="b"/></event>' * 9
            + b"</trace>"
        )

        records = read("log.xes", b"<log>" + trace * 3000 + b"</log>")

        assert len(records) == 27_000
        assert all(record["trace:n"] == "x" for record in records)

    @pytest.mark.parametrize("content", [XES[:-60], b"<html></html>", b""])
    def test_damaged(self, content: bytes) -> None:
        """A damaged file is named in the error."""
        with pytest.raises(LogFileError, match=r"log\.xes: cannot be read after record"):
            read("log.xes", content)

    def test_truncated_gzip(self) -> None:
        """A gzip file that ends early is an error."""
        with pytest.raises(LogFileError, match="cannot be read"):
            read("log.xes.gz", gzip.compress(XES)[:-20])


class TestCsv:
    def test_columns(self) -> None:
        """Columns become fields."""
        assert read("calls.csv", "id,主题\n1,利率\n".encode()) == [{"id": "1", "主题": "利率", "#row": "1"}]

    @pytest.mark.parametrize("name", ["calls.txt", "calls.TSV", "calls.txt.gz"])
    def test_other_names(self, name: str) -> None:
        """Other tables of text read the same, by the form that the mapping tells."""
        content = b"id\tat\r\n1\t8:00\r\n"
        packed = gzip.compress(content) if name.endswith(".gz") else content

        assert read(name, packed, CsvFormat(delimiter="\t")) == [{"id": "1", "at": "8:00", "#row": "1"}]

    def test_byte_order_mark(self) -> None:
        """A byte order mark is no part of the first column."""
        assert "id" in read("calls.csv", b"\xef\xbb\xbfid\n1\n")[0]

    def test_format(self) -> None:
        """Delimiter and encoding can be told."""
        content = "编号\t姓名\n1\t王小明\n".encode("gb18030")

        record = read("calls.csv", content, CsvFormat(delimiter="\t", encoding="gb18030"))[0]

        assert record == {"编号": "1", "姓名": "王小明", "#row": "1"}

    def test_quotes(self) -> None:
        """A line break inside quotes stays in the field."""
        assert read("calls.csv", b'id,text\n1,"a\nb"\n')[0]["text"] == "a\nb"

    def test_row_lengths(self) -> None:
        """A row that is too long is an error, and a short one lacks its last fields."""
        assert read("calls.csv", b"a,b\n1\n") == [{"a": "1", "#row": "1"}]
        with pytest.raises(LogFileError, match="after record 1: the next row has more fields"):
            read("calls.csv", b"a,b\n1,2\n1,2,3\n")

    def test_wrong_encoding(self) -> None:
        """Text in another encoding is an error."""
        with pytest.raises(LogFileError, match="utf-8"):
            read("calls.csv", "编号\n".encode("gb18030"))


class TestNdjson:
    def test_nesting(self) -> None:
        """Nested fields are joined by a dot, and null is absent."""
        line = b'{"id": 7, "who": {"name": "Ann", "tags": ["a", 1]}, "gone": null, "ok": true}\n\n'

        assert read("log.ndjson", line) == [
            {"id": "7", "who.name": "Ann", "who.tags": '["a", 1]', "ok": "true", "#row": "1"}
        ]

    def test_lines(self) -> None:
        """Lines can be read without flattening them."""
        assert list(read_lines(Path("a.jsonl"), io.BytesIO(b'{"a": {"b": 1}}\n'))) == [{"a": {"b": 1}}]

    @pytest.mark.parametrize("line", [b"[1]\n", b"{", b"\xff\n"])
    def test_no_object(self, line: bytes) -> None:
        """A line that is no object is an error that says where."""
        with pytest.raises(LogFileError, match="after 1 events"):
            list(read_lines(Path("a.jsonl"), io.BytesIO(b"{}\n" + line)))


def test_other_kind() -> None:
    """A file of another kind is refused by its name."""
    expected = r"log\.xlsx: the name must end in \.xes, \.csv, \.tsv, \.txt, \.ndjson, \.jsonl"
    with pytest.raises(LogFileError, match=expected):
        read("log.xlsx", b"")
