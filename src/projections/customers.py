"""Which streams are customers."""

from journey.events import RecordedEvent

_NOT_CUSTOMERS = "improvement:"


def customer_of(event: RecordedEvent) -> str | None:
    """Return the customer that an event is about; None where its stream is not a customer's."""
    return None if event.stream_id.startswith(_NOT_CUSTOMERS) else event.stream_id
