"""Which fields are bad, and why, for people: never with a value that was sent."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from api.field_error_texts import ANYTHING_ELSE, BY_FAMILY, BY_TYPE
from journey.json_faults import DETAILS, Fault
from journey.touchpoints import TOUCHPOINTS
from journey.words import Words

MAX_ERRORS = 100
"""Bad fields told in one answer: it must not grow with what was sent."""
MAX_NAME_SHOWN = 64
"""Characters of a field's name that a pointer shows; of a longer name it shows the start and an ellipsis."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_VALIDATOR = re.compile(
    r"\[key\]|(?:function|constrained|lax|json|nullable|list|tuple|set|frozenset|dict|union)-?.*[\])]"
)
_SCALARS = frozenset({"str", "int", "float", "bool", "none"})
_NAMES_A_FIELD = frozenset({"missing", "extra_forbidden"})
_CHOICE = re.compile(r"'([^']*)'")
_PLACE = re.compile(r"line (\d+) column (\d+)")
_PERSONAL = "|".join(
    sorted({name for touchpoint in TOUCHPOINTS.values() for name in touchpoint.personal_fields()})
)
# Of an event in a batch or alone, or of data that are a body of their own.
_IN_PERSONAL = re.compile(rf"(#(?:/\d+)?(?:/data)?/(?:{_PERSONAL})(?:/\d{{1,4}}(?=/|$))*)(?:/.*)?")

Detail = Mapping[str, Any]
"""One error as pydantic tells it: type, loc, input, ctx."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One bad field."""

    pointer: str
    """Where it is: RFC 6901 as a URI fragment, `#/data/amount`."""
    detail: Words
    """What is wrong with it."""


def field_errors(error: ValidationError, prefix: str = "#/data") -> list[FieldError]:
    """Name the first hundred bad fields of the object at `prefix`."""
    return [
        FieldError(pointer(prefix, _path(detail["loc"], detail["type"])), _said(detail))
        for detail in error.errors(include_url=False)[:MAX_ERRORS]
    ]


def request_errors(error: RequestValidationError) -> list[FieldError]:
    """Name the bad parameters of a request, as `#/query/limit`; fields of its body are `#/name`."""
    named = []
    for detail in error.errors()[:MAX_ERRORS]:
        place, *path = detail["loc"]
        if detail["type"] == "json_invalid":
            path = []  # FastAPI gives the offset in the body here, which is no index
        prefix = "#" if place == "body" else f"#/{place}"
        named.append(FieldError(pointer(prefix, _path(path, detail["type"])), _said(detail)))
    return named


def fault_errors(faults: Iterable[Fault]) -> list[FieldError]:
    """Name the bad places of a document that is not sound JSON, with line and column."""
    return [
        FieldError(_told(fault.pointer), _placed(DETAILS[fault.code], fault.line, fault.column))
        for fault in faults
    ]


def pointer(prefix: str, path: Iterable[str | int]) -> str:
    """Return the RFC 6901 pointer, as a URI fragment, to what lies at `path` below `prefix`."""
    return prefix + "".join(f"/{_shown(str(step))}" for step in path)


def _told(place: str) -> str:
    """Return a pointer that ends at a personal field: whatever is named inside of one may name a person."""
    inside = _IN_PERSONAL.fullmatch(place)
    return inside[1] if inside else place


def _shown(name: str) -> str:
    shortened = name if len(name) <= MAX_NAME_SHOWN else name[:MAX_NAME_SHOWN] + "…"
    escaped = _SURROGATE.sub("\ufffd", shortened).replace("~", "~0").replace("/", "~1")
    return quote(escaped, safe="!$&'()*+,;=:@?")  # what RFC 3986 allows in a fragment, without the slash


def _path(loc: Sequence[str | int], type_: str) -> list[str | int]:
    """Leave out the steps that name validators and branches of unions: the document has only fields."""
    steps = list(loc)
    last = steps.pop() if steps and type_ in _NAMES_A_FIELD else None  # the sender's own word
    if steps and steps[-1] in _SCALARS:
        steps.pop()
    fields = [step for step in steps if isinstance(step, int) or not _is_branch(step)]
    return fields if last is None else [*fields, last]


def _is_branch(step: str) -> bool:
    return step in TOUCHPOINTS or _VALIDATOR.fullmatch(step) is not None


def _said(detail: Detail) -> Words:
    type_, limits = str(detail["type"]), detail.get("ctx", {})
    if type_ == "value_error":
        return _own_words(limits.get("error"), detail.get("input"))
    words = BY_TYPE.get(type_) or BY_FAMILY.get(type_.partition("_")[0]) or ANYTHING_ELSE
    if type_ == "json_invalid" and (place := _PLACE.search(str(limits.get("error")))):
        return _placed(words, int(place[1]), int(place[2]))
    return Words(
        words.en.format_map({name: _limit(limit, ", ") for name, limit in limits.items()}),
        words.zh.format_map({name: _limit(limit, "、") for name, limit in limits.items()}),
    )


def _own_words(error: object, sent: object) -> Words:
    """Return what a validator of ours says, unless the text holds what was sent: `int("…")` quotes it."""
    said = error.args[0] if isinstance(error, ValueError) and error.args else None
    match said:
        case (str(en), str(zh)):
            return Words(en, zh)
        case str() if isinstance(sent, str | int | float) and str(sent) in said:
            return ANYTHING_ELSE
        case str():
            return Words(said, f"{ANYTHING_ELSE.zh.removesuffix('。')}：{said}")
        case _:
            return ANYTHING_ELSE


def _limit(limit: object, comma: str) -> str:
    """Write a limit for people: choices without quotes, whole numbers without a fraction."""
    if isinstance(limit, float) and limit.is_integer():
        return str(int(limit))
    choices = _CHOICE.findall(limit) if isinstance(limit, str) else []
    return comma.join(choices) or str(limit)


def _placed(words: Words, line: int, column: int) -> Words:
    return Words(
        f"{words.en.removesuffix('.')} (line {line}, column {column}).",
        f"{words.zh.removesuffix('。')}（第{line}行，第{column}列）。",
    )
