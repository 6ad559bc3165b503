"""Templates of the mapping language: text with `{name}` in it, filled from a record.

`{name}` stands for the record's field `name`; `{{` and `}}` for braces. Behind the name may follow, each
after a bar: `default:text` for a field that is absent or empty, `optional` to leave the whole key out then,
`code` to make a code of a text (`Charged fees!` becomes `charged-fees`), and, where the braces are all of the
template, `number` or `integer` to write a JSON number instead of text.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal

from api.cli.log_files import Record
from api.cli.speech import said


class MappingError(Exception):
    """A mapping is not written as the language wants it, or a record lacks what it needs."""


class Absence(Enum):
    """The one value that is not there."""

    LEFT_OUT = "left out"


LEFT_OUT: Final = Absence.LEFT_OUT
"""What a template gives whose optional field is absent."""

Fill = Callable[[Record], Any]
"""Gives a template's value for a record; raises `MappingError` without saying where."""

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_KINDS = ("number", "integer", "code")
_LONGEST_CODE = 64


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What stands between a pair of braces."""

    name: str
    default: str | None = None
    """The text where the field is absent or empty."""
    optional: bool = False
    """Whether the key is left out where the field is absent or empty."""
    kind: Literal["text", "number", "integer", "code"] = "text"


def compiled(value: Any) -> Fill:
    """Return what fills `value`: a template, a value that is no text, or a table or list of these.

    Raises `MappingError` where a template is malformed.
    """
    if isinstance(value, str):
        return _template(value)
    if isinstance(value, dict):
        return _table({key: compiled_at(key, part) for key, part in value.items()})
    if isinstance(value, list):
        parts = [compiled_at(str(number), part) for number, part in enumerate(value)]
        return lambda record: [item for part in parts if (item := part(record)) is not LEFT_OUT]
    return lambda _: value


def compiled_at(key: str, value: Any, by: Callable[[Any], Fill] | None = None) -> Fill:
    """Return what fills `value`, compiled `by` that; its errors, now and later, begin with `key`."""
    try:
        fill = (by or compiled)(value)
    except MappingError as error:
        raise MappingError(f"{key}: {error}") from error

    def filled(record: Record) -> Any:
        try:
            return fill(record)
        except MappingError as error:
            raise MappingError(f"{key}: {error}") from error

    return filled


def _table(parts: dict[str, Fill]) -> Fill:
    return lambda record: {key: item for key, part in parts.items() if (item := part(record)) is not LEFT_OUT}


def _template(text: str) -> Fill:
    parts: list[str | Placeholder] = []
    end = 0
    for match in _PART.finditer(text):
        parts.append(text[end : match.start()])
        end = match.end()
        if match[1] is not None:
            parts.append(_placeholder(match[1]))
        elif match[0] in ("{{", "}}"):
            parts.append(match[0][0])
        else:
            raise MappingError(said(f"{text!r} has a brace without its pair", f"{text!r} 的花括号不配对"))
    parts = [part for part in (*parts, text[end:]) if part != ""]
    if len(parts) == 1 and isinstance(parts[0], Placeholder):
        return _whole(parts[0])
    if any(isinstance(part, Placeholder) and part.kind in ("number", "integer") for part in parts):
        raise MappingError(
            said(f"{text!r}: a number must be all of its template", f"{text!r}：数值占位须独占整个模板")
        )
    return lambda record: _joined(parts, record)


def _placeholder(written: str) -> Placeholder:
    name, *filters = written.split("|")
    result: dict[str, Any] = {}
    for each in filters:
        word, colon, rest = each.partition(":")
        if word == "default" and colon:
            result["default"] = rest
        elif each == "optional":
            result["optional"] = True
        elif each in _KINDS and "kind" not in result:
            result["kind"] = each
        else:
            raise MappingError(
                said(
                    f"{{{written}}} has {each!r}; there is number, integer, code, optional, default:text",
                    f"{{{written}}} 中的 {each!r} 无效，可用的有 number、integer、code、optional、"
                    "default:文本",
                )
            )
    if not name:
        raise MappingError(said(f"{{{written}}} names no field", f"{{{written}}} 没有写字段名"))
    return Placeholder(name, **result)


def _joined(parts: list[str | Placeholder], record: Record) -> str | Absence:
    texts = [part if isinstance(part, str) else _text(part, record) for part in parts]
    return "".join(text for text in texts if isinstance(text, str)) if LEFT_OUT not in texts else LEFT_OUT


def _whole(placeholder: Placeholder) -> Fill:
    def filled(record: Record) -> Any:
        text = _text(placeholder, record)
        if not isinstance(text, str) or placeholder.kind in ("text", "code"):
            return text
        return _number(text, whole=placeholder.kind == "integer", name=placeholder.name)

    return filled


def _text(placeholder: Placeholder, record: Record) -> str | Absence:
    if text := record.get(placeholder.name, ""):
        return _code(text) if placeholder.kind == "code" else text
    if placeholder.default is not None:
        return placeholder.default
    if placeholder.optional:
        return LEFT_OUT
    raise MappingError(said(f"the record has no {placeholder.name!r}", f"记录中没有 {placeholder.name!r}"))


def _code(text: str) -> str:
    return re.sub(r"\W+", "-", text.lower()).strip("-")[:_LONGEST_CODE]


def _number(text: str, *, whole: bool, name: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError as error:
        raise MappingError(
            said(f"{name!r} is {text!r}, which is no number", f"{name!r} 的值 {text!r} 不是数字")
        ) from error
    if not math.isfinite(number) or (whole and not number.is_integer()):
        kind = said("integer", "整数") if whole else said("finite number", "有限数值")
        raise MappingError(
            said(f"{name!r} is {text!r}, which is no {kind}", f"{name!r} 的值 {text!r} 不是{kind}")
        )
    return int(number) if whole else number


def only(table: Mapping[str, Any], known: set[str], needed: set[str]) -> None:
    """Raise `MappingError` where `table` has a key that is not `known`, or lacks one that is `needed`."""
    if unknown := sorted(set(table) - known):
        names, there = ", ".join(unknown), ", ".join(sorted(known))
        raise MappingError(
            said(
                f"{names}: not a key of this table; there is {there}",
                f"{names}：此处没有这个键，可用的有 {there}",
            )
        )
    if missing := sorted(needed - set(table)):
        raise MappingError(f"{', '.join(missing)}: {said('missing', '缺失')}")
