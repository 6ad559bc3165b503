"""Times of a log that are not written as RFC 3339: their form and their zone."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from api.cli.log_files import Record
from api.cli.templates import Fill, MappingError, compiled, compiled_at, only


def compiled_time(written: Any) -> Fill:
    """Return what fills a mapping's `time`, which is a template or a table of value, format and zone.

    Raises `MappingError` where it is not well written.
    """
    if not isinstance(written, dict):
        return compiled(written)
    only(written, {"value", "format", "zone"}, {"value"})
    fill, form = compiled_at("value", written["value"]), written.get("format")
    try:
        zone = ZoneInfo(written["zone"]) if "zone" in written else None
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise MappingError(f"zone {written['zone']!r} is not known") from error

    def filled(record: Record) -> str:
        text = fill(record)
        try:
            moment = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007  # zone below
        except (TypeError, ValueError) as error:
            raise MappingError(f"{text!r} is no time of the form {form or 'ISO 8601'}") from error
        if moment.tzinfo is None and zone is None:
            raise MappingError(f"{text!r} has no offset from UTC; name a zone in the mapping")
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()

    return filled
