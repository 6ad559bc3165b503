"""Improvements belong to no customer: each has a stream of its own, called by its number."""

STREAMS = "improvement:"
"""How the ids of these streams begin, and of no others."""


def stream_of(number: str) -> str:
    """Return the id of an improvement's stream."""
    return STREAMS + number


def number_of(stream_id: str) -> str | None:
    """Return the number of the improvement that a stream is about; None where it is a customer's."""
    return stream_id.removeprefix(STREAMS) if stream_id.startswith(STREAMS) else None
