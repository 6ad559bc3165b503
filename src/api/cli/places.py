"""The options that say where the databases are, and errors of theirs that say what to do next."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import psycopg
import sqlalchemy as sa
import typer
from pydantic import ValidationError

from journey.errors import DataDirectoryInUse, JourneyError
from journey.settings import Settings

DEFAULT_DATA = Path("journey-data")

Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="JOURNEY_DATA", help="Directory of the embedded databases.", metavar="DIR"),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="JOURNEY_DATABASE",
        help="PostgreSQL instead: postgresql://user:password@host/name",
        metavar="URL",
    ),
]


def settings_for(data: Path | None, database: str | None, **further: Any) -> Settings:
    """Return the settings for a place; without one, the directory `journey-data` here."""
    if data is None and database is None:
        data = DEFAULT_DATA
    try:
        return Settings(data=data, database=database, **further)
    except ValidationError as error:
        reasons = "; ".join(each["msg"].removeprefix("Value error, ") for each in error.errors())
        raise typer.BadParameter(reasons) from error


@contextmanager
def explained() -> Iterator[None]:
    """End the command with a message, and what to do next, where a database cannot be used."""
    try:
        yield
    except DataDirectoryInUse as error:
        _fail(f"{error}. Only one process may write to it: stop that one, or choose another --data.")
    except (psycopg.OperationalError, sa.exc.OperationalError) as error:
        cause = str(getattr(error, "orig", error)).strip().splitlines()[0]
        _fail(f"The database cannot be reached: {cause}. Check --database and that PostgreSQL runs there.")
    except (JourneyError, OSError, sa.exc.ArgumentError) as error:
        _fail(str(error))


def _fail(message: str) -> None:
    typer.secho(message, err=True, fg="red")
    raise typer.Exit(2)
