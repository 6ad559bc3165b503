"""The progress of each application: a row holds the facts, which are put into words when somebody asks."""

from datetime import datetime, timedelta
from functools import lru_cache
from itertools import product

import orjson
import sqlalchemy as sa
from pydantic import TypeAdapter

from journey.events import RecordedEvent
from journey.processes import ProcessDefinition, Processes
from journey.touchpoints.touchpoint import Audience
from journey.words import LANGUAGES, Language
from projections.application import Application, as_customers_know_it
from projections.application_changes import HANDLED, evolve
from projections.application_status import answer
from projections.application_work import work_of
from projections.customer import customer_of
from projections.metadata import METADATA, KeyText
from projections.projection import Projection, Row
from projections.spoken import spoken
from projections.work import work_columns, work_indexes, work_row

REVIEW_PROGRESS = sa.Table(
    "review_progress",
    METADATA,
    sa.Column("build", sa.Integer, primary_key=True),
    sa.Column("number", KeyText, primary_key=True),
    sa.Column("stream_id", KeyText, nullable=False),
    sa.Column("case_state", KeyText, comment="the state in the lifecycle of applications"),
    *work_columns(),
    sa.Column("decided_ms", sa.BigInteger, comment="from the first submission to its decision"),
    sa.Column("on_time", sa.Integer, comment="1: delivered by what was promised first"),
    sa.Column("updated_at", KeyText, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False, comment="the fields in their order, as JSON"),
    sa.Index("review_progress_of_customer", "build", "stream_id", "number"),
    sa.Index("review_progress_in_state", "build", "case_state", "since", "number"),
    sa.Index("review_progress_due", "build", "turn", "due_at", "number"),
    *work_indexes("review_progress"),
)

_STATE = TypeAdapter(Application)
_UNDEFINED = ""
"""The stamp of a process that nobody has defined."""


# How many answers are kept ready in each process: of those whom many follow, some megabytes.
_READY = 2_000


def key_of(event: RecordedEvent) -> str | None:
    """Return the number of the application that an event is about."""
    return event.case if customer_of(event) is not None else None


def to_row(application: Application, definition: ProcessDefinition | None) -> Row:
    """Write the row of an application, with the time limits of its process."""
    return {
        "number": application.number,
        "stream_id": application.customer,
        "case_state": application.state,
        **work_row(work_of(application, definition)),
        "decided_ms": _decided_ms(application),
        "on_time": _on_time(application),
        "updated_at": application.updated_at,
        "position": application.position,
        "state": orjson.dumps(tuple(application), default=tuple).decode(),
    }


def _decided_ms(application: Application) -> int | None:
    """Return how long the institution took to decide for the first time; None where it did not."""
    first = application.rounds[0] if application.rounds else None
    if first is None or first.outcome not in ("approved", "rejected"):
        return None
    if first.submitted_at is None or first.decided_at is None:
        return None
    took = datetime.fromisoformat(first.decided_at) - datetime.fromisoformat(first.submitted_at)
    return max(0, round(took / timedelta(milliseconds=1)))


def _on_time(application: Application) -> int | None:
    """Tell whether it was delivered by what was promised first; None where it is not, or nothing was."""
    delivery = application.delivery
    if delivery is None or delivery.completed_at is None or not delivery.plan:
        return None
    promised = max(datetime.fromisoformat(promise.promised_at) for promise in delivery.plan)
    return int(datetime.fromisoformat(delivery.completed_at) <= promised)


def from_row(row: Row) -> Application:
    """Read the application that a row was written from."""
    return _STATE.validate_json(row["state"])


def projection(processes: Processes) -> Projection[Application]:
    """Return the projection, which tells applications by the process definitions they carry."""
    known = {definition.stamp: definition for each in processes.by_product.values() for definition in each}
    in_words = {
        (stamp, language): spoken(known.get(stamp), language)
        for stamp, language in product((*known, _UNDEFINED), LANGUAGES)
    }

    # The text tells all that an answer depends upon, so an answer kept ready is never an old one.
    @lru_cache(maxsize=_READY)
    def told(state: str, language: Language, audience: Audience) -> bytes:
        application = _STATE.validate_json(state)
        if audience == "customer":
            application = as_customers_know_it(application)
        stamp = application.process if application.process in known else _UNDEFINED
        whole = answer(application, known.get(stamp), in_words[stamp, language])
        if audience == "customer":
            del whole["deviations"]
        return orjson.dumps(whole)

    return Projection(
        name="review_progress",
        version=4,
        table=REVIEW_PROGRESS,
        key="number",
        handles=HANDLED,
        key_of=key_of,
        evolve=evolve,
        to_row=lambda application: to_row(application, known.get(application.process or _UNDEFINED)),
        from_row=from_row,
        answer=told,
    )
