"""Whether an event is to blame for an error."""

import sqlite3

import sqlalchemy as sa

from journey.errors import LogUnavailable

# PostgreSQL's classes of errors that one row's values can cause: cardinality, data, constraints, limits.
_OF_VALUES = frozenset({"21", "22", "23", "54"})


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
