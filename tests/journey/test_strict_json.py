"""JSON from outside is read without loss, or refused with every bad place named."""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, get_args

import orjson
import pydantic_core
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from journey.json_faults import DETAILS, Fault, FaultCode
from journey.json_scan import MAX_FAULTS, MAX_KEYS
from journey.strict_json import StrictJSONError, canonical, encode, parse, parse_carefully

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20)
PIECES = st.sampled_from(
    [
        *'{}[],:"\\客\0\n\x01\ufeff',
        *('"a"', '"b"', '"\\u0061"', '"\\ud83d\\ude00"', '"\\\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00"'),
        *('"\\u0000"', '"\\\\u0000"', "\\u0000", "\\ud83d", "\\ude00", "\\\\"),
        *("1", "-0", "0.1", "-0.0", "0.30000000000000004", "9007199254740993", "100000000000000000000.5"),
        *("1e2", "1E400", "1e-400", "0e999999999999", "null", "true", "NaN", "Infinity", "-Infinity"),
    ]
)
DOCUMENTS = st.lists(PIECES, max_size=30).map("".join).map(str.encode)
NUMBERS = st.from_regex(r"\A-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,22})?([eE][+-]?[0-9]{1,3})?\Z")


def faults(body: bytes, **limits: int) -> list[Fault]:
    """Read what must be refused."""
    with pytest.raises(StrictJSONError) as refusal:
        parse(body, **limits)
    return refusal.value.faults


def places(body: bytes, **limits: int) -> list[tuple[str, FaultCode]]:
    """Read what must be refused, and keep the pointers and codes."""
    return [(fault.pointer, fault.code) for fault in faults(body, **limits)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", [("#", "syntax")]),
        (b"  ", [("#", "syntax")]),
        (b"{", [("#", "syntax")]),
        (b'{"a": 1,}', [("#", "syntax")]),
        (b'{"a": {"b": [1, 2, oops]}}', [("#/a/b/2", "syntax")]),
        (b'{"a": "\\x"}', [("#/a", "syntax")]),
        (b'{"a": "open', [("#/a", "syntax")]),
        (b"{} {}", [("#", "syntax")]),
        (b"[01]", [("#/0", "syntax")]),
        (b"[1.]", [("#/0", "syntax")]),
        (b"['a']", [("#/0", "syntax")]),
        ("[１]".encode(), [("#/0", "syntax")]),  # a full-width digit
        ("\u00a0[]".encode(), [("#", "syntax")]),  # a space, but not one of JSON's
        (b'{"a": NaN, "b": oops}', [("#/a", "not_a_number"), ("#/b", "syntax")]),
        (b'\xef\xbb\xbf{"a": 1}', [("#", "bom")]),
        ('{"a": 1}'.encode("utf-16"), [("#", "encoding")]),
        ('{"a": 1}'.encode("utf-16-le"), [("#", "encoding")]),
        ('{"a": 1}'.encode("utf-16-be"), [("#", "encoding")]),
        (b'{"a": "\xff", "b": ["ok", "\xc3("]}', [("#/a", "encoding"), ("#/b/1", "encoding")]),
        (b'{"a": "\xed\xa0\x80"}', [("#/a", "encoding")]),  # a surrogate written in UTF-8
        (b'["\xc0\x80"]', [("#/0", "encoding")]),  # NUL in two bytes
        (b"[\xff]", [("#/0", "encoding")]),
        (
            b'{"a": NaN, "b": [Infinity, -Infinity]}',
            [("#/a", "not_a_number"), ("#/b/0", "not_a_number"), ("#/b/1", "not_a_number")],
        ),
        (b"NaN", [("#", "not_a_number")]),
        (b"[1e999, -1e309]", [("#/0", "number_out_of_range"), ("#/1", "number_out_of_range")]),
        (b"[9007199254740993]", [("#/0", "number_out_of_range")]),
        (b"[-9007199254740993]", [("#/0", "number_out_of_range")]),
        (b'{"n": ' + b"1" * 5_000 + b"}", [("#/n", "number_out_of_range")]),
        (b"[0.1000000000000000055]", [("#/0", "number_imprecise")]),
        (b"[9007199254740993.0]", [("#/0", "number_imprecise")]),
        (b"[1e-400]", [("#/0", "number_imprecise")]),
        (b"[-0.0001e-99999999999999999999]", [("#/0", "number_imprecise")]),
        (b"[1." + b"0" * 5_000 + b"]", [("#/0", "number_imprecise")]),
        (b'{"a": 1, "b": 2, "a": 3}', [("#/a", "duplicate_key")]),
        (b'{"a": 1, "\\u0061": 2}', [("#/a", "duplicate_key")]),
        (b'[{"x": {"a": 1, "a": 1, "a": 1}}, {"a": 1}]', [("#/0/x/a", "duplicate_key")]),
        (b'["\\ud800", "\\udc00", "\\ud83dx"]', [(f"#/{index}", "lone_surrogate") for index in range(3)]),
        (b'["\\\\ud83d\\ude00"]', [("#/0", "lone_surrogate")]),
        (b'{"a": {"\\ud800": 1}}', [("#/a/%EF%BF%BD", "lone_surrogate")]),
        (b'{"a": "\\u0000", "b\\u0000": 1}', [("#/a", "nul"), ("#/b%00", "nul")]),
        (b'{"a": "x\ny", "b": "\x00"}', [("#/a", "control_character"), ("#/b", "control_character")]),
        (b'{"a\tb": 1}', [("#/a%09b", "control_character")]),
        (
            b'{"data": {"amount": NaN, "note": "\\u0000", "note": "\\ud800", "list": [0, 1e999]}}',
            [
                ("#/data/amount", "not_a_number"),
                ("#/data/note", "nul"),
                ("#/data/note", "duplicate_key"),
                ("#/data/note", "lone_surrogate"),
                ("#/data/list/1", "number_out_of_range"),
            ],
        ),
    ],
)
def test_names_every_bad_place(body: bytes, expected: list[tuple[str, FaultCode]]) -> None:
    """Each fault comes with a pointer to its place, in the order of the document."""
    assert places(body) == expected


