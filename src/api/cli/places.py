"""The options that say where the databases are, and errors of theirs that say what to do next."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import psycopg
import sqlalchemy as sa
import typer
from pydantic import ValidationError

from api.cli.speech import said
from api.cli.terminal import fail
from journey.errors import DataDirectoryInUse, JourneyError, LogUnavailable
from journey.reacting.configuration_file import MisfitConfiguration, UnreadableConfiguration
from journey.settings import Settings
from journey.storage import Part, Storage, storage_of
from journey.words import Words

DEFAULT_DATA = Path("journey-data")
_OF_EVERY_VERSION: tuple[Part, ...] = ("log", "views", "access")
"""What a service of any version has made."""

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="JOURNEY_DATA",
        metavar="DIR",
        help=said(
            f"Directory of the embedded databases; ./{DEFAULT_DATA} if no place is named.",
            f"嵌入式数据库所在目录；未指定存储位置时为 ./{DEFAULT_DATA}。",
        ),
    ),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="JOURNEY_DATABASE",
        metavar="URL",
        help=said(
            "PostgreSQL instead: postgresql://user:password@host/name",
            "改用 PostgreSQL：postgresql://用户:密码@主机/库名",
        ),
    ),
]


def settings_for(data: Path | None, database: str | None, **further: Any) -> Settings:
    """Return the settings for a place; without one, the directory `journey-data` here."""
    if data is not None and database is not None:
        raise typer.BadParameter(
            said(
                "Name either --data or --database, not both (JOURNEY_DATA and JOURNEY_DATABASE count too).",
                "--data 与 --database 只能指定一个（环境变量 JOURNEY_DATA、JOURNEY_DATABASE 也算在内）。",
            )
        )
    if database is None:
        data = data or DEFAULT_DATA
    elif not _is_postgresql(database):
        raise typer.BadParameter(
            said(
                "--database takes a URL such as postgresql://user:password@host/name",
                "--database 须为 postgresql://用户:密码@主机/库名 形式的地址。",
            )
        )
    try:
        return Settings(data=data, database=database, **further)
    except ValidationError as error:
        raise typer.BadParameter("; ".join(map(_said_of, error.errors()))) from error


def storage_in_use(settings: Settings, parts: tuple[Part, ...] = _OF_EVERY_VERSION) -> Storage:
    """Return a storage that a service has made before; end the command where there is none.

    Raises what the database driver does where PostgreSQL cannot be reached.
    """
    if settings.data is not None:
        directory = settings.data.expanduser()
        if any(not (directory / f"{part}.db").exists() for part in parts):
            fail(
                said(
                    f"There is no service's data in {directory}. Name its directory with --data, or make one "
                    "with 'journey serve'.",
                    f"目录 {directory} 中没有服务数据。请用 --data 指定正确的目录，或先运行 journey serve。",
                )
            )
        return storage_of(settings)
    storage = storage_of(settings)
    engine = storage.engine(parts[0], writer=False)
    try:
        engine.connect().close()
    finally:
        engine.dispose()
    return storage


@contextmanager
def explained() -> Iterator[None]:
    """End the command with a message, and what to do next, where a database cannot be used."""
    try:
        yield
    except DataDirectoryInUse as error:
        fail(
            said(
                f"Process {error.holder} writes to {error.directory}, and only one may. Stop that process, "
                "or name another directory with --data.",
                f"目录 {error.directory} 正由进程 {error.holder} 写入，同一时间只允许一个进程写入。"
                "请先停止该进程，或用 --data 指定其他目录。",
            )
        )
    except (LogUnavailable, sa.exc.DBAPIError, psycopg.Error) as error:
        fail(_of_database(error))
    except UnreadableConfiguration as error:
        fail(
            said(
                f"{error.file} is not readable as TOML: {error.reason}",
                f"{error.file} 不是有效的 TOML 文件：{error.reason}",
            )
        )
    except MisfitConfiguration as error:
        fail(_of_configuration(error))
    except JourneyError as error:
        fail(f"{error}")
    except OSError as error:
        file, reason = error.filename or "", error.strerror or str(error)
        fail(
            said(
                f"Cannot use {file}: {reason}. Check that the path is right and may be written.",
                f"无法使用 {file}：{reason}。请检查路径是否正确、是否有写权限。",
            )
        )


def _of_configuration(error: MisfitConfiguration) -> str:
    """Name everything that is wrong with a file of arrangements, line by line."""
    from api.field_errors import field_errors  # noqa: PLC0415  # it loads the web framework, slowly

    faults = zip(error.lines, field_errors(error.invalid, ""), strict=True)
    return "\n".join(
        f"{error.file}:{line}: {fault.pointer.removeprefix('/').replace('/', '.')}: {said(*fault.detail)}"
        for line, fault in faults
    )


def _is_postgresql(url: str) -> bool:
    try:
        return sa.make_url(url).get_backend_name() in ("postgresql", "postgres")
    except (sa.exc.ArgumentError, ValueError):
        return False


def _said_of(error: Any) -> str:
    """Name the setting that is wrong, as the environment knows it, and why it is."""
    name = "_".join(("JOURNEY", *map(str, error["loc"]))).upper()
    match error.get("ctx", {}).get("error"):
        case ValueError(args=[Words() as words]):
            return f"{name}: {said(*words)}"
        case _:
            return f"{name}: {error['msg'].removeprefix('Value error, ')}"


def _of_database(error: Exception) -> str:
    original = getattr(error, "orig", None) or error.__cause__ or error
    cause = next(iter(str(original).strip().splitlines()), type(original).__name__)
    if isinstance(original, psycopg.errors.UndefinedTable | psycopg.errors.InvalidSchemaName):
        return said(
            "The database is not set up for this version. Run 'journey migrate' with the same --database.",
            "数据库尚未初始化到当前版本。请使用相同的 --database 运行 journey migrate。",
        )
    if isinstance(original, sqlite3.Error):
        return said(
            f"The files in the data directory cannot be used: {cause}. Check --data: its rights, its space.",
            f"数据目录中的文件无法使用：{cause}。请检查 --data 目录、读写权限和剩余空间。",
        )
    if isinstance(original, psycopg.Error) and not isinstance(original, psycopg.OperationalError):
        return said(
            f"The database refuses this: {cause}. Check the rights of the user that --database names.",
            f"数据库拒绝了该操作：{cause}。请检查 --database 中用户的权限。",
        )
    return said(
        f"The database cannot be reached: {cause}. Check --database and that PostgreSQL runs there.",
        f"无法连接数据库：{cause}。请检查 --database 是否正确、PostgreSQL 是否已启动。",
    )
