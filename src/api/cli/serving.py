"""`journey serve`: the service as a process."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from api.cli import signals, terminal, working
from api.cli.helping import Lesson
from api.cli.key_stores import opened_keys
from api.cli.places import Data, Database, explained, settings_for
from api.cli.speech import said
from api.keys import SCOPES
from journey.logs import log_to_stderr
from journey.migrating import migrate
from journey.processes import processes_of
from journey.reacting.configuration_file import load_configuration
from journey.settings import Role, Settings
from journey.storage import only_writer, storage_of

Definitions = Annotated[
    Path | None,
    typer.Option(
        help=said("Directory with process definitions of your own.", "自定义服务流程定义所在目录。"),
        envvar="JOURNEY_DEFINITIONS",
        metavar="DIR",
        exists=True,
        file_okay=False,
    ),
]

KeyDirectory = Annotated[
    Path | None,
    typer.Option(
        help=said(
            "Directory of the keys that personal data is sealed with and the log is signed with, made at the "
            "first need: keep it, and copies of it, apart from the databases. With --data it is DIR.keys if "
            "none is named; without one PostgreSQL takes no personal data and signs nothing.",
            "个人信息加密密钥和日志签名密钥所在目录，首次需要时自动创建；请与数据库分开存放并单独备份。"
            "使用 --data 时默认为“数据目录.keys”；使用 PostgreSQL 时如不指定，"
            "则不接收个人信息，也不对日志签名。",
        ),
        envvar="JOURNEY_KEY_DIRECTORY",
        metavar="DIR",
        file_okay=False,
    ),
]

Policies = Annotated[
    Path | None,
    typer.Option(
        help=said(
            "File with your own arrangements for what the service does by itself: departments, teams, times.",
            "自动处理规则的配置文件：部门、团队、时限等。",
        ),
        envvar="JOURNEY_POLICIES",
        metavar="FILE",
        exists=True,
        dir_okay=False,
    ),
]

SERVE = Lesson(
    said("Run the service.", "启动服务。"),
    (
        "journey serve --data ./journey-data",
        "journey serve --database postgresql://user:password@host/name --key-directory ./keys --workers 2",
    ),
    said(
        "The first start on an embedded database makes an operator's key and prints it once.\n\n"
        "On PostgreSQL several processes may share the work: --workers starts them here; on several machines "
        "--roles api answers requests, --roles project keeps the projections, --roles react lets cases move "
        "by themselves.",
        "在嵌入式数据库上首次启动时会生成管理密钥，只显示一次。\n\n"
        "使用 PostgreSQL 时可由多个进程分工：--workers 在本机启动多个进程；"
        "多台机器时用 --roles api 处理请求，--roles project 维护视图，--roles react 自动推进业务单。",
    ),
)


def serve_command(
    *,
    data: Data = None,
    database: Database = None,
    host: Annotated[
        str, typer.Option(help=said("Address to listen on.", "监听地址。"), metavar="HOST")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            help=said("Port to listen on; 0 takes a free one.", "监听端口；0 表示任选空闲端口。"),
            min=0,
            max=65535,
            metavar="PORT",
        ),
    ] = 8080,
    roles: Annotated[
        str,
        typer.Option(
            help=said(
                "What this process does: api, project, react, or several of them.",
                "本进程的角色：api、project、react，可多选。",
            ),
            envvar="JOURNEY_ROLES",
            metavar="ROLE[,ROLE]",
        ),
    ] = "api,project,react",
    workers: Annotated[
        int,
        typer.Option(
            help=said(
                "How many processes answer requests; the projections and the policies then have one each "
                "of their own. Needs PostgreSQL.",
                "处理请求的进程数；大于1时视图和自动处理规则各由单独进程负责。需使用 PostgreSQL。",
            ),
            min=1,
            max=64,
            metavar="N",
        ),
    ] = 1,
    definitions: Definitions = None,
    key_directory: KeyDirectory = None,
    policies: Policies = None,
) -> None:
    """Run the service; with an embedded database all in one process."""
    # The web framework loads slowly, and most commands do without it.
    from api.app import create_app  # noqa: PLC0415  # see above
    from api.cli.listening import bound, listen, tell_address  # noqa: PLC0415  # see above

    log_to_stderr()
    settings = settings_for(
        data,
        database,
        roles=_roles(roles),
        definitions=definitions,
        key_directory=key_directory,
        policies=policies,
    )
    if working.is_worker():
        working.end_with_parent()
    shared = workers > 1 or working.is_worker()
    if workers > 1 and settings.database is None:
        raise typer.BadParameter(
            said(
                "an embedded database has one process; name a PostgreSQL database with --database",
                "嵌入式数据库只能由一个进程使用，请用 --database 指定 PostgreSQL 数据库",
            ),
            param_hint="--workers",
        )
    with signals.held_back(), explained(), bound(host, port, shared=shared) as listener:
        # What is wrong with a file is told here: the logs of the server hold no messages of errors.
        load_configuration(settings.policies)
        processes_of(settings)
        _prepare(settings)
        if workers == 1:
            listen(create_app(settings), listener, settings)
            return
        _begin_to_react(settings)
        tell_address(listener)
        working.work(_of_workers(settings, listener.getsockname(), workers), settings.database or "")


def _of_workers(settings: Settings, address: tuple[Any, ...], workers: int) -> list[list[str]]:
    """Return the command lines of the processes that share the work."""
    further = ["--definitions", str(settings.definitions)] if settings.definitions else []
    sealing = ["--key-directory", str(settings.key_directory)] if settings.key_directory else []
    acting = ["--policies", str(settings.policies)] if settings.policies else []
    options = [*further, *sealing, *acting]
    serving = ["serve", "--host", address[0], "--port", str(address[1]), "--roles", "api", *options]
    commands = [serving] * workers if "api" in settings.roles else []
    beside = [role for role in ("project", "react") if role in settings.roles]
    return [*commands, *([role, *(options if role == "react" else [*further, *sealing])] for role in beside)]


def _prepare(settings: Settings) -> None:
    """Migrate, and on the first start of an embedded service make the operator's key and show it once."""
    storage = storage_of(settings)
    with only_writer(storage):
        migrate(storage)
        if storage.embedded:
            with opened_keys(storage) as keys:
                if not keys.list():
                    label = said("operator, first start", "首次启动时的管理密钥")
                    _show(keys.create(SCOPES, datetime.now(UTC), label=label))


def _begin_to_react(settings: Settings) -> None:
    """See that whatever workers take is acted upon, however late the one that reacts begins."""
    from api.service import running  # noqa: PLC0415  # the web framework loads slowly

    if "react" in settings.roles:
        with running(settings.model_copy(update={"roles": frozenset({"react"})})):
            pass


def _show(key: str) -> None:
    terminal.note(
        said(
            f"Operator key (shown this once): {key}\n"
            "Make one for each channel: journey keys create --scope events:write --source /channels/…",
            f"管理密钥（只显示这一次）：{key}\n"
            "请为每个渠道单独新建密钥：journey keys create --scope events:write --source /channels/…",
        )
    )


def _roles(text: str) -> frozenset[Role]:
    """Read roles as the command line has them, or as the environment does, in a JSON array."""
    known: tuple[Role, ...] = get_args(Role)
    asked = set(re.findall(r'[^\s,"\[\]]+', text))
    if not asked or not asked <= set(known):
        there = ", ".join(known)
        raise typer.BadParameter(said(f"choose from {there}", f"可选值：{there}"), param_hint="--roles")
    return frozenset(role for role in known if role in asked)
