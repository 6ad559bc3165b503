"""`journey import`: the events of a log file, sent to the service in batches."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from api.cli.batches import batches
from api.cli.client import DEFAULT_URL, Client, Key, Url, connected
from api.cli.log_files import LogFileError
from api.cli.mapping import EventMapping, load_mapping
from api.cli.sending import Lifecycle, Totals, sent
from api.cli.templates import MappingError

MOST_KINDS = 10
"""How many types of deviations, and kinds of unmapped records, are shown."""


def import_command(
    file: Annotated[
        Path,
        typer.Argument(
            help="XES, CSV or NDJSON, each also gzipped.", exists=True, dir_okay=False, readable=True
        ),
    ],
    *,
    mapping: Annotated[
        str | None,
        typer.Option(help="What the records mean: a TOML file, or a shipped mapping such as bpic2012."),
    ] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Records that are sent together.")] = 1000,
    lifecycle: Annotated[
        Lifecycle,
        typer.Option(help="An event out of turn is recorded as a deviation, or refused (strict)."),
    ] = "record",
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many records.")] = None,
) -> None:
    """Import a log of past events; running it again adds nothing."""
    started = time.monotonic()
    try:
        described = load_mapping(mapping) if mapping else None
        with connected(url, key) as client:
            totals = _imported(client, file, described, size=batch, lifecycle=lifecycle, limit=limit)
    except (MappingError, LogFileError) as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(2) from error
    report(totals, time.monotonic() - started, Console())
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
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[events]:,} events"),
        TimeRemainingColumn(),
    )
    totals = Totals()
    with path.open("rb") as file, Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(path.name, total=path.stat().st_size, events=0)
        for batch, totals in sent(client, batches(path, file, mapping, size, limit), lifecycle):
            progress.update(task, completed=batch.bytes_read, events=totals.sent)
    return totals


def report(totals: Totals, seconds: float, console: Console) -> None:
    """Show what became of an import."""
    table = Table("", "", show_header=False)
    table.columns[1].justify = "right"
    table.add_row("records read", f"{totals.read:,}")
    for status in ("accepted", "duplicate", "conflict", "rejected"):
        if totals.statuses[status] or status != "conflict":
            table.add_row(status, f"{totals.statuses[status]:,}")
    table.add_row("unmapped", f"{totals.unmapped.total():,}")
    table.add_row("not convertible", f"{totals.broken:,}")
    table.add_row("deviations", f"{totals.deviations.total():,}")
    table.add_row("seconds", f"{seconds:,.1f}")
    table.add_row("events per second", f"{totals.sent / seconds if seconds else 0:,.0f}")
    console.print(table)
    _counted("Deviations by type", totals.deviations.most_common(), console)
    _counted("Records that no rule fits", totals.unmapped.most_common(), console)
    _listed("Records that could not become events", totals.complaints, totals.broken, console)
    _listed("Refused events", totals.rejections, totals.refused, console)
    if totals.worth_repeating:
        count = f"{totals.worth_repeating:,}"
        console.print(f"{count} of the refused events may be taken on another run of the same command.")


def _counted(title: str, counts: list[tuple[str, int]], console: Console) -> None:
    lines = [f"{count:,} x {name}" for name, count in counts]
    _listed(title, lines[:MOST_KINDS], len(lines), console)


def _listed(title: str, lines: list[str], total: int, console: Console) -> None:
    if total:
        console.print(f"\n{title}:", markup=False)
        for line in lines:
            console.print(f"  {line}", markup=False, highlight=False)
        if total > len(lines):
            console.print(f"  and {total - len(lines):,} more", markup=False)
