"""The risk that a customer leaves: a sum of signals whose weights stand in one table."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from journey.touchpoints.touchpoint import Touchpoint
from journey.words import Language, Words
from projections.moments import utc_text

Signals = Mapping[str, Sequence[str]]
"""By code of a signal: when it was last seen, a few times, as UTC text."""
NOTHING_SEEN: Signals = {}
Comparison = Literal["<=", ">=", "=="]


class Signal(NamedTuple):
    """What counts for or against a customer staying."""

    code: str
    type: str
    """The type of event that shows it."""
    field: str | None
    """The field that must compare so; None where the event as such shows it."""
    comparison: Comparison
    value: Any
    weight: int
    """What it adds each time it was seen; less than nothing where it speaks for staying."""
    most: int
    """How many times count at most."""


WINDOW = timedelta(days=180)
"""How long a signal counts: back from the last event of the customer, which the answer names."""

SIGNALS: tuple[Signal, ...] = (
    Signal("low_satisfaction", "feedback.submitted", "csat", "<=", 2, 15, 2),
    Signal("detractor", "feedback.submitted", "nps", "<=", 6, 15, 1),
    Signal("high_effort", "feedback.submitted", "ces", ">=", 6, 10, 1),
    Signal("complaint", "complaint.registered", None, "==", None, 10, 3),
    Signal("appeal", "complaint.appealed", None, "==", None, 15, 1),
    Signal("complaint_unsettled", "complaint.confirmed", "satisfied", "==", 0, 25, 1),
    Signal("problem_unsolved", "ticket.confirmed", "solved", "==", 0, 15, 1),
    Signal("problem_back", "ticket.reopened", None, "==", None, 10, 2),
    Signal("gave_up_waiting", "consultation.abandoned", None, "==", None, 5, 3),
    Signal("rejected", "review.rejected", None, "==", None, 10, 2),
    Signal("delayed", "delivery.delayed", None, "==", None, 5, 2),
    Signal("declined", "offer.declined", None, "==", None, 5, 1),
    Signal("satisfied", "feedback.submitted", "csat", ">=", 4, -10, 1),
    Signal("promoter", "feedback.submitted", "nps", ">=", 9, -15, 1),
    Signal("complaint_settled", "complaint.confirmed", "satisfied", "==", 1, -10, 1),
    Signal("responded", "care.responded", None, "==", None, -5, 1),
    Signal("applied", "application.submitted", None, "==", None, -10, 1),
)
"""The signals: data, so that whoever answers for the rule can read and change it here."""

SAYS: Mapping[str, Words] = {
    "low_satisfaction": Words("gave a satisfaction of 1 or 2 of 5", "满意度评分为1至2分"),
    "detractor": Words("would not recommend us (0 to 6 of 10)", "推荐意愿评分为0至6分"),
    "high_effort": Words("found it hard (6 or 7 of 7)", "费力度评分为6至7分"),
    "complaint": Words("complained", "提出投诉"),
    "appeal": Words("appealed against our answer", "对处理结果申请核查"),
    "complaint_unsettled": Words("was not satisfied with how a complaint ended", "对投诉处理结果不满意"),
    "problem_unsolved": Words("said that a problem is not solved", "反映问题未得到解决"),
    "problem_back": Words("had a problem come back", "反映问题再次出现"),
    "gave_up_waiting": Words("gave up waiting for an answer", "咨询等待中放弃"),
    "rejected": Words("had an application rejected", "申请未通过审批"),
    "delayed": Words("was delivered to late", "业务办理延期"),
    "declined": Words("declined an offer", "谢绝我行方案"),
    "satisfied": Words("gave a satisfaction of 4 or 5 of 5", "满意度评分为4至5分"),
    "promoter": Words("would recommend us (9 or 10 of 10)", "推荐意愿评分为9至10分"),
    "complaint_settled": Words("was satisfied with how a complaint ended", "对投诉处理结果满意"),
    "responded": Words("responded to a care activity", "回应关怀活动"),
    "applied": Words("applied for another product", "提交新的申请"),
}
"""What each signal says of the customer."""

LEVELS: Mapping[str, tuple[int, Words]] = {
    "high": (50, Words("High", "高")),
    "medium": (25, Words("Medium", "中")),
    "low": (0, Words("Low", "低")),
}
"""From which sum on a risk is called so, the highest first."""

MEANS = Words(
    "A sum of weights, from 0 to 100: each signal of the 180 days before `as_of`, the customer's last event, "
    "adds its weight as often as it was seen, up to a limit. It tells what to look into and decides nothing.",
    "各项信号权重之和（0至100）：统计截至 as_of（客户最近一次事件）前180天内的信号，"
    "按出现次数累加，次数设有上限。仅供关注参考，不据此作任何决定。",
)
"""What the risk is."""

_BY_TYPE: dict[str, list[Signal]] = {}
for _signal in SIGNALS:
    _BY_TYPE.setdefault(_signal.type, []).append(_signal)


def seen(signals: Signals, touchpoint: Touchpoint, at: str) -> Signals:
    """Return the signals after an event at a time."""
    told = _BY_TYPE.get(touchpoint.type)
    shown = told and [each for each in told if _shows(each, touchpoint)]
    if not shown:
        return signals
    latest = {each.code: sorted((*signals.get(each.code, ()), at))[-each.most :] for each in shown}
    return {**signals, **latest}


def risk(signals: Signals, as_of: str, language: Language) -> dict[str, Any]:
    """Tell the risk as of a moment, with each reason, its weight and when it was last seen."""
    since = _before(as_of)
    reasons = [
        _reason(each, [at for at in signals.get(each.code, ()) if at >= since], language) for each in SIGNALS
    ]
    counted = [reason for reason in reasons if reason["times"]]
    score = min(100, max(0, sum(reason["adds"] for reason in counted)))
    level, (_, name) = next((code, told) for code, told in LEVELS.items() if score >= told[0])
    return {
        "score": score,
        "level": level,
        "level_name": name.in_language(language),
        "reasons": sorted(counted, key=_heaviest),
        "as_of": as_of,
        "means": MEANS.in_language(language),
    }


def _reason(signal: Signal, times: Sequence[str], language: Language) -> dict[str, Any]:
    return {
        "code": signal.code,
        "says": SAYS[signal.code].in_language(language),
        "weight": signal.weight,
        "times": len(times),
        "adds": signal.weight * len(times),
        "last_at": max(times, default=None),
    }


def _heaviest(reason: Mapping[str, Any]) -> tuple[int, str]:
    return -abs(reason["adds"]), reason["code"]


def _shows(signal: Signal, touchpoint: Touchpoint) -> bool:
    if signal.field is None:
        return True
    value = getattr(touchpoint, signal.field)
    if value is None:
        return False
    match signal.comparison:
        case "<=":
            return bool(value <= signal.value)
        case ">=":
            return bool(value >= signal.value)
        case "==":
            return bool(value == signal.value)


def _before(as_of: str) -> str:
    """Return the beginning of the window that ends at a moment, as text that compares like UTC text."""
    try:
        return utc_text(datetime.fromisoformat(as_of) - WINDOW)
    except OverflowError:  # the calendar's first days
        return ""
