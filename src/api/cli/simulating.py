"""`journey simulate`: invented customers, sent to the service as its channels would."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from api.cli.batches import Batch
from api.cli.client import DEFAULT_URL, Key, Url, connected
from api.cli.importing import report
from api.cli.mapping import CloudEvent
from api.cli.sending import Totals, sent
from api.cli.simulation import simulate
from journey.words import Language

TOGETHER = 200
"""Events that are sent together at most."""
LONGEST_PAUSE = 1.0
"""Seconds between two batches at most, where a rate is given and allows it."""
PAST = timedelta(days=92)
"""How long ago the journeys began at most, where no start is given."""


def simulate_command(
    *,
    customers: Annotated[int, typer.Option(min=1, max=99_999, help="How many customers.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives other customers.")] = 1,
    rate: Annotated[
        float | None,
        typer.Option(min=0.1, help="Events per second; as fast as the service takes them if absent."),
    ] = None,
    language: Annotated[Language, typer.Option(help="Language of names and texts.")] = "zh",
    start: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="First day of the journeys; about three months ago if absent."
        ),
    ] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Send the journeys of invented customers, up to now; running it again adds what has happened since."""
    began, now = time.monotonic(), datetime.now(UTC)
    first = start.date() if start else default_start(now.date())
    totals = Totals()
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} events"), TimeElapsedColumn())
    events = simulate(seed, customers, language, first, until=now)
    with connected(url, key) as client, Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("events", total=None)
        for _, totals in sent(client, batched(events, batch_size(rate))):
            progress.update(task, completed=totals.sent)
            if rate:
                time.sleep(max(0.0, began + totals.sent / rate - time.monotonic()))
    report(totals, time.monotonic() - began, Console())
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
        yield Batch(events=lines, types=[event["type"] for event in part])
