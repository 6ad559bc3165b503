"""The command: `python -m bench V1 V4 --seconds 5 --repeats 3`."""

import os
import platform
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

from api.cli import terminal
from api.cli.speech import LANGUAGE, said
from bench.contest import Contest, Goal, Samples, in_turn
from bench.goals import GOALS
from bench.machine import Bench, disk_pace, prepared
from bench.report import as_json, show

_NAMES = list(dict.fromkeys(name for goal in GOALS for name in goal.names))
_SMOKED = ("V1", "V7")
"""Goals that between them start every kind of process."""
_SMALL = 3_000
"""Events of the large log where figures do not matter."""


def main(
    goals: Annotated[
        list[str] | None,
        typer.Argument(
            help=said(
                f"Which goals, of {', '.join(_NAMES)}; all if none is named.",
                f"要测量的目标：{'、'.join(_NAMES)}；不写则为全部。",
            )
        ),
    ] = None,
    *,
    seconds: Annotated[
        int, typer.Option(min=1, help=said("How long one sample takes.", "每次测量的秒数。"))
    ] = 5,
    repeats: Annotated[
        int, typer.Option(min=1, help=said("How many rounds A B B A.", "轮流测量的轮数。"))
    ] = 3,
    scale: Annotated[
        int,
        typer.Option(
            min=1_000,
            help=said("Events of a large log; the goals say 10,000,000.", "大日志的事件数；目标为一千万。"),
        ),
    ] = 300_000,
    smoke: Annotated[
        bool,
        typer.Option(
            "--smoke",
            help=said(
                "Only see that everything runs: one short round on small logs.",
                "只检查能否运行：在小日志上短测一轮。",
            ),
        ),
    ] = False,
    node: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help=said(
                "A directory with node_modules of message-db and Emmett, for STORES.",
                "含有 message-db 与 Emmett 的 node_modules 的目录，供 STORES 使用。",
            ),
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help=said(
                "Another checkout, whose service is measured with this benchmark.",
                "另一份代码目录：用本基准测量其中的服务。",
            ),
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help=said("Where the JSON goes.", "JSON 结果文件。"), dir_okay=False)
    ] = None,
) -> None:
    """Measure goals, show tables, and write all figures as JSON where a file is named."""
    # A terminated run ends what it started, as an interrupted one does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = _chosen(goals or [])
    if smoke:
        chosen = _chosen(goals or list(_SMOKED))
        seconds, repeats, scale = 1, 1, _SMALL
    if source is not None:
        os.environ["PYTHONPATH"] = str(source.resolve() / "src")  # before the installed one, in all processes
    console = terminal.results()
    with prepared(seconds, scale, node) as bench:
        disk = [disk_pace(bench.directory)]
        found = []
        for goal in chosen:
            with goal.contest(bench) as contest:
                samples = _measured(goal, contest, repeats)
            show(console, goal, contest, samples)
            found.append(as_json(goal, contest, samples))
            disk.append(disk_pace(bench.directory))
            _tell_disk(console, disk[-2:])
            if output is not None:
                output.write_bytes(
                    orjson.dumps(_whole(bench, repeats, disk, found), option=orjson.OPT_INDENT_2)
                )


def _chosen(names: list[str]) -> list[Goal]:
    wanted = {name.upper() for name in names} or set(_NAMES)
    if unknown := sorted(wanted.difference(_NAMES)):
        raise typer.BadParameter(said(f"no goal {', '.join(unknown)}", f"没有目标 {'、'.join(unknown)}"))
    return [goal for goal in GOALS if wanted.intersection(goal.names)]


def _measured(goal: Goal, contest: Contest, repeats: int) -> Samples:
    samples: Samples = {}
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    rounds = contest.repeats or repeats
    with terminal.progress(*columns) as progress:
        task = progress.add_task(" ".join(goal.names), total=rounds * len(contest.cases))
        for case, sample in in_turn(contest, rounds):
            samples.setdefault(case.key, []).append(sample)
            progress.update(task, advance=1, description=case.title.in_language(LANGUAGE))
    return samples


def _tell_disk(console: Any, pace: list[dict[str, float]]) -> None:
    before, after = (f"{each['syncs_per_second']:,.0f}/s, p99 {each['p99_ms']:.2f} ms" for each in pace)
    console.print(
        said(f"fdatasync before {before}; after {after}", f"fdatasync：之前 {before}；之后 {after}"),
        markup=False,
    )


def _whole(bench: Bench, repeats: int, disk: list[dict[str, float]], found: list[Any]) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "seconds": bench.seconds,
        "repeats": repeats,
        "scale": bench.scale,
        "disk": disk,
        "goals": found,
    }


if __name__ == "__main__":
    typer.run(main)
