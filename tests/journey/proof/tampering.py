"""What somebody does who has every right on the database, and none on the key that signs."""

import sqlite3
from contextlib import closing
from typing import Any

import psycopg

from journey.settings import Settings
from journey.storage import storage_of


def tamper(settings: Settings, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements that the triggers would refuse, and commit them; return the rows of the last.

    `{position}` stands for the column of positions, and `{flip}` for a function that changes the first bit of
    a byte of a value.
    """
    if settings.database is None:
        return _in_file(settings, statements)
    names = {"position": "notification_id", "flip": "pg_temp.flip"}
    with psycopg.connect(settings.database) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "CREATE FUNCTION pg_temp.flip(b bytea, i int) RETURNS bytea "
            "RETURN set_byte(b, i, get_byte(b, i) # 1)"
        )
        for statement in statements:
            cursor = connection.execute(statement.format(**names).encode())
        return cursor.fetchall() if cursor.description else []


def put(settings: Settings, column: str, values: dict[int, bytes]) -> None:
    """Put other bytes in place of the ones that are stored, by position."""
    text = column in {"topic", "originator_id"}
    if settings.database is None:
        form = "CAST(x'{0}' AS TEXT)" if text else "x'{0}'"
    else:
        form = "convert_from('\\x{0}', 'UTF8')" if text else "'\\x{0}'::bytea"
    tamper(
        settings,
        *(
            f"UPDATE stored_events SET {column} = {form.format(value.hex())} WHERE {{position}} = {position}"  # noqa: S608  # our own values
            for position, value in values.items()
        ),
    )


def _in_file(settings: Settings, statements: tuple[str, ...]) -> list[tuple[Any, ...]]:
    names = {"position": "rowid", "flip": "flip"}
    with closing(sqlite3.connect(storage_of(settings).file("log"))) as file, file:
        file.create_function("flip", 2, _flip)
        triggers = file.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            file.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            rows = file.execute(statement.format(**names)).fetchall()
        for _, written in triggers:
            file.execute(written)
        return rows


def _flip(value: bytes, place: int) -> bytes:
    return value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
