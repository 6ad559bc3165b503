"""The templates of the mapping language."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli.templates import LEFT_OUT, MappingError, compiled

RECORD = {
    "name": "Ann",
    "empty": "",
    "amount": "20000",
    "rate": "3.5",
    "issue": "Didn't pay (fees: 10%)",
    "long": "AB" * 40,
    "trace:concept:name": "7",
    "#index": "2",
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{trace:concept:name}/{#index}", "7/2"),
        ("{{{name}}}", "{Ann}"),
        ("{amount|number}", 20000),
        ("{rate|number}", 3.5),
        ("{amount|integer}", 20000),
        ("{issue|code}", "didn-t-pay-fees-10"),
        ("/{issue|code}", "/didn-t-pay-fees-10"),
        ("{trace:concept:name|code}", "7"),
        ("{long|code}", "ab" * 32),
        ("{empty|default:UNKNOWN}", "UNKNOWN"),
        ("{absent|default:a b}", "a b"),
        ("{absent|default:5|integer}", 5),
        ("{absent|default:}", ""),
        ("{absent|optional}", LEFT_OUT),
        ("x {absent|optional}", LEFT_OUT),
        (True, True),
        (5, 5),
        (
            {"a": "{name}", "b": "{absent|optional}", "c": [{"d": "{name}"}, "{absent|optional}", 1]},
            {"a": "Ann", "c": [{"d": "Ann"}, 1]},
        ),
    ],
)
def test_filling(template: Any, value: Any) -> None:
    """A template is filled from the record."""
    assert compiled(template)(RECORD) == value


@given(st.text())
def test_braces(text: str) -> None:
    """Text with doubled braces comes out as it was."""
    assert compiled(text.replace("{", "{{").replace("}", "}}"))({}) == text


@given(st.dictionaries(st.sampled_from("abc"), st.text()))
def test_placeholder(record: dict[str, str]) -> None:
    """A placeholder gives the field's text, or says what is absent."""
    fill = compiled("{a}")

    if record.get("a"):
        assert fill(record) == record["a"]
    else:
        with pytest.raises(MappingError, match="the record has no 'a'"):
            fill(record)


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("{name", "a brace without its pair"),
        ("name}", "a brace without its pair"),
        ("{}", "names no field"),
        ("{name|upper}", "there is number, integer, code, optional, default:text"),
        ("{name|number|integer}", "has 'integer'"),
        ("{amount|number} EUR", "must be all of its template"),
        ({"a": [{"b": "{"}]}, "a: 0: b: "),
    ],
)
def test_malformed(template: Any, complaint: str) -> None:
    """A malformed template is refused before any record is read."""
    with pytest.raises(MappingError, match=complaint):
        compiled(template)


@pytest.mark.parametrize("template", ["{name|number}", "{name|integer}", "{rate|integer}", "{nan|number}"])
def test_no_number(template: str) -> None:
    """Text that is no number is refused and shown."""
    with pytest.raises(MappingError, match="which is no"):
        compiled(template)({**RECORD, "nan": "nan"})
