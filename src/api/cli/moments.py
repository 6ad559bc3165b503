"""Times of a log that are not written as RFC 3339: their form and their zone."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from api.cli.log_files import Record
from api.cli.speech import said
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
        zone = written["zone"]
        raise MappingError(said(f"zone {zone!r} is not known", f"未知时区 {zone!r}")) from error

    def filled(record: Record) -> str:
        text = fill(record)
        try:
            moment = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007  # zone below
        except (TypeError, ValueError) as error:
            expected = form or "ISO 8601"
            raise MappingError(
                said(f"{text!r} is no time of the form {expected}", f"{text!r} 不是 {expected} 格式的时间")
            ) from error
        if moment.tzinfo is None and zone is None:
            raise MappingError(
                said(
                    f"{text!r} has no offset from UTC; name a zone in the mapping",
                    f"{text!r} 没有时区信息，请在映射中指定 zone",
                )
            )
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()

    return filled
