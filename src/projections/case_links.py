"""Which improvements answer which cases, looked up from either side."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from journey.errors import ProjectionUnavailable
from journey.touchpoints.touchpoint import CaseKind
from journey.vocabulary import CASE_KINDS
from journey.words import Language
from projections import improvements, reading
from projections.case_progress import CASE_PROGRESS
from projections.improvements import IMPROVED_CASES, IMPROVEMENTS
from projections.names import state_name

IMPROVED: tuple[CaseKind, ...] = ("complaint", "survey")
"""The kinds of cases that improvements answer."""
_MANY = 1_000
"""More than that are not told at once."""


def improvements_of(connection: sa.Connection, case: str, language: Language) -> list[Mapping[str, Any]]:
    """Tell the improvements that answer a case, in the words that its customer may read."""
    build = _build(connection, "improvements")
    query = (
        sa.select(IMPROVEMENTS.c.state)
        .join_from(IMPROVED_CASES, IMPROVEMENTS, IMPROVEMENTS.c.number == IMPROVED_CASES.c.number)
        .where(
            IMPROVED_CASES.c.build == build,
            IMPROVEMENTS.c.build == build,
            IMPROVED_CASES.c.case_number == case,
        )
        .order_by(IMPROVED_CASES.c.number)
        .limit(_MANY)
    )
    found = [improvements.read(state) for state in connection.scalars(query)]
    return [{"number": each.number, **improvements.promised(each, language)} for each in found]


def cases_of(connection: sa.Connection, improvement: str, language: Language) -> list[Mapping[str, Any]]:
    """Tell the cases that an improvement comes from, as far as they are known here."""
    links, cases = _build(connection, "improvements"), _build(connection, "case_progress")
    columns = CASE_PROGRESS.c
    query = (
        sa.select(columns.kind, columns.number, columns.stream_id, columns.case_state, columns.opened_at)
        .join_from(IMPROVED_CASES, CASE_PROGRESS, columns.number == IMPROVED_CASES.c.case_number)
        .where(
            IMPROVED_CASES.c.build == links, columns.build == cases, IMPROVED_CASES.c.number == improvement
        )
        .order_by(columns.number, columns.kind)
        .limit(_MANY)
    )
    return [
        {
            "number": row["number"],
            "kind": row["kind"],
            "kind_name": CASE_KINDS[row["kind"]].in_language(language),
            "customer": row["stream_id"],
            "state": row["case_state"],
            "state_name": state_name(row["kind"], row["case_state"], language),
            "opened_at": row["opened_at"],
        }
        for row in connection.execute(query).mappings()
    ]


def _build(connection: sa.Connection, name: str) -> int:
    """Return the build that readers see; before there is one nothing is linked, and cases are told still."""
    try:
        return reading.freshness(connection, name).build
    except ProjectionUnavailable:
        return 0
