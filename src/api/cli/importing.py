"""`journey import`: the events of a log file, sent to the service in batches."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn

from api.cli import terminal
from api.cli.batches import batches
from api.cli.client import DEFAULT_URL, Client, Key, Url, connected
from api.cli.helping import Lesson
from api.cli.log_files import LogFileError
from api.cli.mapping import EventMapping, load_mapping
from api.cli.sending import Lifecycle, Totals, sent
from api.cli.speech import said
from api.cli.templates import MappingError

MOST_KINDS = 10
"""How many types of deviations, and kinds of unmapped records, are shown."""

IMPORT = Lesson(
    said(
        "Import a log of past events; a second run adds nothing.", "导入历史事件日志；重复运行不会重复写入。"
    ),
    (
        "journey import loans.csv --mapping loans.toml",
        "journey import BPI_Challenge_2012.xes.gz --mapping bpic2012",
        "journey import january.txt.gz --mapping technion",
        "journey import export.ndjson.gz",
    ),
    said(
        "A mapping file says which record becomes which event; what 'journey export' wrote needs none. "
        "After an interruption, run the same command again: what has arrived counts once.",
        "映射文件说明每条记录对应什么事件；journey export 导出的文件无需映射。"
        "中断后重新运行同一命令即可，已送达的内容不会重复计入。",
    ),
)


def import_command(
    file: Annotated[
        Path,
        typer.Argument(
            help=said(
                "XES, CSV (also as .tsv or .txt) or NDJSON, each also gzipped.",
                "XES、CSV（扩展名也可为 .tsv、.txt）或 NDJSON 文件，均可为 gzip 压缩。",
            ),
            metavar="FILE",
            exists=True,
            dir_okay=False,
            readable=True,
        ),
    ],
    *,
    mapping: Annotated[
        str | None,
        typer.Option(
            help=said(
                "What the records mean: a TOML file, or a shipped mapping: bpic2012, technion, cfpb.",
                "各条记录的含义：TOML 映射文件，或自带的映射（bpic2012、technion、cfpb）。",
            ),
            metavar="NAME",
        ),
    ] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    batch: Annotated[
        int,
        typer.Option(
            min=1, max=10_000, help=said("Events that are sent together.", "每批发送的事件数。"), metavar="N"
        ),
    ] = 1000,
    lifecycle: Annotated[
        Lifecycle,
        typer.Option(
            help=said(
                "An event that its case does not allow is recorded as a deviation, or refused (strict).",
                "不符合业务流程的事件：记为偏离（record），或予以拒绝（strict）。",
            )
        ),
    ] = "record",
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=said("Stop after so many records.", "最多读取的记录数。"), metavar="N"),
    ] = None,
) -> None:
    """Import a log of past events; running it again adds nothing."""
    started = time.monotonic()
    try:
        described = load_mapping(mapping) if mapping else None
        with connected(url, key) as client:
            totals = _imported(client, file, described, size=batch, lifecycle=lifecycle, limit=limit)
    except (MappingError, LogFileError) as error:
        terminal.fail(str(error))
    report(totals, time.monotonic() - started, terminal.results())
    if totals.refused or totals.broken:
        raise typer.Exit(1)


def _imported(
    client: Client,
    path: Path,
    mapping: EventMapping | None,
    *,
    size: int,
    lifecycle: Lifecycle,
    limit: int | None,
) -> Totals:
    events = TextColumn(said("{task.fields[events]:,} events", "{task.fields[events]:,} 条事件"))
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), events, TimeRemainingColumn())
    totals = Totals()
    with path.open("rb") as file, terminal.progress(*columns) as progress:
        task = progress.add_task(path.name, total=path.stat().st_size, events=0)
        for batch, totals in sent(client, batches(path, file, mapping, size, limit), lifecycle):
            progress.update(task, completed=batch.bytes_read, events=totals.sent)
    return totals


def report(totals: Totals, seconds: float, console: Console) -> None:
    """Show what became of an import."""
    table = terminal.table(console, "", "")
    table.show_header = False
    table.columns[1].justify = "right"
    for name, figure in _figures(totals, seconds):
        table.add_row(name, figure)
    console.print(table)
    _counted(said("Deviations by type", "偏离的事件类型"), totals.deviations.most_common(), console)
    _counted(said("Records that no rule fits", "没有规则适用的记录"), totals.unmapped.most_common(), console)
    broken = said("Records that could not become events", "无法转换为事件的记录")
    _listed(broken, totals.complaints, totals.broken, console)
    _listed(said("Refused events", "被拒绝的事件"), totals.rejections, totals.refused, console)
    if totals.worth_repeating:
        count = f"{totals.worth_repeating:,}"
        again = said(
            f"{count} of the refused events may be taken on another run of the same command.",
            f"其中 {count} 条可能在重新运行同一命令后被接受。",
        )
        console.print(again, markup=False)


def _figures(totals: Totals, seconds: float) -> list[tuple[str, str]]:
    statuses = {
        "accepted": said("accepted", "已写入"),
        "duplicate": said("duplicate", "重复上报"),
        "conflict": said("conflict", "冲突"),
        "rejected": said("rejected", "被拒绝"),
    }
    return [
        (said("records read", "读取记录"), f"{totals.read:,}"),
        *(
            (name, f"{totals.statuses[status]:,}")
            for status, name in statuses.items()
            if totals.statuses[status] or status != "conflict"
        ),
        (said("unmapped", "无规则适用"), f"{totals.unmapped.total():,}"),
        (said("not convertible", "无法转换"), f"{totals.broken:,}"),
        (said("deviations", "偏离"), f"{totals.deviations.total():,}"),
        (said("seconds", "用时（秒）"), f"{seconds:,.1f}"),
        (said("events per second", "每秒事件数"), f"{totals.sent / seconds if seconds else 0:,.0f}"),
    ]


def _counted(title: str, counts: list[tuple[str, int]], console: Console) -> None:
    lines = [f"{count:,} x {name}" for name, count in counts]
    _listed(title, lines[:MOST_KINDS], len(lines), console)


def _listed(title: str, lines: list[str], total: int, console: Console) -> None:
    if total:
        console.print(said(f"\n{title}:", f"\n{title}："), markup=False)
        for line in lines:
            console.print(f"  {line}", markup=False, soft_wrap=True)
        if total > len(lines):
            more = f"{total - len(lines):,}"
            console.print(said(f"  and {more} more", f"  另有 {more} 项"), markup=False)