@pytest.mark.parametrize(
    ("name", "pointer"),
    [
        ("", "#/"),
        ("a/b", "#/a~1b"),
        ("c%d", "#/c%25d"),
        ("e^f", "#/e%5Ef"),
        ("g|h", "#/g%7Ch"),
        ("i\\j", "#/i%5Cj"),
        ('k"l', "#/k%22l"),
        (" ", "#/%20"),
        ("m~n", "#/m~0n"),
        ("~1", "#/~01"),
        ("金额", "#/%E9%87%91%E9%A2%9D"),
        ("a" * 65, "#/" + "a" * 64 + "%E2%80%A6"),
    ],
)
def test_writes_pointers_as_fragments_of_a_uri(name: str, pointer: str) -> None:
    """The examples of RFC 6901 hold, and a name of any length gives a short pointer."""
    assert places(json.dumps({name: math.nan}).encode()) == [(pointer, "not_a_number")]


@pytest.mark.parametrize(
    ("body", "line", "column", "offset"),
    [
        (b'{\n  "a": oops\n}', 2, 8, 9),
        ('{"客户": "张三",\n "金额": oops}'.encode(), 2, 8, 32),
        ('["é", "\udcff"]'.encode(errors="surrogateescape"), 1, 7, 7),
        (b'["ab\\q"]', 1, 5, 4),
        (b"", 1, 1, 0),
    ],
)
def test_tells_line_column_and_offset(body: bytes, line: int, column: int, offset: int) -> None:
    """Lines and columns count characters from 1, the offset counts bytes from 0."""
    (fault,) = faults(body)

    assert (line, column, offset) == (fault.line, fault.column, fault.offset)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"9007199254740992", 2**53),
        (b"-9007199254740992", -(2**53)),
        (b"-0", 0),
        (b"0.30000000000000004", 0.30000000000000004),
        (b"100.10", 100.1),
        (b"1E+2", 100.0),
        (b"1e22", 1e22),
        (b"0e99999999999999999999", 0.0),
        (b"5e-324", 5e-324),
        (b'"\\ud83d\\ude00 \\u5ba2"', "😀 客"),
        (b'"\\\\u0000 \\\\ud800"', "\\u0000 \\ud800"),
        (b' \t\r\n["\x7f"] ', ["\x7f"]),
        (b'{"a": {"a": [{"a": 1}]}}', {"a": {"a": [{"a": 1}]}}),
    ],
)
def test_reads_what_only_looks_suspicious(body: bytes, value: object) -> None:
    """Nothing that can be kept is refused."""
    assert value == parse(body)


