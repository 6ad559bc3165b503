"""What work lists know of a case of any kind: the columns that they filter and order by."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from projections.case_words import Party
from projections.metadata import KeyText
from projections.moments import utc_text
from projections.projection import Row

NEVER = "9999-12-31T23:59:59.999999Z"
"""When a case is due that has no limit: the last instant of the calendar, so that nothing is asked twice."""

_WARNED = 5
"""The last fifth of a time is when its end is about to come, where no rule says when to warn."""


class Due(NamedTuple):
    """The limit that runs for whoever holds the ball; instants in UTC."""

    due_at: str = NEVER
    warn_at: str = NEVER
    """From when on the end is about to come."""


class Work(NamedTuple):
    """The place of one case on work lists."""

    turn: Party
    """Who holds the ball; nobody where the case is closed."""
    team: str | None
    handler: str | None
    step: str | None
    """The step of the process that runs."""
    channel: str | None
    product: str | None
    category: str | None
    opened_at: str
    since: str
    due: Due = Due()
    escalated: bool = False


def due(begun_at: datetime, due_at: datetime) -> Due:
    """Return a limit that began at a moment, with its last part as the time to warn."""
    try:
        warn_at = max(begun_at, due_at - (due_at - begun_at) / _WARNED)
    except OverflowError:  # a time zone may put one of them outside the calendar
        warn_at = due_at
    return Due(utc_text(due_at), min(utc_text(warn_at), utc_text(due_at)))


def due_after(begun_at: datetime, duration: timedelta) -> Due:
    """Return the limit of what may take a time."""
    try:
        return due(begun_at, begun_at + duration)
    except OverflowError:  # the last years of the calendar leave no room for it
        return Due()


def work_columns() -> list[sa.Column[str] | sa.Column[int] | sa.Column[str | None]]:
    """Return new columns for the place on work lists."""
    return [
        sa.Column("turn", KeyText, nullable=False, comment="who holds the ball; nobody where it is closed"),
        sa.Column("team", KeyText),
        sa.Column("handler", KeyText),
        sa.Column("step", KeyText),
        sa.Column("channel", KeyText),
        sa.Column("product", KeyText),
        sa.Column("category", KeyText),
        sa.Column("opened_at", KeyText, nullable=False),
        sa.Column("since", KeyText, nullable=False, comment="when the present state began"),
        sa.Column("due_at", KeyText, nullable=False),
        sa.Column("warn_at", KeyText, nullable=False),
        sa.Column("escalated", sa.Integer, nullable=False),
    ]


def work_indexes(table: str) -> list[sa.Index]:
    """Return new indexes for the lists of a handler and of a team.

    Cases that have none are left out: an entry is paid for with each change of its case.
    """
    return [
        sa.Index(
            f"{table}_of_{column}", "build", column, "due_at", "number", **_where(f"{column} IS NOT NULL")
        )
        for column in ("handler", "team")
    ]


def _where(condition: str) -> dict[str, Any]:
    return {f"{dialect}_where": sa.text(condition) for dialect in ("sqlite", "postgresql")}


def work_row(work: Work) -> Row:
    """Write the columns of a place on work lists."""
    row = {**work._asdict(), **work.due._asdict(), "escalated": int(work.escalated)}
    del row["due"]
    return row
