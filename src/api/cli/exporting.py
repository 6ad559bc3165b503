"""`journey export`: the whole log as CloudEvents, one a line."""

import gzip
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, cast

import orjson
import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from api.cli.client import DEFAULT_URL, Client, Key, Url, connected

PAGE = 500
"""Events that are asked for at once."""


def export_command(
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", help="File to write, gzipped if it ends in .gz; - is standard output."
        ),
    ] = "-",
    after: Annotated[int, typer.Option(min=0, help="Only events after this position.")] = 0,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Export events as NDJSON, in the order of the log; 'journey import' reads the file back."""
    count, last = 0, after
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        connected(url, key) as client,
        _opened(output) as file,
        Progress(*columns, console=console) as progress,
    ):
        task = progress.add_task("events", total=None)
        for page in pages(client, after):
            file.write(b"".join(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in page))
            count, last = count + len(page), int(page[-1]["position"])
            progress.update(task, completed=count)
    console.print(f"{count:,} events; --after {last} continues from here.", highlight=False)


def pages(client: Client, after: int) -> Iterator[list[dict[str, Any]]]:
    """Yield the log's events with position greater than `after`, page by page, up to its present end."""
    while True:
        answer = client.request("GET", "/v1/events", params={"after": after, "limit": PAGE}).json()
        if not answer["items"]:
            return
        yield answer["items"]
        if not answer.get("next"):
            return
        after = int(answer["items"][-1]["position"])


@contextmanager
def _opened(output: str) -> Iterator[BinaryIO]:
    if output == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with gzip.open(output, "wb") if output.endswith(".gz") else Path(output).open("wb") as file:
            yield cast(BinaryIO, file)
