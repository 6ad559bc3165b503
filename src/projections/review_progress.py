"""The progress of each application: its status, ready to be answered."""

from typing import get_args

import orjson
import sqlalchemy as sa
from pydantic import TypeAdapter

from journey.events import RecordedEvent
from journey.processes import Processes
from projections.application import Application
from projections.application_changes import ProgressTouchpoint, evolve
from projections.application_status import answer
from projections.customer import customer_of
from projections.metadata import METADATA, KeyText
from projections.projection import Projection, Row

REVIEW_PROGRESS = sa.Table(
    "review_progress",
    METADATA,
    sa.Column("build", sa.Integer, primary_key=True),
    sa.Column("number", KeyText, primary_key=True),
    sa.Column("stream_id", KeyText, nullable=False),
    sa.Column("product", KeyText),
    sa.Column("case_state", KeyText, comment="the state in the lifecycle of applications"),
    sa.Column("updated_at", KeyText, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("body_en", sa.Text, nullable=False),
    sa.Column("body_zh", sa.Text, nullable=False),
    sa.Index("review_progress_of_customer", "build", "stream_id", "number"),
    sa.Index("review_progress_in_state", "build", "case_state", "number"),
)

HANDLED = frozenset(touchpoint.type for touchpoint in get_args(ProgressTouchpoint))
"""The types of events that can happen to an application."""

_STATE = TypeAdapter(Application)


def key_of(event: RecordedEvent) -> str | None:
    """Return the number of the application that an event is about."""
    return event.case if event.type in HANDLED and customer_of(event) is not None else None


def from_row(row: Row) -> Application:
    """Read the application that a row was written from."""
    return _STATE.validate_json(row["state"])


def projection(processes: Processes) -> Projection[Application]:
    """Return the projection, which tells applications by the process definitions they carry."""

    def to_row(application: Application) -> Row:
        return {
            "number": application.number,
            "stream_id": application.customer,
            "product": application.product,
            "case_state": application.state,
            "updated_at": application.updated_at,
            "version": application.version,
            "position": application.position,
            "state": orjson.dumps(application).decode(),
            "body_en": orjson.dumps(answer(application, processes, "en")).decode(),
            "body_zh": orjson.dumps(answer(application, processes, "zh")).decode(),
        }

    return Projection(
        name="review_progress",
        version=1,
        table=REVIEW_PROGRESS,
        key="number",
        key_of=key_of,
        evolve=evolve,
        to_row=to_row,
        from_row=from_row,
    )
