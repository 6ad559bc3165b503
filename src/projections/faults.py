"""What may be said of an error without quoting what a customer wrote, and whether an event is to blame."""

import sqlite3
import traceback

import sqlalchemy as sa

from journey.errors import LogUnavailable

# PostgreSQL's classes of errors that one row's values can cause: cardinality, data, constraints, limits.
_OF_VALUES = frozenset({"21", "22", "23", "54"})


def cause(error: Exception) -> str:
    """Name an error, as the database's driver names it where it comes from there."""
    told = error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig is not None else error
    code = getattr(told, "sqlstate", None) or getattr(told, "sqlite_errorname", None)
    return type(told).__name__ + (f" {code}" if code else "")


def trace(error: Exception) -> str:
    """Return where an error was raised; its message is left out: it may hold personal data."""
    return "".join(traceback.format_tb(error.__traceback__))


def is_of_values(error: Exception) -> bool:
    """Tell whether what an event holds can be the cause, rather than the state of the database or machine."""
    if isinstance(error, sa.exc.DBAPIError):
        if error.connection_invalidated:
            return False
        state = getattr(error.orig, "sqlstate", None)
        if state is not None:
            return state[:2] in _OF_VALUES
        # Without a state it is the driver's own judgement of values that cannot be bound, unless it speaks
        # of the connection: an `OperationalError`, or psycopg's `InterfaceError`.
        of_values = (sa.exc.DataError, sa.exc.IntegrityError, sa.exc.ProgrammingError)
        return isinstance(error, of_values) or isinstance(error.orig, sqlite3.InterfaceError)
    if isinstance(error, sa.exc.SQLAlchemyError):
        return isinstance(error, sa.exc.StatementError)
    return not isinstance(error, LogUnavailable | MemoryError | OSError)
