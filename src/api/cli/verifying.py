"""`journey verify`: proves that the read models are what the log says, and the log what was appended."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.progress import SpinnerColumn, TextColumn

from api.cli import terminal
from api.cli.checked_records import checked_events, checked_reads
from api.cli.helping import Lesson
from api.cli.places import Data, Database, explained, settings_for, storage_in_use
from api.cli.serving import Definitions
from api.cli.speech import said
from journey.errors import ProjectionUnavailable
from journey.event_log import EventLog, open_event_log
from journey.processes import processes_of
from journey.settings import Settings
from journey.storage import Storage
from projections.projection import Projection
from projections.registry import projections
from projections.verification import Checked, Difference, verify

_BEFORE, _SHOWN = 30, 120
"""How many characters of a value are shown: before the first that differs, and in all."""

VERIFY = Lesson(
    said(
        "Prove that log and projections are what they were.", "核对事件日志是否完好、各视图是否与日志一致。"
    ),
    ("journey verify", "journey verify --database postgresql://user:password@host/name --show 20"),
    said(
        "Every row is compared with a fold of the log made here and now, every event with its hashes, and so "
        "is every record of a reading, also while the service runs. The status is 0 when all agree, and 1 "
        "when anything differs.",
        "根据日志重新推算并逐行比对，同时按哈希核对每条事件和每条查阅记录，服务运行时也可执行。"
        "全部一致时退出码为 0，有差异时为 1。",
    ),
)


@dataclass
class Finding:
    """What the comparison of one projection found."""

    projection: str
    checked: Checked = field(default_factory=Checked)
    differences: int = 0
    first: list[Difference] = field(default_factory=list)
    """The first few differences, to be shown."""


def verify_command(
    *,
    data: Data = None,
    database: Database = None,
    definitions: Definitions = None,
    show: Annotated[
        int,
        typer.Option(
            help=said("How many differences to show of each projection.", "每个视图最多显示的差异数。"),
            min=0,
            metavar="N",
        ),
    ] = 5,
) -> None:
    """Compare every row with a fold of the log, and every event and reading with its hashes."""
    settings = settings_for(data, database, definitions=definitions)
    with explained():
        storage = storage_in_use(settings)
        findings = _findings(storage, settings, show)
        records = (checked_events(storage, settings), checked_reads(storage))
    _report(terminal.results(), findings)
    for record in records:
        terminal.results().print(record.told, markup=False, soft_wrap=True)
    if not all(record.sound for record in records) or any(finding.differences for finding in findings):
        raise typer.Exit(1)


def _findings(storage: Storage, settings: Settings, show: int) -> list[Finding]:
    views = storage.engine("views", writer=False)
    if not storage.embedded:
        views = views.execution_options(isolation_level="REPEATABLE READ")
    try:
        with closing(open_event_log(storage, settings, writer=False)) as log:
            known = projections(processes_of(settings))
            return [_finding(log, views, projection, show) for projection in known]
    finally:
        views.dispose()


def _finding(log: EventLog, views: sa.Engine, projection: Projection[Any], show: int) -> Finding:
    finding = Finding(projection.name)
    # The display looks at the counts by itself: verify() yields only where something is wrong.
    events = TextColumn(
        said("{task.fields[counts].events:,} events", "{task.fields[counts].events:,} 条事件")
    )
    columns = (SpinnerColumn(), TextColumn("{task.description}"), events)
    with views.connect() as connection, terminal.progress(*columns) as progress:
        progress.add_task(projection.name, total=None, counts=finding.checked)
        try:
            for difference in verify(log, connection, projection, finding.checked):
                finding.differences += 1
                if len(finding.first) < show:
                    finding.first.append(difference)
        except ProjectionUnavailable:
            terminal.fail(
                said(
                    f"{projection.name} has no rows yet: run 'journey serve' or 'journey project' first.",
                    f"视图 {projection.name} 尚无数据：请先运行 journey serve 或 journey project。",
                )
            )
    return finding


def _report(console: Console, findings: list[Finding]) -> None:
    table = terminal.table(
        console,
        said("projection", "视图"),
        said("customers", "客户"),
        said("events", "事件"),
        said("rows", "行"),
        said("parked", "挂起"),
        said("differences", "差异"),
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for finding in findings:
        counts = finding.checked
        figures = (counts.streams, counts.events, counts.rows, counts.parked, finding.differences)
        table.add_row(finding.projection, *(f"{figure:,}" for figure in figures))
    console.print(table)
    for finding in findings:
        for difference in finding.first:
            for line in _told(difference):
                console.print(line, markup=False, soft_wrap=True)
        if finding.differences:
            console.print(
                said(
                    f"Mend it with 'journey rebuild {finding.projection}', and find out what changed it.",
                    f"可用 journey rebuild {finding.projection} 修复，并请查明数据被谁改动。",
                ),
                markup=False,
            )


def _told(difference: Difference) -> Iterator[str]:
    yield said(
        f"{difference.projection}: row {difference.key!r} of {difference.stream_id!r}",
        f"{difference.projection}：客户 {difference.stream_id!r} 的行 {difference.key!r}",
    )
    log, row = said("the log says", "日志应为"), said("the row says", "数据为")
    expected, found = difference.expected, difference.found
    if expected is None or found is None:
        nothing = said("nothing", "无此行")
        yield f"  {log}: {nothing if expected is None else expected}"
        yield f"  {row}: {nothing if found is None else found}"
        return
    for column in expected:
        if expected[column] != found.get(column):
            should, does = _excerpts(repr(expected[column]), repr(found.get(column)))
            yield f"  {column}, {log}: {should}"
            yield f"  {column}, {row}: {does}"


def _excerpts(one: str, other: str) -> tuple[str, str]:
    """Cut two long values to where they begin to differ."""
    same = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
    start = max(0, same - _BEFORE)
    cut = slice(start, start + _SHOWN)
    return one[cut], other[cut]
