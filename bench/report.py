"""What was measured, as tables for people and as JSON for programs."""

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from api.cli import terminal
from api.cli.speech import LANGUAGE, said
from bench.contest import Bound, Contest, Goal, Ratio, Sample, Samples, median_ratio, paired_ratios

_GROUPS = {
    "server": said("server", "服务"),
    "projector": said("projector", "视图进程"),
    "database": said("database", "数据库"),
    "generator": said("generator", "负载"),
}


def show(console: Console, goal: Goal, contest: Contest, samples: Samples) -> None:
    """Show one goal: its cases, its ratios, and whether it is met."""
    console.print(f"\n[bold]{' '.join(goal.names)}[/bold] {goal.title.in_language(LANGUAGE)}")
    console.print(_cases(console, contest, samples))
    console.print(_ratios(console, contest, samples))
    for remark in contest.remarks:
        console.print(f"  {remark.in_language(LANGUAGE)}", markup=False)
    for case in contest.cases:
        for line in _notes(samples.get(case.key, ())):
            console.print(f"  {case.title.in_language(LANGUAGE)}: {line}", markup=False)


def _cases(console: Console, contest: Contest, samples: Samples) -> Any:
    table = terminal.table(
        console,
        said("case", "对象"),
        said("median", "中位数"),
        said("spread", "范围"),
        said("p50 / p99 ms", "p50 / p99（毫秒）"),
        said("CPU µs each", "每次 CPU（微秒）"),
        said("failures", "失败"),
    )
    for case in contest.cases:
        if found := samples.get(case.key):
            rates = [sample.rate for sample in found]
            table.add_row(
                case.title.in_language(LANGUAGE),
                f"{statistics.median(rates):,.0f} {case.unit}",
                f"{min(rates):,.0f} – {max(rates):,.0f}",
                _latency(found),
                _cpu(found),
                str(sum(sample.failures for sample in found)),
            )
    return table


def _latency(found: Sequence[Sample]) -> str:
    halves = [sample.p50 for sample in found if sample.p50 is not None]
    tails = [sample.p99 for sample in found if sample.p99 is not None]
    return f"{statistics.median(halves):.1f} / {statistics.median(tails):.1f}" if halves and tails else ""


def _cpu(found: Sequence[Sample]) -> str:
    shares = cpu_each(found)
    return " · ".join(f"{_GROUPS.get(name, name)} {value:.0f}" for name, value in shares.items())


def cpu_each(found: Sequence[Sample]) -> dict[str, float]:
    """Return the microseconds of CPU that one request or event cost, by group of processes."""
    count = sum(sample.count for sample in found)
    if not count:
        return {}
    names = dict.fromkeys(name for sample in found for name in sample.cpu)
    return {name: sum(sample.cpu.get(name, 0) for sample in found) / count * 1e6 for name in names}


def _ratios(console: Console, contest: Contest, samples: Samples) -> Any:
    table = terminal.table(
        console,
        said("ratio", "比值"),
        said("reached", "实测"),
        said("by round", "各轮"),
        said("goal", "目标"),
    )
    for ratio in contest.ratios:
        value, rounds = median_ratio(ratio, samples), paired_ratios(ratio, samples)
        if value is not None:
            spread = f"{min(rounds):.2f} – {max(rounds):.2f}" if rounds else ""
            title = f"{ratio.goal} {ratio.title.in_language(LANGUAGE)}".strip()
            table.add_row(title, f"{value:.2f}", spread, _asked(ratio, value))
    for bound in contest.bounds:
        if (value := reached(bound, samples)) is not None:
            met = "✓" if value <= bound.at_most else "✗"
            title = bound.title.in_language(LANGUAGE)
            table.add_row(title, f"{value:,.2f}", "", f"{met} ≤ {bound.at_most:g}")
    return table


def reached(bound: Bound, samples: Samples) -> float | None:
    """Return the median of the figure that a bound is for."""
    noted = [sample.notes.get(bound.note) for sample in samples.get(bound.case, ())]
    values = [float(value) for value in noted if value is not None]
    return statistics.median(values) if values else None


def _asked(ratio: Ratio, value: float) -> str:
    verdict = ratio.verdict(value)
    if verdict is None:
        return ""
    asked = f"≥ {ratio.at_least:g}" if ratio.at_least is not None else f"≤ {ratio.at_most:g}"
    return f"{'✓' if verdict else '✗'} {asked}"


def _notes(found: Sequence[Sample]) -> list[str]:
    """Return the notes of the last sample."""
    return [
        f"{name}: {value:,.2f}" if isinstance(value, float) else f"{name}: {value}"
        for name, value in (found[-1].notes.items() if found else ())
    ]


def as_json(goal: Goal, contest: Contest, samples: Samples) -> dict[str, Any]:
    """Return one goal as JSON holds it."""
    return {
        "goals": goal.names,
        "title": goal.title.en,
        "cases": {
            case.key: {
                "title": case.title.en,
                "unit": case.unit,
                "median": statistics.median([sample.rate for sample in samples[case.key]]),
                "cpu_microseconds_each": cpu_each(samples[case.key]),
                "samples": [dataclasses.asdict(sample) for sample in samples[case.key]],
            }
            for case in contest.cases
            if samples.get(case.key)
        },
        "ratios": [_ratio(ratio, samples) for ratio in contest.ratios],
        "bounds": [
            {"title": bound.title.en, "value": reached(bound, samples), "at_most": bound.at_most}
            for bound in contest.bounds
        ],
    }


def _ratio(ratio: Ratio, samples: Samples) -> Mapping[str, Any]:
    value = median_ratio(ratio, samples)
    return {
        "goal": ratio.goal,
        "title": ratio.title.en,
        "value": value,
        "by_round": paired_ratios(ratio, samples),
        "at_least": ratio.at_least,
        "at_most": ratio.at_most,
        "met": ratio.verdict(value) if value is not None else None,
    }
