"""What an improvement is judged by: one line a measure, with its definition in words."""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from journey.touchpoints.touchpoint import CaseKind
from journey.words import Language, Words
from projections.effect_rows import Timed
from projections.estimates import Estimate, mean, rate, share

Unit = Literal["share", "points", "scale", "s", "per_30_days"]
"""Of 1; from -100 to 100; from 1 to 7; seconds; how many in 30 days."""
PER = 30
"""The days that a rate is told for."""


class Counted(NamedTuple):
    """What was counted in one period."""

    counts: Mapping[str, int]
    quantiles: Mapping[tuple[Timed, float], Estimate]
    days: float
    """How long the period is."""


class Measure(NamedTuple):
    """One figure: what it is, which way is better, and what it is made of."""

    code: str
    name: Words
    means: Words
    unit: Unit
    better: Literal["higher", "lower"]
    kinds: tuple[CaseKind, ...]
    """It is told of areas with cases of one of these kinds; of all where there is none."""
    n: str
    """The count of what has the figure."""
    of: str
    """The count of what has it, or may have it yet."""
    figure: Callable[[Counted], Estimate | None]


def _share(some: str, of: str) -> Callable[[Counted], Estimate | None]:
    return lambda counted: share(counted.counts[some], counted.counts[of])


def _quantile(of: Timed, part: float) -> Callable[[Counted], Estimate | None]:
    return lambda counted: counted.quantiles.get((of, part))


def _nps(counted: Counted) -> Estimate | None:
    n, up, down = (counted.counts[name] for name in ("nps", "nps_promoters", "nps_detractors"))
    return mean(n, 100.0 * (up - down), 10_000.0 * (up + down), (-100.0, 100.0))


def _ces(counted: Counted) -> Estimate | None:
    n, total, squares = (counted.counts[name] for name in ("ces", "ces_sum", "ces_squares"))
    return mean(n, total, squares, (1.0, 7.0))


MEASURES: tuple[Measure, ...] = (
    Measure(
        "csat",
        Words("Satisfied customers", "客户满意度"),
        Words("the share of scores of 4 or 5 of 5", "满意度评分中4至5分的占比"),
        "share",
        "higher",
        (),
        "csat",
        "surveys",
        _share("csat_good", "csat"),
    ),
    Measure(
        "nps",
        Words("Net promoter score", "净推荐值"),
        Words("percent of 9 and 10 less percent of 0 to 6", "9至10分占比减去0至6分占比"),
        "points",
        "higher",
        (),
        "nps",
        "surveys",
        _nps,
    ),
    Measure(
        "ces",
        Words("Customer effort", "客户费力度"),
        Words("the mean on a scale of 1 to 7, the hardest", "1至7分的平均分，7分最费力"),
        "scale",
        "lower",
        (),
        "ces",
        "surveys",
        _ces,
    ),
    Measure(
        "complaints",
        Words("Complaints", "投诉量"),
        Words("registered in 30 days", "每30天登记的投诉件数"),
        "per_30_days",
        "lower",
        (),
        "complaints",
        "complaints",
        lambda counted: rate(counted.counts["complaints"], counted.days, PER),
    ),
    Measure(
        "complaints_satisfied",
        Words("Complaints settled to satisfaction", "投诉处理满意率"),
        Words("of those whose answer customers confirmed", "在客户已确认处理结果的投诉中的占比"),
        "share",
        "higher",
        ("complaint",),
        "complaints_confirmed",
        "complaints",
        _share("complaints_satisfied", "complaints_confirmed"),
    ),
    Measure(
        "waited_p50",
        Words("Waiting time, median", "等待时长中位数"),
        Words(
            "until somebody took the question up; who gave up or waits still is not in it",
            "至有人应答为止；已放弃和仍在等待的不计入",
        ),
        "s",
        "lower",
        ("consultation",),
        "waited_ms",
        "consultations",
        _quantile("waited_ms", 0.5),
    ),
    Measure(
        "waited_p90",
        Words("Waiting time, 9 of 10", "等待时长90分位数"),
        Words("nine of ten waited no longer", "九成客户的等待不超过该时长"),
        "s",
        "lower",
        ("consultation",),
        "waited_ms",
        "consultations",
        _quantile("waited_ms", 0.9),
    ),
    Measure(
        "abandoned",
        Words("Gave up waiting", "等待放弃率"),
        Words("of consultations that wait no more", "在已结束等待的咨询中的占比"),
        "share",
        "lower",
        ("consultation",),
        "consultations_left_or_served",
        "consultations",
        _share("consultations_left", "consultations_left_or_served"),
    ),
    Measure(
        "first_contact",
        Words("Solved by the first contact", "首次联系解决率"),
        Words("of consultations and tickets that were solved", "在已解决的咨询和工单中的占比"),
        "share",
        "higher",
        ("consultation", "ticket"),
        "contacts_told",
        "contacts",
        _share("contacts_first", "contacts_told"),
    ),
    Measure(
        "decided_p50",
        Words("Time to decide, median", "审批时长中位数"),
        Words(
            "from the first submission to its decision; what is undecided is not in it",
            "自首次提交至首次审批结论；尚无结论的不计入",
        ),
        "s",
        "lower",
        ("application",),
        "decided_ms",
        "applications",
        _quantile("decided_ms", 0.5),
    ),
    Measure(
        "delivered_on_time",
        Words("Delivered on time", "按时办结率"),
        Words("by what was promised first", "在首次承诺的时间内办结的占比"),
        "share",
        "higher",
        ("application",),
        "deliveries",
        "applications",
        _share("deliveries_on_time", "deliveries"),
    ),
)
"""The measures, in the order in which they are told."""

NAMES: Mapping[str, Words] = {measure.code: measure.name for measure in MEASURES}
"""What to call a measure."""
QUANTILES: tuple[tuple[Timed, float], ...] = (("waited_ms", 0.5), ("waited_ms", 0.9), ("decided_ms", 0.5))
"""The quantiles that measures need."""

_UNITS: Mapping[Unit, tuple[int, Words]] = {
    "share": (1, Words(" %", "%")),
    "points": (0, Words("", "")),
    "scale": (2, Words("", "分")),
    "per_30_days": (1, Words("", "件")),
}
"""How many digits a figure is written with, and what stands behind it."""
_POINTS = Words(" points", "个百分点")
"""What stands behind the difference of two shares."""
_TIMES: tuple[tuple[int, int, Words], ...] = (
    (86_400, 1, Words(" days", "天")),
    (3_600, 1, Words(" h", "小时")),
    (60, 1, Words(" min", "分钟")),
    (1, 0, Words(" s", "秒")),
)
"""From how many seconds on a time is written so, with how many digits, and what stands behind it."""


def written(value: float, unit: Unit, language: Language, *, change: bool = False) -> str:
    """Write a figure as people read it; a change with its sign."""
    if unit == "s":
        size, digits, name = next((each for each in _TIMES if abs(value) >= each[0]), _TIMES[-1])
        shown = value / size
    else:
        (digits, name), shown = _UNITS[unit], value
        if unit == "share":
            shown, name = 100 * value, _POINTS if change else name
    return f"{shown:{'+' if change else '-'}z.{digits}f}{name.in_language(language)}"
