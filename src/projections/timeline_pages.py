"""Queries of the timeline: one customer's journey, filtered, page by page, as of any moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from journey.touchpoints import STAFF_ONLY, TOUCHPOINTS
from journey.touchpoints.touchpoint import Audience
from projections.reading import Freshness
from projections.timeline import TIMELINE

Place = tuple[str, int]
"""Where an item stands: when it happened, then its position; both as the table has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which items are wanted; None wants all. Moments are UTC text as the table has them."""

    stage: str | None = None
    type: str | None = None
    channel: str | None = None
    case: str | None = None
    since: str | None = None
    until: str | None = None
    as_of: str | None = None
    """Only what had happened by then."""
    as_known_at: str | None = None
    """Only what had been recorded by then."""
    audience: Audience = "staff"
    """Only what is told to them."""


def page(  # noqa: PLR0917  # whose page, of what, and where it begins and ends
    connection: sa.Connection,
    fresh: Freshness,
    stream_id: str,
    filters: Filters,
    after: Place | None,
    limit: int,
) -> Sequence[sa.RowMapping]:
    """Return at most `limit` items after a place, in the order in which they happened.

    An event that came late stands where it happened. The order is total, so a page begins exactly where the
    one before it ended, whatever was inserted meanwhile.
    """
    query = (
        sa.select(TIMELINE)
        .where(TIMELINE.c.build == fresh.build, TIMELINE.c.stream_id == stream_id, *_conditions(filters))
        .order_by(TIMELINE.c.occurred_at, TIMELINE.c.position)
        .limit(limit)
    )
    if after is not None:
        query = query.where(sa.tuple_(TIMELINE.c.occurred_at, TIMELINE.c.position) > sa.tuple_(*after))
    return connection.execute(query).mappings().all()


def news(  # noqa: PLR0917  # whose news, for whom, and where they begin and end
    connection: sa.Connection,
    fresh: Freshness,
    stream_id: str,
    audience: Audience,
    after_position: int,
    limit: int,
) -> Sequence[sa.RowMapping]:
    """Return items with a position greater than `after_position`, in the order of their recording."""
    query = (
        sa.select(TIMELINE)
        .where(
            TIMELINE.c.build == fresh.build,
            TIMELINE.c.stream_id == stream_id,
            TIMELINE.c.position > after_position,
            *_told_to(audience),
        )
        .order_by(TIMELINE.c.position)
        .limit(limit)
    )
    return connection.execute(query).mappings().all()


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    columns = TIMELINE.c
    equal: list[tuple[sa.Column[Any], Any]] = [
        (columns.type, filters.type),
        (columns.channel, filters.channel),
        (columns.case_number, filters.case),
    ]
    conditions = [column == value for column, value in equal if value is not None]
    conditions += _told_to(filters.audience)
    if filters.stage is not None:
        types = [name for name, declared in TOUCHPOINTS.items() if declared.stage == filters.stage]
        conditions.append(columns.type.in_(types))
    if filters.since is not None:
        conditions.append(columns.occurred_at >= filters.since)
    if filters.until is not None:
        conditions.append(columns.occurred_at < filters.until)
    if filters.as_of is not None:
        conditions.append(columns.occurred_at <= filters.as_of)
    if filters.as_known_at is not None:
        conditions.append(columns.recorded_at <= filters.as_known_at)
    return conditions


def _told_to(audience: Audience) -> list[sa.ColumnElement[bool]]:
    return [TIMELINE.c.type.not_in(STAFF_ONLY)] if audience == "customer" else []
