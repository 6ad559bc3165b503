"""The columns of entries as texts: each value comes out as it went in, whatever characters it has."""

import pytest

from journey.errors import Unstorable
from journey.event_log import Entry
from journey.event_log.postgres_append import values

CONTROLS = "".join(map(chr, range(1, 32)))


def entry(id_: str, digest: bytes = b"d") -> Entry:
    """Return an entry with an id."""
    return Entry("customer", 1, "interaction.recorded", b"{}", ("/source", id_), digest, None)


@pytest.mark.parametrize("id_", ["plain", "", "a\x1fb", "\x1f", "\x1e\x1f\x1d", CONTROLS[1:], "编号"])
def test_each_value_is_told_apart(id_: str) -> None:
    """The separator is a character that no value has, and stands before each."""
    *columns, separator = values([entry(id_), entry(""), entry("x", digest=b"")], [b"1", b"2", b"3"])

    assert columns[6].split(separator)[1:] == [id_, "", "x"]
    assert columns[7].split(separator)[1:] == ["64", "64", ""]
    assert columns[8] == columns[9] == ""


def test_one_empty_value_is_not_none() -> None:
    """A column of one empty value is not a column of none."""
    *columns, separator = values([entry("", digest=b"")], [b"1"])

    assert columns[6] == columns[7] == separator


def test_what_has_every_separator_is_refused() -> None:
    """Nothing is written that could be read otherwise."""
    with pytest.raises(Unstorable):
        values([entry(CONTROLS)], [b"1"])
