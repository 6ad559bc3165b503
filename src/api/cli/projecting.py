"""`journey project` and `migrate`: what a service on PostgreSQL may run beside the processes that answer."""

import sys
from typing import Annotated

import typer

from api.cli import signals, terminal, working
from api.cli.helping import Lesson
from api.cli.places import Data, Database, explained, settings_for
from api.cli.serving import Definitions, KeyDirectory
from api.cli.speech import said
from journey.garbage import YOUNG_OF_FOLLOWERS, search_seldom
from journey.logs import log_to_stderr
from journey.migrating import migrate
from journey.settings import Role
from journey.storage import only_writer, storage_of

_SWITCH = 0.05
"""Seconds for which one thread may keep the interpreter from others that wait for it.

Nobody waits for an answer here. Each time the interpreter goes to a thread on another processor, what it
works upon is in the caches of the one before: with the default of 5 ms that was a tenth of all work.
"""

MIGRATE = Lesson(
    said("Bring the databases to the shape that this version needs.", "将数据库升级到当前版本所需的结构。"),
    ("journey migrate --database postgresql://user:password@host/name",),
    said(
        "'journey serve' does it by itself; doing it twice does nothing.",
        "journey serve 启动时会自动执行；重复执行无影响。",
    ),
)
PROJECT = Lesson(
    said("Keep the projections, without answering requests.", "只维护视图，不处理请求。"),
    (
        "journey project --database postgresql://user:password@host/name",
        "journey project --database postgresql://user:password@host/name --once",
    ),
    said(
        "On PostgreSQL it runs beside 'journey serve --roles api'.",
        "使用 PostgreSQL 时与 journey serve --roles api 配合运行。",
    ),
)


def migrate_command(*, data: Data = None, database: Database = None) -> None:
    """Bring the databases to the shape that this version needs; doing it twice does nothing."""
    settings = settings_for(data, database)
    with explained():
        storage = storage_of(settings)
        with only_writer(storage):
            migrate(storage)
    typer.echo(said("The databases are up to date.", "数据库已是最新结构。"))


def project_command(
    *,
    data: Data = None,
    database: Database = None,
    once: Annotated[
        bool, typer.Option("--once", help=said("Catch up with the log, then end.", "追平日志后即结束。"))
    ] = False,
    definitions: Definitions = None,
    key_directory: KeyDirectory = None,
) -> None:
    """Keep the projections without answering requests; beside 'serve --roles api' on PostgreSQL."""
    from api.service import running  # noqa: PLC0415  # it loads the web framework, slowly

    log_to_stderr()
    if working.is_worker():
        working.end_with_parent()
    roles = frozenset[Role]() if once else frozenset[Role]({"project"})
    settings = settings_for(data, database, roles=roles, definitions=definitions, key_directory=key_directory)
    if once:
        with explained(), running(settings) as service:
            _work_steadily()
            service.engine.prepare()
            service.engine.catch_up()
            position = service.log.head()
        terminal.note(
            said(
                f"The projections have caught up with position {position}.",
                f"各视图已追平至位置 {position}。",
            )
        )
        return
    with signals.held_back(), explained(), running(settings):
        _work_steadily()
        terminal.note(said("Keeping the projections; Ctrl-C ends it.", "正在维护视图；按 Ctrl-C 停止。"))
        signals.awaited()


def _work_steadily() -> None:
    search_seldom(YOUNG_OF_FOLLOWERS)
    sys.setswitchinterval(_SWITCH)
