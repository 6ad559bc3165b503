"""What the commands write to: results on standard output, progress and messages on standard error."""

import os
import sys
from typing import NoReturn

import typer
from rich.box import HORIZONTALS
from rich.console import Console
from rich.progress import Progress, ProgressColumn
from rich.table import Table

from api.cli.speech import said

_UNBROKEN = 4_000
"""Columns where no terminal limits them, so that one row of a table is one line for other programs."""

EVENTS = said("{task.completed:,} events", "{task.completed:,} 条事件")
"""What a display of progress tells of events that are done."""


def results() -> Console:
    """Return standard output: as wide as the terminal, or for other programs as wide as it takes."""
    free = not sys.stdout.isatty() and not os.environ.get("COLUMNS")
    return Console(highlight=False, width=_UNBROKEN if free else None)


def progress(*columns: str | ProgressColumn) -> Progress:
    """Return a display of progress on standard error; it shows nothing where no terminal is."""
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def table(console: Console, *headings: str) -> Table:
    """Return an empty table with lines where a person looks on; a long text goes on in the next line."""
    made = Table(
        box=HORIZONTALS if console.is_terminal else None,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1 if console.is_terminal else 2, 0, 0),
        header_style="bold",
    )
    for heading in headings:
        made.add_column(heading, overflow="fold")
    return made


def note(message: str) -> None:
    """Tell something beside the results."""
    typer.echo(message, err=True)


def fail(message: str, status: int = 2) -> NoReturn:
    """End the command with a message."""
    typer.secho(message, err=True, fg="red")
    raise typer.Exit(status)