def test_counts_brackets_outside_of_strings_only() -> None:
    """The allowed depth is met exactly, and brackets in text do not count."""
    text = '"' + '[{\\"\\\\' * 50 + '"'
    deepest = "[" * 32 + text + "]" * 32

    assert parse(f"[{text}]".encode()) == ['[{"\\' * 50]
    assert parse(deepest.encode())
    assert parse(b"[" + b"[]," * 50 + b"[]]") == [[]] * 51
    assert places(f"[1, {deepest}]".encode()) == [("#/1" + "/0" * 31, "too_deep")]
    assert places(b'["\\\\", ' + b"[" * 40 + b"]" * 41) == [("#/1" + "/0" * 31, "too_deep")]
    assert places(b'{"a": [{"b": NaN}]}', max_depth=2) == [("#/a/0", "too_deep")]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("depth", [33, 1_000, 100_000])
@pytest.mark.parametrize("start", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("closed", [True, False])
def test_depth_of_any_size_is_a_fault(depth: int, start: str, closed: bool) -> None:  # noqa: FBT001  a case of the table
    """A tower of brackets is refused before the scanner recurses into it."""
    close = {"[": "]", '{"a":': "}", '[{"a":': "}]"}[start] if closed else ""

    assert "too_deep" in [code for _, code in places((start * depth + "1" + close * depth).encode())]


def test_finds_what_is_wrong_behind_a_tower_of_brackets() -> None:
    """A document that is too deep for the scanner is still looked through."""
    tower, broken = faults(b"[" + b"[" * 100_000 + b"]" * 100_000 + b', "b\\q"]')

    assert (tower.pointer, tower.code) == ("#" + "/0" * 32, "too_deep")
    assert (broken.pointer, broken.code, broken.offset) == ("#/1", "syntax", 200_005)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'"' * 1_000_000,
        b'["' + b"\\" * 1_000_001,
        b"{" + b'"a":1,' * 200_000 + b'"a":1}',
        b"[" + b"NaN," * 200_000 + b"1]",
        b'["' + b"\\ud800" * 200_000 + b'"]',
        b'["' + b"\xff" * 1_000_000 + b'"]',
        b"1e" + b"9" * 1_000_000,
        b'{"' + b"k" * 1_000_000 + b'": NaN}',
    ],
    ids=lambda body: repr(body[:8]),
)
def test_hostile_megabytes_are_refused_in_linear_time_with_a_short_answer(body: bytes) -> None:
    """Neither time nor the answer grows beyond what a document of that length costs anyway."""
    found = faults(body)

    assert len(found) <= MAX_FAULTS
    assert sum(len(fault.pointer) for fault in found) < 10_000


def test_counts_the_members_of_an_object() -> None:
    """One object may have a thousand members, a document more."""
    full = {str(number): 0 for number in range(MAX_KEYS)}

    assert parse(encode([full, full])) == [full, full]
    assert places(encode({"data": full | {"more": 0}})) == [("#/data", "too_many_keys")]


def test_threads_do_not_see_each_others_faults() -> None:
    """One decoder serves all threads."""
    value = {"a": [1, 2.5, "x"] * 50}
    good, bad = encode(value), b"[1" + b",1" * 200 + b',{"a":1,"a":NaN}]'

    def read(_: int) -> bool:
        return all(parse(good) == value and len(faults(bad)) == 2 for _ in range(200))

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(read, range(4)))


