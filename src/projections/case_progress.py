"""Consultations, complaints, tickets and surveys: one row a case, with its place on work lists."""

from datetime import datetime
from functools import lru_cache

import orjson
import sqlalchemy as sa
from pydantic import TypeAdapter

from journey.events import RecordedEvent
from journey.processes import Processes
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import Audience, CaseKind
from journey.words import Language
from projections import case_status
from projections.case import Case, evolve
from projections.case_facts import HANDLED
from projections.customer import customer_of
from projections.metadata import METADATA, KeyText
from projections.moments import in_utc
from projections.projection import Projection, Row
from projections.work import Due, Work, due, work_columns, work_indexes, work_row

CASE_PROGRESS = sa.Table(
    "case_progress",
    METADATA,
    sa.Column("build", sa.Integer, primary_key=True),
    sa.Column(
        "key", KeyText, primary_key=True, comment="kind and number: a channel's own may serve two kinds"
    ),
    sa.Column("stream_id", KeyText, nullable=False),
    sa.Column("kind", KeyText, nullable=False),
    sa.Column("number", KeyText, nullable=False),
    sa.Column("case_state", KeyText, comment="the state in the lifecycle of its kind"),
    *work_columns(),
    sa.Column("about", KeyText, comment="the number of the case that this one is about"),
    sa.Column("csat", sa.Integer, comment="1 to 5, which is best"),
    sa.Column("nps", sa.Integer, comment="0 to 10, which is best"),
    sa.Column("ces", sa.Integer, comment="1 to 7, which is hardest"),
    sa.Column("waited_ms", sa.BigInteger, comment="until somebody took the question up"),
    sa.Column("first_contact", sa.Integer, comment="1: solved by the first contact"),
    sa.Column("satisfied", sa.Integer, comment="1: the customer confirmed a complaint's answer as good"),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False, comment="the fields in their order, as JSON"),
    sa.Index("case_progress_of_customer", "build", "stream_id", "kind", "number"),
    sa.Index("case_progress_in_state", "build", "kind", "case_state", "since", "number"),
    sa.Index("case_progress_due", "build", "kind", "turn", "due_at", "number"),
    *work_indexes("case_progress"),
)

_STATE = TypeAdapter(Case)
_ESCALATED = "escalated_to"

# How many answers are kept ready in each process: of those whom many follow, some megabytes.
_READY = 2_000


def key(kind: CaseKind, number: str) -> str:
    """Return the key of a case's row."""
    return f"{kind}/{number}"


def key_of(event: RecordedEvent) -> str | None:
    """Return the row of the case that an event is about."""
    if event.case is None or customer_of(event) is None:
        return None
    kind = TOUCHPOINTS[event.type].case
    return None if kind is None else key(kind, event.case)


def to_row(case: Case) -> Row:
    """Write the row of a case."""
    return {
        "key": key(case.kind, case.number),
        "stream_id": case.customer,
        "kind": case.kind,
        "number": case.number,
        "case_state": case.state,
        **work_row(work_of(case)),
        **_figures(case),
        "position": case.position,
        "state": orjson.dumps(tuple(case), default=tuple).decode(),
    }


def from_row(row: Row) -> Case:
    """Read the case that a row was written from."""
    return _STATE.validate_json(row["state"])


def work_of(case: Case) -> Work:
    """Return the place of a case on work lists."""
    facts = case.facts
    return Work(
        turn=case_status.turn_of(case),
        team=facts.get("team"),
        handler=facts.get("handler"),
        step=None,
        channel=case.channel,
        product=facts.get("product"),
        category=facts.get("category") or facts.get("class") or facts.get("form"),
        opened_at=case.opened_at,
        since=case.since,
        due=_due(case),
        escalated=_ESCALATED in facts,
    )


def _figures(case: Case) -> Row:
    """Return what the case is measured by."""
    facts = case.facts
    # Whom an article helped has talked to nobody, and has no outcome.
    was_taken_up = case.state == "talking" or "outcome" in facts
    return {
        "about": facts.get("about"),
        "csat": facts.get("csat"),
        "nps": facts.get("nps"),
        "ces": facts.get("ces"),
        "waited_ms": round(case.waited_s * 1_000) if was_taken_up else None,
        **{name: int(facts[name]) if name in facts else None for name in ("first_contact", "satisfied")},
    }


def _due(case: Case) -> Due:
    if case.limit is None:
        return Due()
    due_at, warn_at = map(in_utc, case.limit)
    if due_at is not None and warn_at is not None:
        return Due(due_at, warn_at)
    return due(datetime.fromisoformat(case.opened_at), datetime.fromisoformat(case.limit.due_at))


# The text tells all that an answer depends upon, so an answer kept ready is never an old one.
@lru_cache(maxsize=_READY)
def answer(state: str, language: Language, audience: Audience) -> bytes:
    """Say how a case stands, as the read API answers."""
    return orjson.dumps(case_status.answer(_STATE.validate_json(state), language, audience))


def projection(processes: Processes) -> Projection[Case]:
    """Return the projection, which knows limits by the rule sets that complaints carry."""
    return Projection(
        name="case_progress",
        version=3,
        table=CASE_PROGRESS,
        key="key",
        handles=HANDLED,
        key_of=key_of,
        evolve=lambda case, event: evolve(case, event, processes.rules),
        to_row=to_row,
        from_row=from_row,
        answer=answer,
    )
