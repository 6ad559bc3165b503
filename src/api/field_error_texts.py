"""What each of pydantic's kinds of error says to people; names in braces are limits, never what was sent."""

from collections.abc import Mapping

from journey.words import Words

_OBJECT = Words("This must be an object with named fields.", "此处应为对象（由字段组成）。")
_LIST = Words("This must be a list.", "此处应为列表。")
_TEXT = Words("This must be text.", "此处应为文本。")
_WHOLE = Words("This must be a whole number.", "此处应为整数。")
_NUMBER = Words("This must be a number.", "此处应为数字。")
_TRUTH = Words("This must be true or false.", "此处应为 true 或 false。")

BY_TYPE: Mapping[str, Words] = {
    "missing": Words("This field is required.", "该字段必填。"),
    "extra_forbidden": Words("There is no such field here.", "此处没有该字段，请检查字段名。"),
    "string_type": _TEXT,
    "string_unicode": Words("This text is not sound Unicode.", "文本中含有无效的 Unicode 字符。"),
    "string_too_short": Words(
        "This text is shorter than the minimum, {min_length}.", "文本过短，最少{min_length}个字符。"
    ),
    "string_too_long": Words(
        "This text is longer than the maximum, {max_length}.", "文本过长，最多{max_length}个字符。"
    ),
    "string_pattern_mismatch": Words(
        "This text does not have the required form: {pattern}", "内容格式不符合要求，格式规则：{pattern}"
    ),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": Words("This number is too large.", "数值过大。"),
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": Words("This must be a finite number.", "数值不能为 NaN 或无穷大。"),
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "none_required": Words("This must be null.", "此处只能为空（null）。"),
    "literal_error": Words("Only one of these is allowed: {expected}.", "取值只能是：{expected}。"),
    "enum": Words("Only one of these is allowed: {expected}.", "取值只能是：{expected}。"),
    "union_tag_invalid": Words(
        "Only one of these kinds is allowed: {expected_tags}.", "类别只能是：{expected_tags}。"
    ),
    "union_tag_not_found": Words("The kind of this object is missing.", "缺少用于区分类别的字段。"),
    "timezone_aware": Words(
        "This time lacks its offset from UTC, such as +08:00 or Z.",
        "时间缺少时区，请补充，例如 +08:00 或 Z。",
    ),
    "datetime_past": Words("This must be in the past.", "时间不能晚于当前时间。"),
    "datetime_future": Words("This must be in the future.", "时间不能早于当前时间。"),
    "date_past": Words("This must be in the past.", "日期须早于今天。"),
    "date_future": Words("This must be in the future.", "日期须晚于今天。"),
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "iterable_type": _LIST,
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dataclass_type": _OBJECT,
    "too_short": Words(
        "This has fewer entries than the minimum, {min_length}.", "条目过少，最少{min_length}项。"
    ),
    "too_long": Words(
        "This has more entries than the maximum, {max_length}.", "条目过多，最多{max_length}项。"
    ),
    "greater_than": Words("This must be greater than {gt}.", "须大于{gt}。"),
    "greater_than_equal": Words("This must be at least {ge}.", "不能小于{ge}。"),
    "less_than": Words("This must be less than {lt}.", "须小于{lt}。"),
    "less_than_equal": Words("This must be at most {le}.", "不能大于{le}。"),
    "multiple_of": Words("This must be a multiple of {multiple_of}.", "须为{multiple_of}的整数倍。"),
    "decimal_max_digits": Words("More digits than allowed: {max_digits}.", "数字位数最多{max_digits}位。"),
    "decimal_max_places": Words(
        "More decimal places than allowed: {decimal_places}.", "小数位数最多{decimal_places}位。"
    ),
    "decimal_whole_digits": Words(
        "More digits before the point than allowed: {whole_digits}.", "整数部分最多{whole_digits}位。"
    ),
    "json_invalid": Words("This is not JSON.", "此处不符合 JSON 语法。"),
    "json_type": Words("This must be text that holds JSON.", "此处应为 JSON 文本。"),
}
"""By the exact type of an error."""

BY_FAMILY: Mapping[str, Words] = {
    "datetime": Words(
        "This must be a date and time such as 2025-03-01T09:30:00+08:00.",
        "此处应为日期时间，例如 2025-03-01T09:30:00+08:00。",
    ),
    "date": Words("This must be a date such as 2025-03-01.", "此处应为日期，例如 2025-03-01。"),
    "time": Words("This must be a time such as 09:30:00.", "此处应为时间，例如 09:30:00。"),
    "decimal": _NUMBER,
    "url": Words("This must be a URL.", "此处应为有效的 URL 地址。"),
    "uuid": Words("This must be a UUID.", "此处应为有效的 UUID。"),
}
"""By the first word of the type, for those that are not listed one by one."""

ANYTHING_ELSE = Words("This value is not allowed here.", "该内容不符合要求。")
"""For every other error."""
