"""`journey simulate`: invented customers, sent to the service as its channels would."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Annotated

import orjson
import typer
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from api.cli import terminal
from api.cli.batches import Batch
from api.cli.client import DEFAULT_URL, Key, Url, connected
from api.cli.helping import Lesson
from api.cli.importing import report
from api.cli.mapping_rules import CloudEvent
from api.cli.sending import Totals, sent
from api.cli.simulation import simulate
from api.cli.speech import LANGUAGE, said
from journey.words import Language

TOGETHER = 200
"""Events that are sent together at most."""
LONGEST_PAUSE = 1.0
"""Seconds between two batches at most, where a rate is given and allows it."""
PAST = timedelta(days=92)
"""How long ago the journeys began at most, where no start is given."""

Customers = Annotated[
    int,
    typer.Option(min=1, max=99_999, metavar="N", help=said("How many customers to invent.", "虚构客户数。")),
]
Seed = Annotated[
    int,
    typer.Option(
        min=0,
        metavar="N",
        help=said("Another seed gives other customers.", "随机种子；换一个即得到另一批客户。"),
    ),
]

SIMULATE = Lesson(
    said("Send the journeys of invented customers, up to now.", "上报虚构客户截至当前的旅程。"),
    ("journey simulate --customers 100", "journey simulate --customers 1000 --rate 20 --seed 2"),
    said(
        "The same seed gives the same customers. Running it again adds only what has happened since.",
        "相同的种子得到相同的客户；再次运行只补充此后新发生的事件。",
    ),
)


def simulate_command(
    *,
    customers: Customers = 50,
    seed: Seed = 1,
    rate: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            metavar="N",
            help=said(
                "Events per second; as fast as the service takes them if absent.",
                "每秒事件数；不指定则以服务所能承受的最快速度上报。",
            ),
        ),
    ] = None,
    language: Annotated[
        Language, typer.Option(help=said("Language of names and texts.", "姓名和文字内容的语言。"))
    ] = LANGUAGE,
    start: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help=said(
                "First day of the journeys; about three months ago if absent.",
                "旅程开始的日期；不指定则为约三个月前。",
            ),
        ),
    ] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Send the journeys of invented customers, up to now; running it again adds what has happened since."""
    began, now = time.monotonic(), datetime.now(UTC)
    first = start.date() if start else default_start(now.date())
    totals = Totals()
    columns = (SpinnerColumn(), TextColumn(terminal.EVENTS), TimeElapsedColumn())
    events = simulate(seed, customers, language, first, until=now)
    with connected(url, key) as client, terminal.progress(*columns) as progress:
        task = progress.add_task("", total=None)
        for _, totals in sent(client, batched(events, batch_size(rate))):
            progress.update(task, completed=totals.sent)
            if rate:
                time.sleep(max(0.0, began + totals.sent / rate - time.monotonic()))
    report(totals, time.monotonic() - began, terminal.results())
    if totals.refused:
        raise typer.Exit(1)


def default_start(today: date) -> date:
    """Return the first day of the month in which `PAST` lies: it stays the same for the runs of a month."""
    return (today - PAST).replace(day=1)


def batch_size(rate: float | None) -> int:
    """Return how many events to send together so that they come at an even rate."""
    return TOGETHER if rate is None else max(1, min(TOGETHER, int(rate * LONGEST_PAUSE)))


def batched(events: Iterable[CloudEvent], size: int) -> Iterator[Batch]:
    """Yield the events in batches."""
    remaining = iter(events)
    while part := list(islice(remaining, size)):
        lines = [orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in part]
        yield Batch(records=len(part), events=lines, types=[event["type"] for event in part])
