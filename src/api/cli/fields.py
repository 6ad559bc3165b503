"""Fields that a mapping adds to a record before its rules are asked: moments, and texts chosen by a text."""

from collections.abc import Callable, Mapping
from typing import Any

from api.cli.conditions import pattern
from api.cli.log_files import Record
from api.cli.moments import compiled_time
from api.cli.speech import said
from api.cli.templates import LEFT_OUT, Fill, MappingError, compiled, compiled_at, only


def compiled_fields(written: Mapping[str, Any]) -> Callable[[Record], Record]:
    """Return what adds the fields that are `written` to a record, in their order; later ones may use earlier.

    Raises `MappingError` where one is not well written.
    """
    fills = {name: compiled_at(f"fields: {name}", field, _field) for name, field in written.items()}

    def added(record: Record) -> Record:
        told = dict(record)
        for name, fill in fills.items():
            if (value := fill(told)) is not LEFT_OUT:
                told[name] = value
        return told

    return added


def _field(written: Any) -> Fill:
    if not isinstance(written, dict):
        raise MappingError(
            said(
                f"{written!r} is no table with a value and what is to be made of it",
                f"{written!r} 不是由 value 及其处理方式组成的表",
            )
        )
    return _chosen(written) if "choose" in written else compiled_time(written)


def _chosen(written: Mapping[str, Any]) -> Fill:
    only(written, {"value", "choose"}, {"value", "choose"})
    value = compiled_at("value", written["value"])
    choices = written["choose"]
    if not isinstance(choices, dict):
        raise MappingError(said(f"choose: {choices!r} is no table", f"choose: {choices!r} 不是表"))
    exact = {text: _text(text, template) for text, template in choices.items() if "*" not in text}
    others = [(pattern([text]), _text(text, template)) for text, template in choices.items() if "*" in text]

    def filled(record: Record) -> Any:
        text = value(record)
        fill = exact.get(text) or next((fill for fits, fill in others if fits(text)), None)
        if fill is None:
            raise MappingError(
                said(f"choose: there is nothing for {text!r}", f"choose: 没有 {text!r} 对应的项")
            )
        return fill(record)

    return filled


def _text(text: str, template: Any) -> Fill:
    if not isinstance(template, str):
        raise MappingError(
            said(f"choose: {text}: {template!r} is no text", f"choose: {text}: {template!r} 不是文本")
        )
    return compiled_at(f"choose: {text}", template, compiled)
