"""Recorded events as CloudEvents, as they leave the service."""

from typing import Any

from journey.events import RecordedEvent


def as_cloudevent(event: RecordedEvent) -> dict[str, Any]:
    """Return a recorded event in the JSON format of CloudEvents 1.0.2, with the service's own attributes."""
    own = {
        "case": event.case,
        "channel": event.channel,
        "deviation": event.deviation,
        "process": event.process,
    }
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.stream_id,
        "time": event.time,
        "datacontenttype": "application/json",
        "recordedtime": event.recorded_at.isoformat(),
        "version": event.version,
        "position": event.position,
        **{name: value for name, value in own.items() if value is not None},
        **event.attributes,
        "data": event.data,
    }
