"""Who reads personal data with one request, and why: what every record of it says."""

import re
import secrets
from collections.abc import Iterable
from typing import NamedTuple

from fastapi import Request

from api.caller import Caller
from api.field_errors import FieldError
from api.heads import head_of
from api.problems import Problem
from journey.reads.records import Reading
from journey.words import Words

_PURPOSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,63}")
_NO_CODE = Words(
    "A purpose is a code of at most 64 letters, digits and _ . : / + -, and names nobody.",
    "查阅目的应为代码，最多64个字符，只能含字母、数字和 _ . : / + -，且不得包含个人信息。",
)


class Reader(NamedTuple):
    """One request that personal data is opened for."""

    caller: Caller
    operation: str
    """The name of the function that answers."""
    purpose: str
    """Why, as the header `Journey-Purpose` says; without it the operation."""
    request: str

    def readings(self, opened: Iterable[tuple[str, str]]) -> list[Reading]:
        """Return what is to be recorded of fields that were opened, of each customer once."""
        fields: dict[str, set[str]] = {}
        for stream_id, field in opened:
            fields.setdefault(stream_id, set()).add(field)
        scopes = tuple(sorted(self.caller.scopes))
        return [
            Reading(
                caller=self.caller.name,
                scopes=scopes,
                own=self.caller.subject is not None,
                purpose=self.purpose,
                stream_id=stream_id,
                fields=tuple(sorted(named)),
                operation=self.operation,
                request=self.request,
            )
            for stream_id, named in fields.items()
        ]


def reader_of(request: Request, caller: Caller) -> Reader:
    """Return who reads; raise `invalid-parameter` for a purpose that is no code."""
    operation = request.scope["route"].name
    purpose = head_of(request).get(b"journey-purpose", b"").decode("latin-1")
    if purpose and not _PURPOSE.fullmatch(purpose):
        raise Problem("invalid-parameter", errors=(FieldError("#/header/Journey-Purpose", _NO_CODE),))
    return Reader(caller, operation, purpose or operation, secrets.token_hex(8))
