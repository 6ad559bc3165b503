"""Recorded events as CloudEvents, as they leave the service."""

from typing import Any

from journey.events import RecordedEvent


def as_cloudevent(event: RecordedEvent) -> dict[str, Any]:
    """Return a recorded event in the JSON format of CloudEvents 1.0.2, with the service's own attributes.

    Of an event whose stored bytes cannot be read, or are not what was appended, only its place in the log is
    told, and that it is damaged: a follower must not take it for an empty one, nor stop there for ever.
    """
    place = {
        "specversion": "1.0",
        "type": event.type,
        "subject": event.stream_id,
        "version": event.version,
        "position": event.position,
    }
    if event.damaged:
        return {**place, "damaged": True}
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
