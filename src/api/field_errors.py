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
from journey.words import Words

MAX_ERRORS = 100
"""Bad fields told in one answer: it must not grow with what was sent."""
MAX_NAME_SHOWN = 64
"""Characters of a field's name that a pointer shows; of a longer name it shows the start and an ellipsis."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_VALIDATOR = re.compile(r"\[key\]|(?:function|lax|json|nullable|list|tuple|set|frozenset|dict|union)[\w-]*[\[(].*")
_SCALARS = frozenset({"str", "int", "float", "bool", "none", "date", "datetime", "decimal"})
_CHOICE = re.compile(r"'((?:[^'\\]|\\.)*)'")
_NAMES_A_FIELD = frozenset({"missing", "extra_forbidden"})

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
    details: Sequence[Detail] = error.errors(include_url=False)
    return _named(((prefix, _fields(detail, details), detail) for detail in details))


def request_errors(error: RequestValidationError) -> list[FieldError]:
    """Name the bad parameters of a request: `#/query/limit`; fields of its body are `#/name`."""
    named = []
    for detail in error.errors():
        place, *path = detail["loc"]
        if detail["type"] == "json_invalid":
            path = []  # FastAPI tells the offset in the body here, which is no index
        named.append(("#" if place == "body" else f"#/{place}", _path(path), detail))
    return _named(named)


def fault_errors(faults: Iterable[Fault]) -> list[FieldError]:
    """Name the bad places of a document that is not sound JSON, with line and column."""
    return [FieldError(fault.pointer, _placed(DETAILS[fault.code], fault)) for fault in faults]


def pointer(prefix: str, path: Iterable[str | int]) -> str:
    """Return the RFC 6901 pointer, as a URI fragment, to what lies at `path` below `prefix`."""
    return prefix + "".join(f"/{_shown(step)}" for step in path)
