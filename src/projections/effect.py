"""What an improvement came to: the figures of its area before and after, and how sure the difference is."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from journey.words import Language, Words
from projections import effect_rows
from projections.effect_measures import MEASURES, QUANTILES, Counted, Measure, written
from projections.effect_rows import KINDS, SIDES, Area, Builds, Period, Side, Timed
from projections.estimates import Estimate, difference, ranks
from projections.improvement import Improvement
from projections.moments import utc_text

Verdict = Literal["better", "worse", "unclear", "too_few", "too_early"]
Figures = Mapping[Side, Counted]
"""What was counted before, and, once the improvement is in effect, after."""

FEW = 10
"""With fewer cases than that on one side nothing is concluded."""
_DAY = timedelta(days=1)

_VERDICTS: Mapping[Verdict, Words] = {
    "better": Words("Better", "改善"),
    "worse": Words("Worse", "变差"),
    "unclear": Words("No difference shown", "未见明显差异"),
    "too_few": Words("Too few cases to tell", "样本过少，无法判断"),
    "too_early": Words("To be measured once it is in effect", "改进落地后方可评估"),
}
_SAYS = Words(
    "{before} before ({before_n}), {after} after ({after_n}): {difference} ({low} to {high})",
    "改进前{before}（{before_n}件），改进后{after}（{after_n}件），变化{difference}（{low}至{high}）",
)
_MEANS = Words(
    "Cases of the area that were opened in as long a time before work began and after the improvement was in "
    "effect; feedback counts with the case that it is about. Ranges hold the true figure in 95 of 100 cases. "
    "One in twenty measures may seem changed by chance, and whatever else changed is in the figures too.",
    "对比改进启动前与落地后同等时长内开立的相关业务；评价计入其所评价的业务。区间为95%置信区间。"
    "每二十项指标中可能有一项因偶然显得有变化；同期其他变化的影响也包含在内。",
)
_NOTHING = Words(
    "Of this stage there are no cases to measure by.",
    "该环节没有可供评估的业务。",
)


def periods(improvement: Improvement, days: int, now: datetime) -> Mapping[Side, Period]:
    """Return what is compared: as long before work began as after it was in effect, `days` at most."""
    moments = {step.type: datetime.fromisoformat(step.at) for step in reversed(improvement.steps)}
    completed = moments.get("improvement.completed")
    begun = moments.get("improvement.started", datetime.fromisoformat(improvement.opened_at))
    if completed is None or completed >= now:
        return {"before": _before(min(begun, now), days * _DAY)}
    span = min(days * _DAY, now - completed)
    after = Period(utc_text(completed), utc_text(completed + span))
    return {"before": _before(min(begun, completed), span), "after": after}


def figures(
    connection: sa.Connection, builds: Builds, area: Area, compared: Mapping[Side, Period]
) -> Figures:
    """Count what the cases of an area are measured by, in each period; nothing where they have no measure."""
    if area.stage not in KINDS:
        return {}
    counts = effect_rows.counted(connection, builds, area, compared)
    times: dict[Side, dict[tuple[Timed, float], Estimate]] = {side: {} for side in compared}
    for of in dict.fromkeys(of for of, _ in QUANTILES):
        places = {
            (side, part): ranks(part, counts[side][of])
            for side in compared
            for each, part in QUANTILES
            if each == of and counts[side][of]
        }
        wanted = {(side, rank) for (side, _), three in places.items() for rank in three}
        values = effect_rows.values_at(connection, builds, area, compared, of, wanted)
        for (side, part), three in places.items():
            times[side][of, part] = Estimate(*(values[side, rank] / 1_000 for rank in three))
    return {side: Counted(counts[side], times[side], _days(period)) for side, period in compared.items()}


def answer(area: Area, compared: Mapping[Side, Period], found: Figures, language: Language) -> dict[str, Any]:
    """Say what came of it, as the read API answers."""
    measures = [each for each in MEASURES if found and _fits(each, area)]
    return {
        **{side: _span(compared[side]) if side in compared else None for side in SIDES},
        "measures": [_told(each, found, language) for each in measures],
        "means": (_MEANS if measures else _NOTHING).in_language(language),
    }


def area_of(improvement: Improvement) -> Area:
    """Return where an improvement is felt."""
    return Area(improvement.stage, improvement.channel, improvement.product)


def _fits(measure: Measure, area: Area) -> bool:
    return not measure.kinds or not set(measure.kinds).isdisjoint(KINDS[area.stage])


def _told(measure: Measure, found: Figures, language: Language) -> dict[str, Any]:
    estimates = {side: measure.figure(counted) for side, counted in found.items()}
    before, after = estimates["before"], estimates.get("after")
    change = difference(before, after) if before and after else None
    verdict = _verdict(measure, found, change)

    def say(words: Words) -> str:
        return words.in_language(language)

    def figure(side: Side) -> dict[str, Any] | None:
        if side not in found:
            return None
        n, of = (found[side].counts[name] for name in (measure.n, measure.of))
        return {"n": n, "of": of, **_range(estimates[side])}

    return {
        "measure": measure.code,
        "name": say(measure.name),
        "definition": say(measure.means),
        "unit": measure.unit,
        "better_is": measure.better,
        **{side: figure(side) for side in SIDES},
        "difference": _range(change) if change else None,
        "verdict": verdict,
        "verdict_name": say(_VERDICTS[verdict]),
        "says": _sentence(measure, found, estimates, change, language),
    }


def _verdict(measure: Measure, found: Figures, change: Estimate | None) -> Verdict:
    """Conclude nothing from few, and nothing from a difference that may be none."""
    if "after" not in found:
        return "too_early"
    counts = [counted.counts[measure.n] for counted in found.values()]
    # Of a rate also none is a figure.
    enough = sum(counts) if measure.unit == "per_30_days" else min(counts)
    if change is None or enough < FEW:
        return "too_few"
    if change.low <= 0 <= change.high:
        return "unclear"
    return "better" if (change.value > 0) == (measure.better == "higher") else "worse"


def _sentence(
    measure: Measure,
    found: Figures,
    estimates: Mapping[Side, Estimate | None],
    change: Estimate | None,
    language: Language,
) -> str | None:
    if change is None:
        return None
    values = {side: written(each.value, measure.unit, language) for side, each in estimates.items() if each}
    counts = {f"{side}_n": str(counted.counts[measure.n]) for side, counted in found.items()}
    low, high = (written(end, measure.unit, language, change=True) for end in (change.low, change.high))
    more = written(change.value, measure.unit, language, change=True)
    return _SAYS.in_language(language).format(**values, **counts, difference=more, low=low, high=high)


def _range(estimate: Estimate | None) -> dict[str, float | None]:
    return estimate._asdict() if estimate else dict.fromkeys(Estimate._fields)


def _span(period: Period) -> dict[str, Any]:
    return {"from": period.start, "until": period.end, "days": _days(period)}


def _days(period: Period) -> float:
    return (datetime.fromisoformat(period.end) - datetime.fromisoformat(period.start)) / _DAY


def _before(end: datetime, span: timedelta) -> Period:
    try:
        start = end - span
    except OverflowError:  # the calendar has no such day
        start = datetime.min.replace(tzinfo=UTC)
    return Period(utc_text(start), utc_text(end))
