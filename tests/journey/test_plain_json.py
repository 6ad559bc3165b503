"""The quick reading of JSON takes nothing that the careful one would not take, and takes it as that does."""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from journey.strict_json import StrictJSONError, encode, parse, parse_carefully, parse_measured

SPACED = st.sampled_from(["", "", " ", "\n"])
LITERALS = st.sampled_from(
    [
        *("1", "-0", "-0.0", "1.0", "100.10", "1e5", "1e-7", "1e+22", "9007199254740992", "9007199254740993"),
        *("18446744073709551616", "0.1000000000000000055", "1e400", "1e-400", "NaN", "null", "true"),
        *(
            '""',
            '"a"',
            '"a b"',
            '"客"',
            '":"',
            '"{["',
            '"\\n"',
            '"\\/"',
            '"\\""',
            '"\\u0061"',
            '"\x7f"',
            '"\t"',
        ),
        *('"\\u0000"', '"\\\\u0000"', '"\\ud83d\\ude00"', '"\\ud83d"'),
    ]
)
NAMES = st.sampled_from(['"a"', '"a "', '"b"', '"\\u0061"', '"b\\u0000"', '""'])
NEARLY_PLAIN = st.recursive(
    LITERALS,
    lambda inner: (
        st.tuples(SPACED, st.lists(st.tuples(SPACED, inner).map("".join), max_size=4)).map(
            lambda drawn: f"[{f',{drawn[0]}'.join(drawn[1])}{drawn[0]}]"
        )
        | st.tuples(
            SPACED, st.lists(st.tuples(NAMES, st.just(":"), SPACED, inner).map("".join), max_size=3)
        ).map(lambda drawn: f"{{{f'{drawn[0]},'.join(drawn[1])}}}")
    ),
    max_leaves=12,
).map(str.encode)


@settings(max_examples=400)
@given(NEARLY_PLAIN, st.integers(0, 5))
@example(b"[]", 0)
@example(b'{"a":1,"a":1}', 5)
@example(b'{"a":1, "a":1}', 5)
def test_what_is_plain_to_see_is_seen_the_same_by_those_who_look_closer(body: bytes, depth: int) -> None:
    """The quick reading takes what the careful one takes, and as that does; it refuses nothing by itself."""
    assert outcome(parse, body, depth) == outcome(parse_carefully, body, depth)


@given(NEARLY_PLAIN)
@example(b"[" + b"1," * 20_000 + b"1]")
def test_measures_what_it_reads(body: bytes) -> None:
    """Each entry is as large as it is when it is written by itself."""
    try:
        value, sizes = parse_measured(body)
    except StrictJSONError:
        return
    assert sizes == [len(encode(entry)) for entry in (value if isinstance(value, list) else [value])]


def outcome(read: Any, body: bytes, max_depth: int) -> object:
    """Return what is read, with the types of all that is in it, or all that is wrong with it."""
    try:
        return repr(read(body, max_depth=max_depth))
    except StrictJSONError as refusal:
        return refusal.faults
