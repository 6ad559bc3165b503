"""The timeline of each customer: one row per event, across all channels and cases."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from journey.events import RecordedEvent
from journey.processes import Processes
from journey.touchpoints.touchpoint import Touchpoint
from journey.vocabulary import STAGES
from journey.words import Language, Words
from projections.customer import customer_of
from projections.metadata import METADATA, KeyText
from projections.moments import utc_text
from projections.names import channel_name
from projections.projection import Projection, Row

TIMELINE = sa.Table(
    "timeline",
    METADATA,
    sa.Column("build", sa.Integer, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("stream_id", KeyText, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("occurred_at", KeyText, nullable=False),
    sa.Column("recorded_at", KeyText, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("channel", sa.Text),
    sa.Column("case_number", KeyText),
    sa.Column("deviation", sa.Text),
    sa.Column("body_en", sa.Text, nullable=False),
    sa.Column("body_zh", sa.Text, nullable=False),
    sa.Index("timeline_of_customer", "build", "stream_id", "occurred_at", "position"),
)

_ACTORS = ("agent", "reviewer", "by", "resource")
"""The fields of touchpoints that name who did it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One event on the timeline."""

    event: RecordedEvent
    touchpoint: Touchpoint
    occurred_at: str
    recorded_at: str


def evolve(_: Item | None, event: RecordedEvent) -> Item:
    """Return the item of an event; raises `DamagedEvent` where its content cannot be read."""
    return Item(event, event.touchpoint, utc_text(event.occurred_at), utc_text(event.recorded_at))


def answer(item: Item, language: Language, names: Mapping[str, Words]) -> dict[str, Any]:
    """Tell one item of the timeline, as the read API answers."""
    event, touchpoint = item.event, item.touchpoint
    return {
        "position": event.position,
        "version": event.version,
        "type": event.type,
        "title": touchpoint.title.in_language(language),
        "says": touchpoint.sentence(language, names),
        "stage": touchpoint.stage,
        "stage_name": STAGES[touchpoint.stage].in_language(language),
        "channel": event.channel,
        "channel_name": channel_name(event.channel, language),
        "case": event.case,
        "occurred_at": item.occurred_at,
        "recorded_at": item.recorded_at,
        "source": event.source,
        "id": event.id,
        "by": _actor(item),
        "deviation": event.deviation,
        "data": event.data,
    }


def _actor(item: Item) -> str | None:
    """Name who did it: the caller that the source vouches for, else whom the content names."""
    if (told := item.event.attributes.get("authid")) is not None:
        return str(told)
    fields = type(item.touchpoint).model_fields
    return next((getattr(item.touchpoint, name) for name in _ACTORS if name in fields), None)


def to_row(item: Item, names: Mapping[str, Words]) -> Row:
    """Write the row of an item."""
    event = item.event
    return {
        "position": event.position,
        "stream_id": event.stream_id,
        "version": event.version,
        "occurred_at": item.occurred_at,
        "recorded_at": item.recorded_at,
        "stage": item.touchpoint.stage,
        "type": event.type,
        "channel": event.channel,
        "case_number": event.case,
        "deviation": event.deviation,
        "body_en": orjson.dumps(answer(item, "en", names)).decode(),
        "body_zh": orjson.dumps(answer(item, "zh", names)).decode(),
    }


def _key_of(event: RecordedEvent) -> int | None:
    return None if customer_of(event) is None else event.position


def projection(processes: Processes) -> Projection[Item]:
    """Return the projection, which tells each event in the words of its process."""
    return Projection(
        name="timeline",
        version=1,
        table=TIMELINE,
        key="position",
        key_of=_key_of,
        evolve=evolve,
        to_row=lambda item: to_row(item, processes.names(item.event.process)),
        from_row=None,
    )
