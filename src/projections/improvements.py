"""Improvements: one row each with its place on work lists, and one for each case that it answers."""

from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa
from pydantic import TypeAdapter

from journey.improvements import number_of, stream_of
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import Audience
from journey.vocabulary import STAGES
from journey.words import Language
from projections.effect_measures import NAMES
from projections.improvement import Improvement, evolve, turn_of, work_of
from projections.metadata import METADATA, KeyText
from projections.names import channel_name, state_name
from projections.projection import Archive, Key, Projection, Row
from projections.work import work_columns, work_row

IMPROVEMENTS = sa.Table(
    "improvements",
    METADATA,
    sa.Column("build", sa.Integer, primary_key=True),
    sa.Column("number", KeyText, primary_key=True),
    sa.Column("stream_id", KeyText, nullable=False),
    sa.Column("case_state", KeyText, comment="the state in the lifecycle"),
    *work_columns(),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False, comment="the fields in their order, as JSON"),
    sa.Index("improvements_due", "build", "turn", "due_at", "number"),
)
IMPROVED_CASES = sa.Table(
    "improved_cases",
    METADATA,
    sa.Column("build", sa.Integer, primary_key=True),
    sa.Column("key", KeyText, primary_key=True, comment="case and improvement"),
    sa.Column("stream_id", KeyText, nullable=False),
    sa.Column("case_number", KeyText, nullable=False),
    sa.Column("number", KeyText, nullable=False, comment="the improvement that answers the case"),
    sa.Index("improved_cases_of_case", "build", "case_number", "number"),
    sa.Index("improved_cases_of_improvement", "build", "number", "case_number"),
)

_HANDLED = frozenset(type_ for type_, each in TOUCHPOINTS.items() if each.case == "improvement")
_STATE = TypeAdapter(Improvement)


def answer(state: str, language: Language, audience: Audience) -> bytes:
    """Say how an improvement stands, as the read API answers."""
    improvement = read(state)
    told = {
        "number": improvement.number,
        **promised(improvement, language),
        "area": area(improvement, language),
        "turn": turn_of(improvement),
        "opened_at": improvement.opened_at,
        "updated_at": improvement.updated_at,
        "since": improvement.since,
        "answers": improvement.answers,
        "steps": [
            {
                "type": step.type,
                "title": TOUCHPOINTS[step.type].title.in_language(language),
                "says": step.says.in_language(language),
                "at": step.at,
            }
            for step in improvement.steps
        ],
        "figures": [
            {**figure._asdict(), "name": _measure_name(figure.measure, language)}
            for figure in improvement.figures
        ],
        "conclusion": improvement.conclusion,
        "deviations": improvement.deviations,
        "version": improvement.version,
        "position": improvement.position,
    }
    if audience == "customer":
        # The cases are those of others as well.
        del told["answers"], told["deviations"]
    return orjson.dumps(told)


def promised(improvement: Improvement, language: Language) -> dict[str, Any]:
    """Say what is promised, and how far it has come: what anybody may be told."""
    return {
        "state": improvement.state,
        "state_name": state_name("improvement", improvement.state, language),
        "plan": improvement.plan,
        "expected_by": improvement.expected_by,
        "expected_effect": improvement.expected_effect,
    }


def area(improvement: Improvement, language: Language) -> dict[str, Any]:
    """Say where an improvement is felt."""
    stage = improvement.stage
    return {
        "stage": stage,
        "stage_name": STAGES[stage].in_language(language) if stage else None,
        "channel": improvement.channel,
        "channel_name": channel_name(improvement.channel, language),
        "product": improvement.product,
    }


def find(connection: sa.Connection, build: int, number: str) -> Improvement | None:
    """Return an improvement of a build; None where there is none."""
    columns = IMPROVEMENTS.c
    query = sa.select(columns.state).where(columns.build == build, columns.number == number)
    state = connection.scalar(query)
    return None if state is None else read(state)


def _measure_name(code: str, language: Language) -> str:
    """Name a measure; one of the institution's own goes by its code."""
    words = NAMES.get(code)
    return words.in_language(language) if words else code


def read(state: str) -> Improvement:
    """Read the improvement that the column `state` of a row holds."""
    return _STATE.validate_json(state)


def _to_row(improvement: Improvement) -> Row:
    return {
        "number": improvement.number,
        "stream_id": stream_of(improvement.number),
        "case_state": improvement.state,
        **work_row(work_of(improvement)),
        "position": improvement.position,
        "state": orjson.dumps(tuple(_put_away(improvement)), default=tuple).decode(),
    }


def _links(improvement: Improvement) -> Mapping[Key, Row | None]:
    return {
        f"{case}|{improvement.number}": {
            "key": f"{case}|{improvement.number}",
            "stream_id": stream_of(improvement.number),
            "case_number": case,
            "number": improvement.number,
        }
        for case in improvement.links
    }


def _put_away(improvement: Improvement) -> Improvement:
    return improvement._replace(links=()) if improvement.links else improvement


PROJECTION = Projection(
    name="improvements",
    version=2,
    table=IMPROVEMENTS,
    key="number",
    handles=_HANDLED,
    key_of=lambda event: number_of(event.stream_id),
    evolve=lambda improvement, event: evolve(improvement, event, number_of(event.stream_id) or ""),
    to_row=_to_row,
    from_row=lambda row: read(row["state"]),
    archive=Archive(
        table=IMPROVED_CASES,
        key="key",
        needed=lambda _, __: None,
        with_row=lambda improvement, _: improvement,
        rows_of=_links,
        put_away=_put_away,
    ),
    answer=answer,
)
"""The projection; the archive holds what it answers, by case."""
