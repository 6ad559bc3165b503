"""Recorded events as CloudEvents, as they leave the service."""

from typing import Any

from api.languages import Tag
from api.problems import body, of
from journey.errors import DamagedEvent
from journey.events import RecordedEvent


def as_cloudevent(event: RecordedEvent, tag: Tag) -> dict[str, Any]:
    """Return a recorded event in the JSON format of CloudEvents 1.0.2, with the service's own attributes.

    Of a damaged one only its place in the log is told, and what is wrong: a follower must neither take it for
    an empty one, nor stop there for ever.
    """
    place = {
        "specversion": "1.0",
        "type": event.type,
        "subject": event.stream_id,
        "version": event.version,
        "position": event.position,
    }
    if event.damaged:
        where = f"/v1/events?after={event.position - 1}&limit=1"
        return {**place, "damaged": True, "problem": body(of(DamagedEvent.at(event.position)), tag, where)}
    own = {
        "case": event.case,
        "channel": event.channel,
        "deviation": event.deviation,
        "process": event.process,
    }
    return {
        **place,
        "id": event.id,
        "source": event.source,
        "time": event.time,
        "datacontenttype": "application/json",
        "recordedtime": event.recorded_at.isoformat(),
        **{name: value for name, value in own.items() if value is not None},
        **event.attributes,
        "data": event.data,
    }
