"""`journey keys`: keys of callers, made, listed and ended beside a running service."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.cli.places import Data, Database, explained, settings_for
from api.keys import SCOPES, KeyStore, Scope
from journey.journey import LifecycleMode
from journey.migrating import migrate
from journey.storage import storage_of

keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys; also while the service runs.")


@keys.command("create")
def create_command(
    *,
    scope: Annotated[
        list[str],
        typer.Option(help=f"What the key allows, once per scope: {', '.join(SCOPES)}.", metavar="SCOPE"),
    ],
    data: Data = None,
    database: Database = None,
    source: Annotated[
        str | None, typer.Option(help="The only source whose events it may write.", metavar="URI")
    ] = None,
    lifecycle: Annotated[
        LifecycleMode, typer.Option(help="How events out of turn are treated where a call does not say.")
    ] = "strict",
    label: Annotated[str, typer.Option(help="A note for the list of keys.")] = "",
) -> None:
    """Make a key and print it, alone, on standard output: the only time that it is shown."""
    with explained():
        store = _store(data, database)
        key = store.create(_scopes(scope), datetime.now(UTC), source=source, lifecycle=lifecycle, label=label)
    typer.echo(key)


@keys.command("list")
def list_command(*, data: Data = None, database: Database = None) -> None:
    """List the keys, without their secrets."""
    with explained():
        known = _store(data, database).list()
    table = Table("key", "scopes", "source", "lifecycle", "made", "revoked", "note")
    for key in known:
        scopes = " ".join(scope for scope in SCOPES if scope in key.scopes)
        table.add_row(
            f"{key.prefix}_…",
            scopes,
            key.source or "any",
            key.lifecycle,
            key.created_at,
            key.revoked_at or "",
            key.label,
        )
    Console().print(table)


@keys.command("revoke")
def revoke_command(
    prefix: Annotated[str, typer.Argument(help="The key's first part, as 'journey keys list' shows it.")],
    *,
    data: Data = None,
    database: Database = None,
) -> None:
    """End a key; the service refuses it within seconds."""
    public = "_".join(prefix.split("_")[:2])
    with explained():
        ended = _store(data, database).revoke(public, datetime.now(UTC))
    if not ended:
        typer.secho(f"There is no key {public} in force; 'journey keys list' shows them.", err=True, fg="red")
        raise typer.Exit(1)
    typer.echo(f"{public} is revoked.")


def _scopes(asked: list[str]) -> list[Scope]:
    names = {name for text in asked for name in text.replace(",", " ").split()}
    if unknown := sorted(names.difference(SCOPES)):
        raise typer.BadParameter(
            f"no scope {', '.join(unknown)}; there are {', '.join(SCOPES)}", param_hint="--scope"
        )
    return [scope for scope in SCOPES if scope in names]


def _store(data: Path | None, database: str | None) -> KeyStore:
    storage = storage_of(settings_for(data, database))
    migrate(storage, ["access"])
    return KeyStore(storage.engine("access", writer=True))
