"""The progress of each application: its status, ready to be answered."""

from collections.abc import Sequence

import orjson
import sqlalchemy as sa
from pydantic import TypeAdapter

from journey.events import RecordedEvent
from journey.processes import ProcessDefinition, Processes
from journey.words import LANGUAGES
from projections.application import Application
from projections.application_changes import HANDLED, evolve
from projections.application_status import answers
from projections.customer import customer_of
from projections.metadata import METADATA, KeyText
from projections.projection import Projection, Row
from projections.spoken import Spoken, spoken

REVIEW_PROGRESS = sa.Table(
    "review_progress",
    METADATA,
    sa.Column("build", sa.Integer, primary_key=True),
    sa.Column("number", KeyText, primary_key=True),
    sa.Column("stream_id", KeyText, nullable=False),
    sa.Column("product", KeyText),
    sa.Column("case_state", KeyText, comment="the state in the lifecycle of applications"),
    sa.Column("updated_at", KeyText, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("body_en", sa.Text, nullable=False),
    sa.Column("body_zh", sa.Text, nullable=False),
    sa.Index("review_progress_of_customer", "build", "stream_id", "number"),
    sa.Index("review_progress_in_state", "build", "case_state", "number"),
)

_STATE = TypeAdapter(Application)


def key_of(event: RecordedEvent) -> str | None:
    """Return the number of the application that an event is about."""
    return event.case if event.type in HANDLED and customer_of(event) is not None else None


def from_row(row: Row) -> Application:
    """Read the application that a row was written from."""
    return _STATE.validate_json(row["state"])


def projection(processes: Processes) -> Projection[Application]:
    """Return the projection, which tells applications by the process definitions they carry."""
    known = {definition.stamp: definition for each in processes.by_product.values() for definition in each}
    in_words = {stamp: _in_words(definition) for stamp, definition in known.items()}
    undefined = _in_words(None)

    def to_row(application: Application) -> Row:
        stamp = application.process or ""
        in_english, in_chinese = answers(application, known.get(stamp), in_words.get(stamp, undefined))
        return {
            "number": application.number,
            "stream_id": application.customer,
            "product": application.product,
            "case_state": application.state,
            "updated_at": application.updated_at,
            "position": application.position,
            # As lists, whose places are the fields: a third of the length that names would give it.
            "state": orjson.dumps(application, default=tuple).decode(),
            "body_en": in_english.decode(),
            "body_zh": in_chinese.decode(),
        }

    return Projection(
        name="review_progress",
        version=2,
        table=REVIEW_PROGRESS,
        key="number",
        key_of=key_of,
        evolve=evolve,
        to_row=to_row,
        from_row=from_row,
        unread=frozenset({"body_en", "body_zh"}),
    )


def _in_words(definition: ProcessDefinition | None) -> Sequence[Spoken]:
    return [spoken(definition, language) for language in LANGUAGES]
