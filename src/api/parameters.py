"""Parameters that many addresses take, and what none takes."""

import re
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

from api.field_error_texts import BY_TYPE
from api.field_errors import FieldError, pointer
from api.problems import Problem
from journey import case_numbers
from journey.json_faults import DETAILS
from journey.words import Words

LARGEST_POSITION = 2**63 - 1
"""What the databases can count to."""

_NO_SUCH = Words("There is no such parameter here.", "此处没有该参数，请检查参数名。")
_WRITTEN_OUT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\S*(?: \d\d:\d\d)?", re.ASCII)


def _moment(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    if not _WRITTEN_OUT.fullmatch(text):
        raise PydanticCustomError("datetime_parsing", "not written out")
    return text.replace(" ", "+")  # a plus sign that was not percent-encoded arrives as a space


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
"""An instant with its offset from UTC, as RFC 3339 writes it."""
Limit = Annotated[int, Query(ge=1, le=500, description="at most this many items")]
Cursor = Annotated[str | None, Query(description="where the page begins: from `next` of the page before")]


def check_parameters(request: Request) -> None:
    """Refuse query parameters that the address does not take, and text that no database can hold.

    A mistyped `validate_only` must not write, and a mistyped filter must not answer with everything.
    """
    if "\0" in request.scope["path"]:
        raise Problem("not-found")
    if not request.scope["query_string"]:
        return
    known = set(_query_names(request.scope["route"].dependant))
    errors = [
        FieldError(pointer("#/query", [name]), DETAILS["nul"] if name in known else _NO_SUCH)
        for name, value in request.query_params.multi_items()
        if name not in known or "\0" in value
    ]
    if errors:
        raise Problem("invalid-parameter", errors=list(dict.fromkeys(errors)))


def case_number(told: str) -> str:
    """Return a case number of an address as it is kept; raise `case-number-mistyped`."""
    if case_numbers.has_wrong_check(told):
        raise Problem("case-number-mistyped")
    return case_numbers.normalised(told)


def missing_parameter(name: str) -> Problem:
    """Return the problem of a query parameter that another one needs."""
    return Problem("invalid-parameter", errors=(FieldError(pointer("#/query", [name]), BY_TYPE["missing"]),))


def _query_names(dependant: Any) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for below in dependant.dependencies:
        yield from _query_names(below)
