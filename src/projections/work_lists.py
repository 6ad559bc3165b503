"""Queries of work lists: open and closed cases of any kind, filtered, page by page, and counted by group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from journey.lifecycle import CASE_KINDS
from journey.touchpoints.touchpoint import CaseKind
from projections.case_words import Party
from projections.projection import Projection
from projections.work import NEVER

Order = Literal["number", "since", "due"]
"""By number; the longest in its state first; what is due first, and then what has no limit."""
Urgency = Literal["overdue", "soon", "urgent"]
"""Past its limit; its limit is about to come; either of both."""
Group = Literal["kind", "state", "team", "handler", "step", "channel", "category", "product"]
"""What cases are counted by."""

_OPEN = ("customer", "institution")
_GROUPS: dict[Group, str] = {"state": "case_state"}
_COLUMNS = (
    "number",
    "stream_id",
    "case_state",
    "turn",
    "team",
    "handler",
    "step",
    "channel",
    "product",
    "category",
    "opened_at",
    "since",
    "due_at",
    "warn_at",
    "escalated",
    "position",
)
APART: Mapping[CaseKind, str] = {"application": "review_progress", "improvement": "improvements"}
"""The projections whose rows are all of one kind; the other kinds share `SHARED`."""
SHARED = "case_progress"
_ORDERS: dict[Order, tuple[str, ...]] = {
    "number": ("number", "kind"),
    "since": ("since", "number", "kind"),
    "due": ("due_at", "number", "kind"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which cases are wanted; None wants all."""

    kind: CaseKind | None = None
    customer: str | None = None
    state: str | None = None
    turn: Party | None = None
    team: str | None = None
    handler: str | None = None
    step: str | None = None
    channel: str | None = None
    product: str | None = None
    category: str | None = None
    due: Urgency | None = None
    escalated: bool | None = None
    only_open: bool = False
    """Whether closed cases are left out where no filter names them: neither state nor turn nor customer."""

    @property
    def leaves_closed_out(self) -> bool:
        """Whether only open cases are wanted."""
        named = (self.state, self.turn, self.customer)
        return self.turn is None and (
            self.due is not None or (self.only_open and named == (None, None, None))
        )


class Source(NamedTuple):
    """The rows of a projection that have a place on work lists."""

    table: sa.Table
    build: int
    kind: CaseKind | None
    """The kind of all rows; None where each names its own."""


def source(projection: Projection[Any], build: int) -> Source:
    """Return the rows of a build of a projection."""
    kinds = {name: kind for kind, name in APART.items()}
    return Source(projection.table, build, kinds.get(projection.name))


def place(order: Order) -> tuple[str, ...]:
    """Name the columns that a list is ordered by: together they are another for each case."""
    return _ORDERS[order]


def conditions(table: sa.Table, build: int, filters: Filters, now: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions for the rows of a build; `now` is the moment of asking, as UTC text."""
    columns = table.c
    equal: list[tuple[sa.Column[Any], Any]] = [
        (columns.stream_id, filters.customer),
        (columns.case_state, filters.state),
        (columns.turn, filters.turn),
        (columns.team, filters.team),
        (columns.handler, filters.handler),
        (columns.step, filters.step),
        (columns.channel, filters.channel),
        (columns.product, filters.product),
        (columns.category, filters.category),
        (columns.escalated, None if filters.escalated is None else int(filters.escalated)),
    ]
    found = [columns.build == build, *(column == value for column, value in equal if value is not None)]
    if filters.leaves_closed_out:
        found.append(columns.turn.in_(_OPEN))
    if filters.due is not None:
        if filters.due == "overdue":
            found.append(columns.due_at < now)
        else:
            found += [columns.due_at < NEVER, columns.warn_at <= now]
        if filters.due == "soon":
            found.append(columns.due_at >= now)
    return found


def page(  # noqa: PLR0917  # what is listed, and where it begins and ends
    connection: sa.Connection,
    sources: Sequence[Source],
    filters: Filters,
    order: Order,
    after: Sequence[str] | None,
    limit: int,
    now: str,
) -> Sequence[sa.RowMapping]:
    """Return at most `limit` cases after a place of the order.

    The order is total and holds nothing that changes with the moment of asking: a page begins exactly where
    the one before it ended, whatever was inserted meanwhile.
    """
    listed = _listed(sources, filters, now)
    by = [listed.c[name] for name in place(order)]
    query = sa.select(listed).order_by(*by).limit(limit)
    if after is not None:
        query = query.where(sa.tuple_(*by) > sa.tuple_(*after))
    return connection.execute(query).mappings().all()


def counts(
    connection: sa.Connection, sources: Sequence[Source], filters: Filters, group: Group, now: str
) -> Sequence[sa.RowMapping]:
    """Count open cases by group and kind: all, those past their limit, those close to it, and the oldest.

    The groups come with the fullest first.
    """
    listed = _listed(sources, filters, now, only_open=filters.turn is None)
    by = listed.c[_GROUPS.get(group, group)]
    overdue = listed.c.due_at < now
    soon = sa.and_(listed.c.due_at < NEVER, listed.c.warn_at <= now, listed.c.due_at >= now)
    query = (
        sa.select(
            listed.c.kind,
            by.label("value"),
            sa.func.count().label("open"),
            sa.func.sum(sa.case((overdue, 1), else_=0)).label("overdue"),
            sa.func.sum(sa.case((soon, 1), else_=0)).label("soon"),
            sa.func.sum(listed.c.escalated).label("escalated"),
            sa.func.min(listed.c.since).label("oldest_since"),
        )
        .group_by(listed.c.kind, by)
        .order_by(sa.desc("open"), listed.c.kind, by)
    )
    return connection.execute(query).mappings().all()


def _listed(sources: Sequence[Source], filters: Filters, now: str, *, only_open: bool = False) -> sa.Subquery:
    parts = []
    for each in sources:
        kind = each.table.c.kind if each.kind is None else sa.literal(each.kind, sa.Text)
        query = sa.select(kind.label("kind"), *(each.table.c[name] for name in _COLUMNS)).where(
            *conditions(each.table, each.build, filters, now)
        )
        if filters.kind is not None:
            query = query.where(kind == filters.kind)
        elif each.kind is None:
            # All of them: the indexes begin with the kind.
            query = query.where(kind.in_(CASE_KINDS))
        if only_open:
            query = query.where(each.table.c.turn.in_(_OPEN))
        parts.append(query)
    return (parts[0] if len(parts) == 1 else sa.union_all(*parts)).subquery()
