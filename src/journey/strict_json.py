"""JSON from outside, lossless or refused: what is read means the same to every reader.

What a fast reader reads, and writes again just as it was, nobody reads otherwise: most documents are like
that. All others are read with the standard library's scanner, whose hooks only say that something is wrong;
`json_scan` then finds out where. Nothing is kept between calls, and each pass takes time linear in the
length.
"""

import json
import re
from dataclasses import dataclass
from itertools import accumulate
from math import isfinite
from typing import Any, NamedTuple

import orjson

from journey.errors import JourneyError
from journey.json_faults import Fault
from journey.json_scan import MAX_KEYS, find_faults, number_fault

JSON = Any
"""A value that JSON can carry exactly: dict, list, str, int, float, bool or None."""

MAX_DEPTH = 32
_ALWAYS_EXACT_DIGITS = 15
"""A double keeps every decimal number of this many digits (DBL_DIG of the C standard)."""
_FINE_ESCAPES = re.compile(
    r"(?:[^\\]++|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\(?!u0000|u[dD][89a-fA-F]).)*+", re.DOTALL
)
_SPACES = b" \t\r\n"
_MANY_ENTRIES = 20_000
"""More than a batch may have: written one by one, they would take many times the memory of the document."""
_NOT_BRACKETS = re.compile(r"[^\[\]{}]++")
_STEP_OF_BRACKET = {"[": 1, "{": 1, "]": -1, "}": -1}


@dataclass(eq=False)
class StrictJSONError(JourneyError):
    """The bytes are not JSON that every reader understands in the same way."""

    faults: list[Fault]

    def __str__(self) -> str:
        """Name each fault and its place."""
        return "; ".join(f"{fault.code} at {fault.pointer}" for fault in self.faults)


class Measured(NamedTuple):
    """What was read, and how large it is."""

    value: JSON
    sizes: list[int]
    """The bytes of each entry of a list, or of any other value, when they are written compactly."""


def parse(body: bytes, *, max_depth: int = MAX_DEPTH) -> JSON:
    """Read `body`, or raise `StrictJSONError` with its bad places in the order of the document.

    Where the syntax is broken, only the places before that are known. A container deeper than `max_depth` is
    refused without a look inside; `max_depth` is at most 200, because the scanner recurses. The integer `-0`
    is read as 0.
    """
    read = _read_plainly(body, max_depth)
    return parse_carefully(body, max_depth=max_depth) if read is None else read.value


def parse_measured(body: bytes, *, max_depth: int = MAX_DEPTH) -> Measured:
    """Read `body` as `parse` does, and measure it, which mostly costs nothing more."""
    if (read := _read_plainly(body, max_depth)) is not None:
        return read
    value = parse_carefully(body, max_depth=max_depth)
    return Measured(value, [len(encode(entry)) for entry in _entries(value)])


def _read_plainly(body: bytes, max_depth: int) -> Measured | None:
    """Read a document of which it is plain to see that everybody reads it alike."""
    try:
        value = orjson.loads(body)
        if type(value) is list:
            return _read_list_plainly(value, body, max_depth)
        written = orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)
    except (ValueError, TypeError):
        return None
    if max_depth and _is_plain(body, written) and _is_small(written, max_depth - 1):
        return Measured(value, [len(written)])
    return None


def _read_list_plainly(value: list[JSON], body: bytes, max_depth: int) -> Measured | None:
    if not max_depth or len(value) > _MANY_ENTRIES:
        return None
    written = [orjson.dumps(entry, option=orjson.OPT_STRICT_INTEGER) for entry in value]
    whole = b"[%b]" % b",".join(written)
    if _is_plain(body, whole) and all(_is_small(entry, max_depth - 1) for entry in written):
        return Measured(value, [*map(len, written)])
    return None


def _entries(value: JSON) -> list[JSON]:
    return value if type(value) is list else [value]


def _is_plain(body: bytes, written: bytes) -> bool:
    """Tell whether what was written again is what had been read, but for spaces.

    Then no name occurred twice, as it would have been written once; and each number stands there as the
    shortest that gives its double. Spaces in strings are left out as well, but they are not in question.
    """
    if b"\\u0000" in written:
        return False
    return written == body or written.translate(None, _SPACES) == body.translate(None, _SPACES)


def _is_small(written: bytes, brackets: int) -> bool:
    """Tell from its characters alone that a value is neither too deep nor has too many members anywhere."""
    return written.count(b":") <= MAX_KEYS and written.count(b"{") + written.count(b"[") <= brackets


def parse_carefully(body: bytes, *, max_depth: int = MAX_DEPTH) -> JSON:
    """Read `body` as `parse` does where that is not plain to see."""
    try:
        text = body.decode()
        if text.count("[") + text.count("{") > max_depth and _depth(text) > max_depth:
            raise ValueError("too deep")  # noqa: TRY301  all that is wrong leaves by one way
        value = _DECODER.decode(text)
    except ValueError as error:
        raise StrictJSONError(find_faults(body, max_depth)) from error
    # The scanner has no hook for strings, but only an escape can put into one what must not be there.
    if "\\u" in text and not _FINE_ESCAPES.fullmatch(text):
        raise StrictJSONError(find_faults(body, max_depth))
    return value


def encode(value: JSON) -> bytes:
    """Write compact JSON, so that `parse(encode(value)) == value` for what `parse` returns."""
    written = orjson.dumps(value)
    if b"null" in written:
        _refuse_silent_null(value)
    return written


def canonical(value: JSON) -> bytes:
    """Write compact JSON with sorted keys: the same bytes for the same value, for digests; 1 is not 1.0."""
    written = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    if b"null" in written:
        _refuse_silent_null(value)
    return written


def _refuse_silent_null(value: JSON) -> None:
    # orjson writes NaN and the infinities as null: a number would be lost without a word.
    if not _is_finite(value):
        raise ValueError("JSON has neither NaN nor infinity")


def _is_finite(value: JSON) -> bool:
    within = [value]
    while within:
        part = within.pop()
        if isinstance(part, float):
            if not isfinite(part):
                return False
        elif isinstance(part, dict):
            within += part.values()
        elif isinstance(part, list | tuple):
            within += part
    return True


def _depth(text: str) -> int:
    # With escaped backslashes and then escaped quotes gone, every second piece between quotes is no string.
    pieces = text.replace("\\\\", "").replace('\\"', "").split('"')
    brackets = _NOT_BRACKETS.sub("", "".join(pieces[::2]))
    return max(accumulate(map(_STEP_OF_BRACKET.__getitem__, brackets)), default=0)


def _read_integer(literal: str) -> int:
    if len(literal) > _ALWAYS_EXACT_DIGITS:
        _refuse_bad_number(literal)
    return int(literal)


def _read_float(literal: str) -> float:
    if len(literal) > _ALWAYS_EXACT_DIGITS + 1 or "e" in literal or "E" in literal:
        _refuse_bad_number(literal)
    return float(literal)


def _refuse_bad_number(literal: str) -> None:
    if code := number_fault(literal):
        raise ValueError(code)


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _read_object(members: list[tuple[str, JSON]]) -> dict[str, JSON]:
    read = dict(members)
    if len(read) != len(members) or len(members) > MAX_KEYS:
        raise ValueError("duplicate or too many keys")
    return read


_DECODER = json.JSONDecoder(
    object_pairs_hook=_read_object,
    parse_float=_read_float,
    parse_int=_read_integer,
    parse_constant=_refuse_constant,
)
