"""Where JSON from outside is wrong: the slow pass over its tokens behind `strict_json`."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isinf
from urllib.parse import quote

from journey.json_faults import Fault, FaultCode

MAX_KEYS = 1_000
"""Members of one object."""
MAX_FAULTS = 100
"""Faults told of one document: an answer must not grow with what was sent."""
MAX_NAME_SHOWN = 64
"""Characters of a name that a pointer shows; of a longer name it shows the start and an ellipsis."""
MAX_NUMBER_LENGTH = 40
LARGEST_INTEGER = 2**53
"""Beyond it, readers that keep each number as a double turn neighbours into one."""

_LEXEME = re.compile(
    r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|NaN|-?Infinity', re.DOTALL
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f]")
_SYNTAX_ONLY = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=str)


def number_fault(literal: str) -> FaultCode | None:
    """Tell why the number is not kept exactly; a literal of more than 40 characters never is."""
    if "NaN" in literal or "Infinity" in literal:
        return "not_a_number"
    if not re.search("[.eE]", literal):
        fits = len(literal) <= MAX_NUMBER_LENGTH and abs(int(literal)) <= LARGEST_INTEGER
        return None if fits else "number_out_of_range"
    if len(literal) > MAX_NUMBER_LENGTH:
        return "number_imprecise"
    value = float(literal)
    if isinf(value):
        return "number_out_of_range"
    if value == 0:  # Decimal does not take every exponent that gives zero here
        return "number_imprecise" if re.match("-?[0.]*[1-9]", literal) else None
    return None if Decimal(literal) == Decimal(repr(value)) else "number_imprecise"


def find_faults(body: bytes, max_depth: int) -> list[Fault]:
    """Find the first hundred bad places of `body`, one for each pointer and code, until its syntax breaks."""
    # Bytes that are not UTF-8 become lone surrogates, which UTF-8 cannot hold: each is found in its place.
    text = body.decode(errors="surrogateescape")
    faults: dict[tuple[str, FaultCode], Fault] = {}
    for position, inside, code in _scan(text, max_depth):
        pointer = _pointer(inside[:max_depth])
        if (pointer, code) in faults:
            continue
        before = text[:position]
        line, column = before.count("\n") + 1, position - before.rfind("\n")
        offset = len(before.encode(errors="surrogateescape"))
        faults[pointer, code] = Fault(pointer, code, line, column, offset)
        if len(faults) == MAX_FAULTS:
            break
    return list(faults.values())


@dataclass(slots=True)
class _Container:
    """An object or array that the scan is inside of."""

    names: set[str] | None
    """The names met in an object; None in an array."""
    step: str | int | None
    """The member being read; None where an object has not named it yet."""


_UNSEEN = _Container(None, None)
"""Stands for each container that is too deep: a million of them must not cost a million objects."""
_Found = tuple[int, list[_Container], FaultCode]


def _scan(text: str, max_depth: int) -> Iterator[_Found]:
    """Yield each fault with its position and the containers around it, outermost first."""
    error = _syntax_error(text)
    inside: list[_Container] = []
    previous = ""
    for match in _LEXEME.finditer(text, 0, error.pos if error else len(text)):
        lexeme = match[0]
        if lexeme in "[{":
            if len(inside) == max_depth:
                yield match.start(), inside, "too_deep"
            inside.append(_opened(lexeme) if len(inside) < max_depth else _UNSEEN)
        elif lexeme in "]}":
            del inside[-1:]
        elif lexeme == ",":
            _await_next(inside)
        elif len(inside) <= max_depth:
            try:
                yield from _scalar_faults(match, inside, is_name=previous in ("{", ","))
            except json.JSONDecodeError as broken:
                error = error or json.JSONDecodeError(broken.msg, text, match.start() + broken.pos)
                break
        previous = lexeme
    if error:
        yield error.pos, inside, _syntax_code(text, error.pos)


def _opened(bracket: str) -> _Container:
    return _Container(None, 0) if bracket == "[" else _Container(set(), None)


def _syntax_error(text: str) -> json.JSONDecodeError | None:
    try:
        _SYNTAX_ONLY.decode(text)
    except json.JSONDecodeError as error:
        return error
    except RecursionError:  # far too deep, which is told as such
        return None
    return None


def _syntax_code(text: str, position: int) -> FaultCode:
    found = text[position : position + 1]
    if found == "\ufeff" and position == 0:
        return "bom"
    return "encoding" if found == "\0" or _SURROGATE.match(found) else "syntax"


def _await_next(inside: list[_Container]) -> None:
    if inside:
        step = inside[-1].step
        inside[-1].step = step + 1 if isinstance(step, int) else None


def _scalar_faults(match: re.Match[str], inside: list[_Container], *, is_name: bool) -> Iterator[_Found]:
    lexeme = match[0]
    code: FaultCode | None
    if lexeme[0] == '"':
        value = _SYNTAX_ONLY.decode(lexeme)
        if is_name and inside:
            yield from _name_faults(value, match.start(), inside)
        code = _text_fault(lexeme, value)
    else:
        code = number_fault(lexeme)
    if code:
        yield match.start(), inside, code


def _name_faults(name: str, position: int, inside: list[_Container]) -> Iterator[_Found]:
    names = inside[-1].names
    if names is None:
        return
    if len(names) == MAX_KEYS and name not in names:
        yield position, inside, "too_many_keys"
    inside[-1].step = name
    if name in names:
        yield position, inside, "duplicate_key"
    names.add(name)


def _text_fault(lexeme: str, value: str) -> FaultCode | None:
    if _SURROGATE.search(lexeme):
        return "encoding"
    if _CONTROL.search(lexeme):
        return "control_character"
    if _SURROGATE.search(value):
        return "lone_surrogate"
    return "nul" if "\0" in value else None


def _pointer(inside: Sequence[_Container]) -> str:
    """Write the way to a value as the fragment of a URI (RFC 6901, section 6)."""
    return "#" + "".join(f"/{_shown(step)}" for container in inside if (step := container.step) is not None)


def _shown(step: str | int) -> str:
    name = str(step)
    if len(name) > MAX_NAME_SHOWN:
        name = name[:MAX_NAME_SHOWN] + "…"
    escaped = _SURROGATE.sub("\ufffd", name).replace("~", "~0").replace("/", "~1")
    return quote(escaped, safe="!$&'()*+,;=:@?")  # what RFC 3986 allows in a fragment, without the slash
