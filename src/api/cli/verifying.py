"""`journey verify`: proves that the read models are what the log says."""

from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from api.cli.places import Data, Database, explained, settings_for
from api.cli.serving import Definitions
from journey.errors import ProjectionUnavailable
from journey.event_log import EventLog, open_event_log
from journey.processes import load_definitions
from journey.storage import Storage, storage_of
from projections.projection import Projection
from projections.registry import projections
from projections.verification import Checked, Difference, verify


def verify_command(
    *,
    data: Data = None,
    database: Database = None,
    definitions: Definitions = None,
    show: Annotated[int, typer.Option(help="How many differences to show.", min=0)] = 5,
) -> None:
    """Compare every row of every projection with a fold of the log; also while the service runs."""
    settings = settings_for(data, database)
    table = Table("projection", "customers", "events", "rows", "parked", "differences")
    found: list[Difference] = []
    with explained():
        storage = storage_of(settings)
        _require(storage)
        log = open_event_log(storage, settings, writer=False)
        try:
            for projection in projections(load_definitions(definitions)):
                checked, differences, shown = _verified(storage, log, projection, show)
                found += shown
                table.add_row(
                    projection.name,
                    *(f"{n:,}" for n in (checked.streams, checked.events, checked.rows, checked.parked)),
                    f"{differences:,}",
                )
        finally:
            log.close()
    console = Console()
    console.print(table)
    for difference in found[:show]:
        console.print(
            f"{difference.projection}: row {difference.key!r} of {difference.stream_id!r}", markup=False
        )
        console.print(f"  the log says {difference.expected}", markup=False)
        console.print(f"  the row says {difference.found}", markup=False)
    if found:
        raise typer.Exit(1)


def _verified(
    storage: Storage, log: EventLog, projection: Projection[object], show: int
) -> tuple[Checked, int, list[Difference]]:
    checked, differences = Checked(), 0
    shown: list[Difference] = []
    views = storage.engine("views", writer=False)
    if not storage.embedded:
        views = views.execution_options(isolation_level="REPEATABLE READ")
    try:
        with (
            views.connect() as connection,
            Progress(console=Console(stderr=True), transient=True) as progress,
        ):
            task = progress.add_task(projection.name, total=_size(log, projection, connection))
            for difference in verify(log, connection, projection, checked):
                differences += 1
                if len(shown) < max(show, 1):
                    shown.append(difference)
                progress.update(task, completed=checked.events)
    except ProjectionUnavailable:
        typer.secho(f"{projection.name} has no rows yet: run 'journey serve' or 'journey project'.", err=True)
        raise typer.Exit(2) from None
    finally:
        views.dispose()
    return checked, differences, shown


def _size(log: EventLog, projection: Projection[object], connection: sa.Connection) -> int:
    del projection, connection
    return log.head()


def _require(storage: Storage) -> None:
    file: Path | None = storage.file("log") if storage.embedded else None
    if file is not None and not file.exists():
        raise OSError(f"There is no service's data in {storage.directory}: name its directory with --data.")