def test_says_each_fault_in_every_language() -> None:
    """Each code has words, and the error names codes and places, never content."""
    assert set(DETAILS) == set(get_args(FaultCode))
    with pytest.raises(StrictJSONError, match=r"^nul at #/a; not_a_number at #/b$"):
        parse(b'{"a": "\\u0000secret", "b": NaN}')


@given(VALUES)
def test_what_is_written_is_read_equal(value: Any) -> None:
    """Python's JSON and ours come back as they went."""
    for body in (
        json.dumps(value).encode(),
        json.dumps(value, ensure_ascii=False).encode(),
        encode(value),
        canonical(value),
    ):
        assert same(value, parse(body))


@given(VALUES.filter(lambda value: isinstance(value, dict)))
def test_canonical_bytes_know_no_order_of_keys(value: dict[str, Any]) -> None:
    """The same members in another order give the same bytes."""
    assert canonical(value) == canonical(dict(reversed(value.items())))


@pytest.mark.parametrize("write", [encode, canonical])
@pytest.mark.parametrize("lost", [math.nan, math.inf, -math.inf])
def test_writing_refuses_what_would_become_null(write: Any, lost: float) -> None:
    """A number never turns into null in silence, and a null stays one."""
    with pytest.raises(ValueError, match="NaN"):
        write({"a": [None, (1.0, lost)]})
    assert write({"a": None}) == b'{"a":null}'


@given(st.binary() | DOCUMENTS)
@example(b'{"a\xff": 1}')
@example(b'"\\')
@example(b"[" * 300 + b"\xff")
def test_any_bytes_are_read_as_others_read_them_or_refused(body: bytes) -> None:
    """Nothing but our refusal is raised, and two independent readers agree with whatever is accepted."""
    assert refused_with_reasons(body) or read_alike(body)


@given(VALUES, st.data())
def test_changed_documents_are_read_as_others_read_them_or_refused(value: Any, data: st.DataObject) -> None:
    """A document with some bytes replaced is refused, or still means one thing."""
    body = json.dumps(value, ensure_ascii=data.draw(st.booleans())).encode()
    start = data.draw(st.integers(0, len(body)))
    changed = body[:start] + data.draw(st.binary(max_size=3) | DOCUMENTS) + body[start + 1 :]

    assert refused_with_reasons(changed) or read_alike(changed)


@given(NUMBERS)
@example("9007199254740993")
@example("0.1e-322")
@example("2.2250738585072011e-308")
def test_a_number_is_accepted_exactly_when_a_double_keeps_it(literal: str) -> None:
    """What is read equals what was written, as a decimal number; what is refused would not have."""
    kept = Decimal(literal) == Decimal(repr(float(literal))) and (
        "." in literal or "e" in literal.lower() or abs(int(literal)) <= 2**53
    )
    try:
        value = parse(literal.encode())
    except StrictJSONError:
        assert not kept or len(literal) > 40
    else:
        assert kept
        assert Decimal(literal) == Decimal(repr(value))


def refused_with_reasons(body: bytes) -> bool:
    """Tell whether `body` is refused for reasons that fit into an answer."""
    try:
        parse(body)
    except StrictJSONError as refusal:
        return bool(refusal.faults) and all(fault.pointer.isascii() for fault in refusal.faults)
    return False


def read_alike(body: bytes) -> bool:
    """Tell whether the other readers, and we from our own writing, read the same."""
    value = parse(body)
    others = (
        orjson.loads(body),
        pydantic_core.from_json(body),
        parse_carefully(body),
        parse(encode(value)),
        parse_carefully(encode(value)),
    )
    return all(same(value, other) for other in others)


def same(left: Any, right: Any) -> bool:
    """Compare as JSON: 1 is neither True nor 1.0, but readers may differ in how they write zero."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right) and (type(left) is type(right) or left == 0)
