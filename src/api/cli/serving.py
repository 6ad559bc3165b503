"""`journey serve`, `project` and `migrate`: the processes that run the service."""

import logging
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated

import structlog
import typer
import uvicorn

from api.app import create_app
from api.cli.places import Data, Database, explained, settings_for
from api.keys import SCOPES, KeyStore
from api.service import running
from journey.migrating import migrate
from journey.settings import Role, Settings
from journey.storage import only_writer, storage_of

# How many requests are answered at once; more get 503. uvicorn itself would take any number.
_CONCURRENCY = 1_000
# How long open requests may go on after the service was told to stop, in seconds.
_GRACE = 10

Definitions = Annotated[
    Path | None,
    typer.Option(help="Directory with process definitions of your own.", exists=True, file_okay=False),
]


def serve_command(
    *,
    data: Data = None,
    database: Database = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8080,
    roles: Annotated[
        str, typer.Option(help="What this process does: api, project, or both.", metavar="ROLE[,ROLE]")
    ] = "api,project",
    definitions: Definitions = None,
) -> None:
    """Run the service; with an embedded database all in one process.

    On PostgreSQL several processes may share the work: --roles api answers requests, --roles project keeps
    the projections.
    """
    log_to_stderr()
    settings = settings_for(data, database, roles=_roles(roles), definitions=definitions)
    with explained():
        prepare(settings)
    app = create_app(settings)
    typer.secho(f"Serving at http://{host}:{port}; its interface: /openapi.json; Ctrl-C ends it.", err=True)
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=_CONCURRENCY,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=65,
    )


def migrate_command(*, data: Data = None, database: Database = None) -> None:
    """Bring the databases to the shape that this version needs; doing it twice does nothing."""
    settings = settings_for(data, database)
    with explained():
        storage = storage_of(settings)
        with only_writer(storage):
            migrate(storage)
    typer.echo("The databases are up to date.")


def project_command(
    *,
    data: Data = None,
    database: Database = None,
    once: Annotated[bool, typer.Option("--once", help="Catch up with the log, then end.")] = False,
    definitions: Definitions = None,
) -> None:
    """Keep the projections without answering requests; beside 'serve --roles api' on PostgreSQL."""
    log_to_stderr()
    settings = settings_for(data, database, roles=frozenset(), definitions=definitions)
    stop = threading.Event()

    def end(_: int, __: FrameType | None) -> None:
        stop.set()

    with explained(), running(settings) as service:
        if once:
            service.engine.prepare()
            service.engine.catch_up()
            return
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        service.engine.start()
        stop.wait()
        service.engine.stop()


def prepare(settings: Settings) -> None:
    """Migrate, and on the first start of an embedded service make the operator's key and show it once."""
    storage = storage_of(settings)
    with only_writer(storage):
        migrate(storage)
        if storage.embedded:
            keys = KeyStore(storage.engine("access", writer=True))
            if not keys.list():
                key = keys.create(SCOPES, datetime.now(UTC), label="operator, made at the first start")
                typer.secho(
                    f"Operator key (shown this once): {key}\n"
                    "Make one for each channel: journey keys create --scope events:write --source /channels/…",
                    err=True,
                    fg="green",
                )


def log_to_stderr() -> None:
    """Write structured logs to standard error: JSON lines, or plain ones where a person looks on."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if sys.stderr.isatty():
        renderer = structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _roles(text: str) -> frozenset[Role]:
    known: tuple[Role, ...] = ("api", "project")
    asked = {part.strip() for part in text.split(",") if part.strip()}
    if not asked or not asked <= set(known):
        raise typer.BadParameter(f"choose from {', '.join(known)}", param_hint="--roles")
    return frozenset(role for role in known if role in asked)
