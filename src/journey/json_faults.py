"""What can be wrong with JSON from outside, in codes and in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from journey.words import Words

FaultCode = Literal[
    "syntax",
    "encoding",
    "bom",
    "too_deep",
    "too_many_keys",
    "duplicate_key",
    "not_a_number",
    "number_out_of_range",
    "number_imprecise",
    "control_character",
    "lone_surrogate",
    "nul",
]
DETAILS: Mapping[FaultCode, Words] = {
    "syntax": Words("This is not JSON.", "此处不符合 JSON 语法。"),
    "encoding": Words("This is not UTF-8.", "此处不是有效的 UTF-8 编码。"),
    "bom": Words("A byte order mark comes before the JSON.", "报文开头带有字节顺序标记（BOM），请去除。"),
    "too_deep": Words("This is nested deeper than allowed.", "嵌套层数超过上限。"),
    "too_many_keys": Words("This object has more members than allowed.", "该对象的字段数超过上限。"),
    "duplicate_key": Words("This name occurs twice in its object.", "同一对象中出现重复的字段名。"),
    "not_a_number": Words("JSON has neither NaN nor infinity.", "数值不能为 NaN 或无穷大。"),
    "number_out_of_range": Words("This number is too large to be kept exactly.", "数值过大，无法精确保存。"),
    "number_imprecise": Words(
        "This number has more digits than can be kept.", "数值位数过多，无法精确保存。"
    ),
    "control_character": Words(
        "This text has an unescaped control character.", "文本中含有未转义的控制字符。"
    ),
    "lone_surrogate": Words("This text has half of a surrogate pair.", "文本中含有不成对的代理字符。"),
    "nul": Words("This text has the character NUL.", "文本中含有空字符（NUL）。"),
}
"""What each code says to people."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One bad place in a document."""

    pointer: str
    """The value, or the innermost one around the place: RFC 6901 as a URI fragment, `#/data/amount`."""
    code: FaultCode
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    offset: int
    """From 0, in bytes."""
