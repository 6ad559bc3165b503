"""`journey keys`: keys of callers, made, listed, changed and ended beside a running service."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from api.cli import terminal
from api.cli.helping import Lesson, group, teach
from api.cli.key_stores import KeyName, no_such_key, opened_keys, prefix_of
from api.cli.places import Data, Database, explained, settings_for, storage_in_use
from api.cli.rotating import ROTATE, rotate_command
from api.cli.showing import moment
from api.cli.speech import said
from api.keys import SCOPES, ApiKey, Scope
from journey.journey import LifecycleMode
from journey.storage import storage_of

KEYS = Lesson(
    said(
        "Make, list, rotate and revoke API keys; also while the service runs.",
        "新建、查看、换发、停用访问密钥；服务运行时也可操作。",
    ),
    (
        "journey keys create --scope events:write --source /channels/mobile",
        "journey keys list",
        "journey keys rotate cj_1a2b3c4d --overlap 24h",
        "journey keys revoke cj_1a2b3c4d",
    ),
)
CREATE = Lesson(
    said("Make a key and print it, alone, on standard output.", "新建密钥，并单独输出到标准输出。"),
    (
        'journey keys create --scope events:write --source /channels/mobile --label "mobile app"',
        "JOURNEY_KEY=$(journey keys create --scope journeys:read --scope status:read)",
    ),
    said(
        "It is shown this once. A channel's key should name its --source: it then writes events of no other.",
        "密钥只显示这一次。渠道使用的密钥应指定 --source，这样它只能上报该来源的事件。",
    ),
)
LIST = Lesson(
    said("List the keys, without their secrets.", "列出所有密钥（不含密文）。"),
    ("journey keys list", "journey keys list --database postgresql://user:password@host/name"),
)
REVOKE = Lesson(
    said("End a key; the service refuses it within seconds.", "停用密钥；数秒内服务即拒绝该密钥。"),
    ("journey keys revoke cj_1a2b3c4d",),
)


def create_command(
    *,
    scope: Annotated[
        list[str],
        typer.Option(
            help=said(
                f"What the key allows, once per scope: {', '.join(SCOPES)}.",
                f"密钥的权限，每项写一次：{'、'.join(SCOPES)}。",
            ),
            metavar="SCOPE",
        ),
    ],
    data: Data = None,
    database: Database = None,
    source: Annotated[
        str | None,
        typer.Option(
            help=said("The only source whose events it may write.", "只允许上报该来源的事件。"), metavar="URI"
        ),
    ] = None,
    lifecycle: Annotated[
        LifecycleMode,
        typer.Option(
            help=said(
                "What becomes of events that their case does not allow, where a call does not say.",
                "请求未指明时，不符合业务流程的事件如何处理：拒绝（strict）或记为偏离（record）。",
            )
        ),
    ] = "strict",
    label: Annotated[
        str,
        typer.Option(help=said("A note for the list of keys.", "备注，显示在密钥列表中。"), metavar="TEXT"),
    ] = "",
) -> None:
    """Make a key and print it, alone, on standard output: the only time that it is shown."""
    scopes, settings = _scopes(scope), settings_for(data, database)
    with explained(), opened_keys(storage_of(settings)) as store:
        key = store.create(scopes, datetime.now(UTC), source=source, lifecycle=lifecycle, label=label)
    typer.echo(key)


def list_command(*, data: Data = None, database: Database = None) -> None:
    """List the keys, without their secrets."""
    settings = settings_for(data, database)
    with explained(), opened_keys(storage_in_use(settings, ("access",))) as store:
        known = store.list()
    console = terminal.results()
    table = terminal.table(
        console,
        said("key", "密钥"),
        said("scopes", "权限"),
        said("source", "来源"),
        said("lifecycle", "业务流程"),
        said("in force", "有效期"),
        said("last used", "最近使用"),
        said("note", "备注"),
    )
    for place in (0, 1, 3, 4, 5):
        table.columns[place].no_wrap = True
    for key in known:
        table.add_row(*_cells(key, "\n" if console.is_terminal else " "))
    console.print(table)


def revoke_command(
    key: KeyName,
    *,
    data: Data = None,
    database: Database = None,
) -> None:
    """End a key; the service refuses it within seconds."""
    public, settings = prefix_of(key), settings_for(data, database)
    with explained(), opened_keys(storage_in_use(settings, ("access",))) as store:
        ended = store.revoke(public, datetime.now(UTC))
    if not ended:
        no_such_key(public)
    typer.echo(
        said(f"{public} is revoked; the service refuses it within seconds.", f"{public} 已停用，数秒内生效。")
    )


keys = group(KEYS)
teach(keys, "create", create_command, CREATE)
teach(keys, "list", list_command, LIST)
teach(keys, "rotate", rotate_command, ROTATE)
teach(keys, "revoke", revoke_command, REVOKE)


def _cells(key: ApiKey, break_: str) -> list[str]:
    every = len(key.scopes) == len(SCOPES)
    return [
        key.prefix,
        said("all", "全部") if every else break_.join(scope for scope in SCOPES if scope in key.scopes),
        key.source or said("any", "不限"),
        key.lifecycle,
        break_.join(filter(None, (f"{moment(key.created_at)} –", moment(key.revoked_at)))),
        moment(key.last_used_at),
        key.label,
    ]


def _scopes(asked: list[str]) -> list[Scope]:
    names = {name for text in asked for name in text.replace(",", " ").split()}
    if not names or not names.issubset(SCOPES):
        unknown, there = ", ".join(sorted(names.difference(SCOPES))), ", ".join(SCOPES)
        raise typer.BadParameter(
            said(f"no scope '{unknown}'; there are {there}", f"没有权限 “{unknown}”；可用的有 {there}"),
            param_hint="--scope",
        )
    return [scope for scope in SCOPES if scope in names]
