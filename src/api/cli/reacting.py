"""`journey react`: what a service on PostgreSQL may run beside the processes that answer."""

import asyncio

from api.cli import signals, terminal, working
from api.cli.helping import Lesson
from api.cli.places import Data, Database, explained, settings_for
from api.cli.serving import Definitions, KeyDirectory, Policies
from api.cli.speech import said
from journey.garbage import search_seldom
from journey.logs import log_to_stderr
from journey.settings import Settings

REACT = Lesson(
    said("Let cases move by themselves, without answering requests.", "只运行自动处理规则，不处理请求。"),
    ("journey react --database postgresql://user:password@host/name --policies policies.toml",),
    said(
        "On PostgreSQL it runs beside 'journey serve --roles api'. Several may run: one of them leads.",
        "使用 PostgreSQL 时与 journey serve --roles api 配合运行；可同时运行多个，由其中一个主导。",
    ),
)


def react_command(
    *,
    data: Data = None,
    database: Database = None,
    definitions: Definitions = None,
    key_directory: KeyDirectory = None,
    policies: Policies = None,
) -> None:
    """Let cases move by themselves without answering requests; beside 'serve --roles api' on PostgreSQL."""
    log_to_stderr()
    if working.is_worker():
        working.end_with_parent()
    settings = settings_for(
        data,
        database,
        roles=frozenset({"react"}),
        definitions=definitions,
        key_directory=key_directory,
        policies=policies,
    )
    with signals.held_back(), explained():
        asyncio.run(_react(settings))


async def _react(settings: Settings) -> None:
    from api.service import running  # noqa: PLC0415  # it loads the web framework, slowly

    with running(settings) as service:
        search_seldom()
        service.reactor.start()
        terminal.note(said("Following the log; Ctrl-C ends it.", "正在运行自动处理规则；按 Ctrl-C 停止。"))
        try:
            while not await asyncio.to_thread(signals.came_within, _LOOK):
                pass
        finally:
            await service.reactor.stop()
            await service.appender.stop()


_LOOK = 0.2
"""Seconds between two looks for a signal."""
