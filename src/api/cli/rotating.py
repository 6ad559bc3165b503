"""`journey keys rotate`: another key for the same caller, with time to change over."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from api.cli import terminal
from api.cli.helping import Lesson
from api.cli.key_stores import KeyName, no_such_key, opened_keys, prefix_of
from api.cli.places import Data, Database, explained, settings_for, storage_in_use
from api.cli.showing import moment
from api.cli.speech import said

ROTATE = Lesson(
    said(
        "Make another key for the same caller, and end the one before after a while.",
        "为同一调用方换发新密钥，原密钥在过渡期后失效。",
    ),
    (
        "journey keys rotate cj_1a2b3c4d",
        "NEW_KEY=$(journey keys rotate cj_1a2b3c4d --overlap 7d)",
    ),
    said(
        "The new key allows what the one before does, and is printed alone on standard output. Both work "
        "until the overlap is over: change the caller over meanwhile.",
        "新密钥的权限与原密钥相同，单独输出到标准输出。过渡期内新旧密钥均可使用，请在此期间完成更换。",
    ),
)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=366)


def rotate_command(
    key: KeyName,
    *,
    overlap: Annotated[
        str,
        typer.Option(
            help=said(
                "How long the key before goes on: 30m, 24h, 7d; 0s ends it at once.",
                "原密钥继续有效的时间，如 30m、24h、7d；0s 表示立即失效。",
            ),
            metavar="TIME",
        ),
    ] = "24h",
    data: Data = None,
    database: Database = None,
) -> None:
    """Make another key for the same caller and print it, alone, on standard output."""
    prefix, length = prefix_of(key), duration(overlap)
    settings, now = settings_for(data, database), datetime.now(UTC)
    with explained(), opened_keys(storage_in_use(settings, ("access",))) as store:
        made = store.rotate(prefix, now, length)
        until = next((each.revoked_at for each in store.list() if each.prefix == prefix), None)
    if made is None:
        no_such_key(prefix)
    terminal.note(said(f"{prefix} ends at {moment(until)}.", f"{prefix} 将于 {moment(until)} 失效。"))
    typer.echo(made)


def duration(text: str) -> timedelta:
    """Read a time such as `24h`; raise what the command line tells as a bad option."""
    told = re.fullmatch(r"(\d{1,6})([smhdw])", text.strip())
    length = timedelta(**{_UNITS[told[2]]: int(told[1])}) if told else None
    if length is None or length > _LONGEST:
        raise typer.BadParameter(
            said(
                f"'{text}' is not a time such as 30m, 24h or 7d, of a year at most",
                f"“{text}” 不是有效的时间，请填写如 30m、24h、7d，最长一年",
            ),
            param_hint="--overlap",
        )
    return length
