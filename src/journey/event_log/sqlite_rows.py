"""Statements about many rows of a SQLite table at once.

`executemany` runs its statement row by row, and lets other threads have the interpreter each time.
"""

from collections.abc import Collection, Sequence
from functools import cache
from itertools import chain
from typing import Any, Protocol, TypeVar

MOST = 64
"""How many rows one statement inserts at most."""
STATEMENTS = 4 * MOST
"""How many statements a connection keeps compiled: one for each number of rows of three tables, and more."""


_T = TypeVar("_T")


class _Executing(Protocol):
    """A connection, or a cursor of the library."""

    def execute(self, statement: str, values: Sequence[Any], /) -> object:
        """Run a statement."""


def insert_rows(connection: _Executing, table: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows into a table, which is named with its columns; where one is refused, some may be in it."""
    for some in chunks(rows, MOST):
        connection.execute(_statement(table, len(some), len(some[0])), [*chain.from_iterable(some)])


@cache
def _statement(table: str, rows: int, columns: int) -> str:
    # Whoever inserts rolls the whole transaction back where a row is refused. Without OR FAIL, SQLite keeps a
    # journal of each statement besides, in a file that is made for it, to take back that statement's rows.
    return f"INSERT OR FAIL INTO {table} VALUES {marks(rows, columns)}"  # noqa: S608  # our names, and marks


def chunks(items: Collection[_T], most: int) -> list[list[_T]]:
    """Return the items in their order, in lists of so many at most."""
    listed = list(items)
    return [listed[start : start + most] for start in range(0, len(listed), most)]


def marks(rows: int, columns: int) -> str:
    """Return the marks of values in a statement, row by row."""
    return ",".join([f"({','.join('?' * columns)})"] * rows)
