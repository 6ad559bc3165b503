"""Where events of improvements go: `subject` and `case` tell the number, and either may be left out."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from api.event_attributes import Faults, case_of, fault
from journey import case_numbers
from journey.improvements import STREAMS, number_of, stream_of
from journey.touchpoints.touchpoint import Touchpoint
from journey.words import Words

_ELSEWHERE = Words(
    f"Improvements, and nothing else, go into streams called {STREAMS}<number>.",
    f"服务改进事件的 subject 须为 {STREAMS}<编号>，其他事件不得使用。",
)
_ANOTHER = Words(
    "This must be the number in the subject; it may be left out.",
    "须与 subject 中的编号一致，也可以不填。",
)
_NEVER = date(1, 1, 1)


def with_subject(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an event as it was sent; one of an improvement with its number in the subject, as we write it.

    An announcement without a number is given one, the same however often it is sent. Whatever else is wrong
    with it is told by whoever reads it.
    """
    type_, subject, number = value.get("type"), value.get("subject"), value.get("case")
    if not isinstance(type_, str) or not type_.startswith("improvement."):
        return value
    if isinstance(subject, str):
        number = number_of(subject)
    elif subject is None and number is None and type_ == "improvement.announced":
        source, id_ = str(value.get("source")), str(value.get("id"))
        number = case_numbers.number("improvement", source, id_, _day(value.get("time")))
    if not isinstance(number, str):
        return value
    return {**value, "subject": stream_of(case_numbers.normalised(number))}


def placed(touchpoint: Touchpoint, subject: str, case: str | None, faults: Faults) -> str | None:
    """Return the case of an event, which the stream of an improvement tells; both must fit together."""
    number = number_of(subject)
    if (touchpoint.case == "improvement") != (number is not None):
        faults.append(fault("subject", _ELSEWHERE))
    if touchpoint.case != "improvement" or number is None:
        return case
    wrong: Faults = []
    own = case_of({"case": number}, wrong)
    faults.extend(fault("subject", each.detail) for each in wrong)
    if case is not None and case != own:
        faults.append(fault("case", _ANOTHER))
    return own


def _day(time: Any) -> date:
    try:
        return datetime.fromisoformat(time.upper()).date()
    except (AttributeError, ValueError):
        return _NEVER
