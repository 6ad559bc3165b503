"""What may be said of an error without quoting what a customer wrote."""

import traceback

import sqlalchemy as sa


def cause(error: Exception) -> str:
    """Name an error, as the database's driver names it where it comes from there."""
    told = error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig is not None else error
    code = getattr(told, "sqlstate", None) or getattr(told, "sqlite_errorname", None)
    return type(told).__name__ + (f" {code}" if code else "")


def trace(error: Exception) -> str:
    """Return where an error was raised; its message is left out: it may hold personal data."""
    return "".join(traceback.format_tb(error.__traceback__))
