"""The timeline of each customer: one row per event, across all channels and cases."""

from functools import cache, lru_cache

import orjson
import sqlalchemy as sa

from journey.events import RecordedEvent
from journey.processes import Processes
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import Audience, Touchpoint
from journey.vocabulary import STAGES
from journey.words import Language
from projections.customer import customer_of
from projections.metadata import METADATA, KeyText
from projections.moments import told_in_utc, utc_text
from projections.names import channel_name
from projections.projection import Projection, Row

TIMELINE = sa.Table(
    "timeline",
    METADATA,
    sa.Column("build", sa.Integer, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("stream_id", KeyText, nullable=False),
    sa.Column("occurred_at", KeyText, nullable=False),
    sa.Column("recorded_at", KeyText, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("channel", sa.Text),
    sa.Column("case_number", KeyText),
    sa.Column("says_en", sa.Text, nullable=False),
    sa.Column("says_zh", sa.Text, nullable=False),
    sa.Column("told", sa.Text, nullable=False, comment="what is the same in all languages, as JSON"),
    sa.Index("timeline_of_customer", "build", "stream_id", "occurred_at", "position"),
)

_ACTORS = ("agent", "reviewer", "by", "resource")
"""The fields of touchpoints that name who did it."""


def evolve(_before: RecordedEvent | None, event: RecordedEvent) -> RecordedEvent:
    """Return the event, which is all that its item tells; raises `DamagedEvent` where it cannot be read."""
    _ = event.touchpoint
    return event


def to_row(event: RecordedEvent, processes: Processes) -> Row:
    """Write the item of an event, in the words of its process."""
    touchpoint = event.touchpoint
    says = event.sentence(processes.names(event.process))
    told = {
        "version": event.version,
        "source": event.source,
        "id": event.id,
        "by": actor(event, touchpoint),
        "deviation": event.deviation,
        "data": event.data,
    }
    return {
        "position": event.position,
        "stream_id": event.stream_id,
        "occurred_at": told_in_utc(event.time),
        "recorded_at": _recorded(event.recorded_at),
        "type": event.type,
        "channel": event.channel,
        "case_number": event.case,
        "says_en": says.en,
        "says_zh": says.zh,
        "told": orjson.dumps(told).decode(),
    }


# All events of a commit were recorded in one moment.
_recorded = lru_cache(maxsize=100)(utc_text)


def answer(row: Row | sa.RowMapping, language: Language, audience: Audience) -> bytes:
    """Tell one item of the timeline, as the read API answers."""
    declared = TOUCHPOINTS[row["type"]]
    in_words = {
        "position": row["position"],
        "type": row["type"],
        "title": declared.title.in_language(language),
        "says": row[f"says_{language}"],
        "stage": declared.stage,
        "stage_name": STAGES[declared.stage].in_language(language),
        "channel": row["channel"],
        "channel_name": channel_name(row["channel"], language),
        "case": row["case_number"],
        "occurred_at": row["occurred_at"],
        "recorded_at": row["recorded_at"],
    }
    # Neither of the two objects is empty: written one after the other they are one.
    told: str = row["told"] if audience == "staff" else _told_to_customers(row["told"], declared)
    return orjson.dumps(in_words)[:-1] + b"," + told[1:].encode()


def _told_to_customers(told: str, declared: type[Touchpoint]) -> str:
    """Leave out who did it, and every field that is not known to be for customers."""
    whole, shown = orjson.loads(told), declared.customer_fields()
    data = {name: value for name, value in whole["data"].items() if name in shown}
    return orjson.dumps({**whole, "by": None, "deviation": None, "data": data}).decode()


def actor(event: RecordedEvent, touchpoint: Touchpoint) -> str | None:
    """Name who did it: the caller that the source vouches for, else whom the content names."""
    if (told := event.attributes.get("authid")) is not None:
        return str(told)
    field = _field_of_actor(type(touchpoint))
    return None if field is None else getattr(touchpoint, field)


@cache
def _field_of_actor(declared: type[Touchpoint]) -> str | None:
    return next((name for name in _ACTORS if name in declared.model_fields), None)


def _key_of(event: RecordedEvent) -> int | None:
    return None if customer_of(event) is None else event.position


def projection(processes: Processes) -> Projection[RecordedEvent]:
    """Return the projection, which tells each event in the words of its process."""
    return Projection(
        name="timeline",
        version=2,
        table=TIMELINE,
        key="position",
        key_of=_key_of,
        evolve=evolve,
        to_row=lambda event: to_row(event, processes),
        from_row=None,
    )
