"""What the cases of an area are measured by, counted in the database: before and after, in one statement."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from journey.lifecycle import STATES
from journey.touchpoints.touchpoint import CaseKind, Stage
from projections.case_progress import CASE_PROGRESS
from projections.review_progress import REVIEW_PROGRESS

Side = Literal["before", "after"]
SIDES: tuple[Side, ...] = ("before", "after")
Timed = Literal["waited_ms", "decided_ms"]
"""The columns that hold times, which are told by quantiles."""


class Period(NamedTuple):
    """A span of time: UTC texts, the end not in it."""

    start: str
    end: str


class Area(NamedTuple):
    """Which cases are meant; None means any."""

    stage: Stage | None
    channel: str | None
    product: str | None


class Builds(NamedTuple):
    """Which rows are read."""

    cases: int
    applications: int


KINDS: Mapping[Stage | None, tuple[CaseKind, ...]] = {
    None: ("consultation", "application", "complaint", "ticket", "survey"),
    "consultation": ("consultation",),
    "application": ("application",),
    "review": ("application",),
    "delivery": ("application",),
    "complaint": ("complaint",),
    "service": ("ticket",),
    "feedback": ("survey",),
}
"""The kinds of cases by which a stage is measured; of the stages that are missing nothing is measured."""
_ABOUT: tuple[CaseKind, ...] = ("complaint", "survey")
"""The kinds that may be about another case, and belong where that one belongs."""
_SHARED: tuple[CaseKind, ...] = ("consultation", "complaint", "ticket", "survey")
_GOOD, _PROMOTER, _DETRACTOR = 4, 9, 6
"""Who counts as satisfied of 5, and as promoter or detractor of 10."""
_MEASURED = (
    "about",
    "csat",
    "nps",
    "ces",
    "waited_ms",
    "first_contact",
    "satisfied",
    "decided_ms",
    "on_time",
)
_PLACE = ("stream_id", "number", "case_state", "channel", "product", "opened_at")


def counted(
    connection: sa.Connection, builds: Builds, area: Area, periods: Mapping[Side, Period]
) -> Mapping[Side, Mapping[str, int]]:
    """Count the cases of an area in each period, with sums of their scores."""
    found = _found(builds, area, periods)
    sums = _sums(found)
    query = sa.select(found.c.side, *sums).group_by(found.c.side)
    rows = {row["side"]: row for row in connection.execute(query).mappings()}
    nothing = {column.name: 0 for column in sums}
    return {
        side: {name: int(rows[side][name] or 0) for name in nothing} if side in rows else nothing
        for side in periods
    }


def values_at(  # noqa: PLR0917  # where, and of what
    connection: sa.Connection,
    builds: Builds,
    area: Area,
    periods: Mapping[Side, Period],
    name: Timed,
    wanted: Collection[tuple[Side, int]],
) -> Mapping[tuple[Side, int], int]:
    """Return the values of a column that stand at the wanted ranks of each period, counted from 1."""
    if not wanted:
        return {}
    found = _found(builds, area, periods)
    value = found.c[name].label("value")
    rank = sa.func.row_number().over(partition_by=found.c.side, order_by=value).label("rank")
    ordered = sa.select(found.c.side, value, rank).where(value.is_not(None)).subquery()
    query = sa.select(ordered).where(sa.tuple_(ordered.c.side, ordered.c.rank).in_(sorted(wanted)))
    return {(row.side, row.rank): int(row.value) for row in connection.execute(query)}


def _found(builds: Builds, area: Area, periods: Mapping[Side, Period]) -> sa.Subquery:
    """Return the cases of an area that belong to one of the periods, each with its side.

    A complaint or survey belongs to an area if it, or the case that it is about, does; a survey counts with
    the case that it is about.
    """
    kinds = KINDS[area.stage]
    since = min(period.start for period in periods.values())
    case = _cases(builds, {*kinds, *_ABOUT}, since)
    about, application = CASE_PROGRESS.alias("about"), REVIEW_PROGRESS.alias("application")
    # A channel's own number may serve two kinds of a customer's cases: one of them is taken.
    kind = (
        sa.select(sa.func.min(CASE_PROGRESS.c.kind))
        .where(
            CASE_PROGRESS.c.build == builds.cases,
            CASE_PROGRESS.c.stream_id == case.c.stream_id,
            CASE_PROGRESS.c.kind.in_(_SHARED),
            CASE_PROGRESS.c.number == case.c.about,
        )
        .scalar_subquery()
    )
    joined = case.outerjoin(
        about,
        sa.and_(
            about.c.build == builds.cases,
            about.c.stream_id == case.c.stream_id,
            about.c.kind == kind,
            about.c.number == case.c.about,
        ),
    ).outerjoin(
        application,
        sa.and_(
            application.c.build == builds.applications,
            application.c.number == case.c.about,
            application.c.stream_id == case.c.stream_id,
        ),
    )
    is_survey = case.c.kind == "survey"
    told = sa.or_(about.c.key.is_not(None), application.c.number.is_not(None))
    moment = sa.case(
        (is_survey, sa.func.coalesce(about.c.opened_at, application.c.opened_at, case.c.opened_at)),
        else_=case.c.opened_at,
    )
    within = sa.or_(
        sa.and_(
            sa.or_(~is_survey, ~told, sa.literal(area.stage == "feedback")),
            _is_in(area, kinds, case, case.c.kind),
        ),
        sa.and_(about.c.key.is_not(None), _is_in(area, kinds, about, about.c.kind)),
        sa.and_(application.c.number.is_not(None), _is_in(area, kinds, application, "application")),
    )
    sides = [
        (sa.and_(moment >= each.start, moment < each.end), sa.literal(side, sa.Text))
        for side, each in periods.items()
    ]
    side = sa.case(*sides, else_=None).label("side")
    every = sa.select(case, side).select_from(joined).where(within).subquery()
    return sa.select(every).where(every.c.side.is_not(None)).subquery()


def _cases(builds: Builds, kinds: set[CaseKind], since: str) -> sa.Subquery:
    """Return the cases that have moved since a moment: whatever was opened since then has."""
    shared, alone = CASE_PROGRESS.c, REVIEW_PROGRESS.c
    of_shared = sorted(kinds.intersection(_SHARED))
    states = sorted({state for kind in of_shared for state in STATES[kind]})
    parts = [
        sa.select(shared.kind, *(shared[name] for name in _PLACE), *_columns(CASE_PROGRESS)).where(
            shared.build == builds.cases,
            shared.kind.in_(of_shared),
            # All of them: the index goes on with the state.
            shared.case_state.in_(states),
            shared.since >= since,
        )
    ]
    if "application" in kinds:
        parts.append(
            sa.select(
                sa.literal("application", sa.Text).label("kind"),
                *(alone[name] for name in _PLACE),
                *_columns(REVIEW_PROGRESS),
            ).where(
                alone.build == builds.applications,
                alone.case_state.in_(STATES["application"]),
                alone.since >= since,
            )
        )
    return sa.union_all(*parts).subquery()


def _columns(table: sa.Table) -> list[sa.ColumnElement[Any]]:
    return [
        table.c[name] if name in table.c else sa.cast(sa.null(), _type(name)).label(name)
        for name in _MEASURED
    ]


def _type(name: str) -> Any:
    table = CASE_PROGRESS if name in CASE_PROGRESS.c else REVIEW_PROGRESS
    return table.c[name].type


def _is_in(area: Area, kinds: Sequence[CaseKind], rows: Any, kind: Any) -> sa.ColumnElement[bool]:
    """Tell whether rows belong to an area themselves."""
    within: list[sa.ColumnElement[bool]] = []
    if area.stage is not None:
        of_kind = sa.literal(kind in kinds) if isinstance(kind, str) else kind.in_(kinds)
        within.append(of_kind)
    within += [
        rows.c[name] == wanted
        for name, wanted in (("channel", area.channel), ("product", area.product))
        if wanted is not None
    ]
    return sa.and_(sa.true(), *within)


def _sums(cases: sa.Subquery) -> list[sa.Label[Any]]:
    """Return what is counted of cases, by name."""
    c = cases.c
    consultation, application = c.kind == "consultation", c.kind == "application"
    survey, complaint = c.kind == "survey", c.kind == "complaint"

    def of(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
        return sa.func.sum(sa.case((condition, 1), else_=0))

    sums: dict[str, sa.ColumnElement[Any]] = {
        "surveys": of(survey),
        "csat": sa.func.count(c.csat),
        "csat_good": of(c.csat >= _GOOD),
        "nps": sa.func.count(c.nps),
        "nps_promoters": of(c.nps >= _PROMOTER),
        "nps_detractors": of(c.nps <= _DETRACTOR),
        "ces": sa.func.count(c.ces),
        "ces_sum": sa.func.sum(c.ces),
        "ces_squares": sa.func.sum(c.ces * c.ces),
        "consultations": of(consultation),
        "consultations_left_or_served": of(sa.and_(consultation, c.case_state != "waiting")),
        "consultations_left": of(sa.and_(consultation, c.case_state == "abandoned")),
        "waited_ms": sa.func.count(c.waited_ms),
        "contacts": of(c.kind.in_(("consultation", "ticket"))),
        "contacts_told": sa.func.count(c.first_contact),
        "contacts_first": sa.func.sum(c.first_contact),
        "complaints": of(complaint),
        "complaints_confirmed": sa.func.count(c.satisfied),
        "complaints_satisfied": sa.func.sum(c.satisfied),
        "applications": of(application),
        "decided_ms": sa.func.count(c.decided_ms),
        "deliveries": sa.func.count(c.on_time),
        "deliveries_on_time": sa.func.sum(c.on_time),
    }
    return [sa.cast(column, sa.BigInteger).label(name) for name, column in sums.items()]
