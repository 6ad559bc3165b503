"""CloudEvents in binary mode: attributes in `ce-…` headers, the data as the body."""

import re
from collections import Counter
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers

from api.field_errors import FieldError, pointer
from journey.words import Words

_PREFIX = "ce-"
_ELSEWHERE = frozenset({"data", "data_base64", "datacontenttype"})
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")

_NOT_ENCODED = Words("This is not percent-encoded UTF-8.", "该请求头不是百分号编码的 UTF-8 文本。")
_TWICE = Words("This header occurs more than once.", "该请求头重复出现。")
_NOT_A_HEADER = Words(
    "In binary mode the data are the body, and Content-Type tells their type: leave this header out.",
    "二进制模式下 data 即请求正文，其类型由 Content-Type 说明，请去掉该请求头。",
)


def put_together(headers: Headers, data: Any) -> tuple[dict[str, Any], list[FieldError]]:
    """Return the event of a request, and what is wrong with its headers.

    A value is unquoted, then percent-decoded once and read as UTF-8, as the HTTP binding of CloudEvents says.
    """
    event: dict[str, Any] = {}
    faults = []
    values = [(name[len(_PREFIX) :], value) for name, value in headers.items() if name.startswith(_PREFIX)]
    times = Counter(name for name, _ in values)
    for name, value in values:
        read = _decoded(value)
        fault = _TWICE if times[name] > 1 else _NOT_A_HEADER if name in _ELSEWHERE else None
        fault = fault or (_NOT_ENCODED if read is None else None)
        if fault:
            faults.append(FieldError(pointer("#", [name]), fault))
        event[name] = read
    return {**event, "data": data, "data_base64": None}, list(dict.fromkeys(faults))


def _decoded(value: str) -> str | None:
    plain = _QUOTED.sub(lambda quoted: _ESCAPED.sub(r"\1", quoted[1]), value)
    if _BROKEN.search(plain):
        return None
    try:
        return unquote_to_bytes(plain.encode("latin-1")).decode()
    except UnicodeDecodeError:
        return None
