"""Times of a log that are not written as RFC 3339: their form, zone, and the day that they leave out."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from api.cli.log_files import Record
from api.cli.speech import said
from api.cli.templates import Fill, MappingError, compiled, compiled_at, only

_HALF_A_DAY = timedelta(hours=12)


def compiled_time(written: Any) -> Fill:
    """Return what fills a mapping's `time`, which is a template or a table with one as its `value`.

    Raises `MappingError` where it is not well written.
    """
    if not isinstance(written, dict):
        return compiled(written)
    only(written, {"value", "format", "zone", "after", "plus"}, {"value"})
    form, zone, plus = written.get("format"), _zone(written), _plus(written)
    moment = _moment(compiled_at("value", written["value"]), form)
    after = _moment(compiled_at("after", written["after"]), form) if "after" in written else None

    def filled(record: Record) -> str:
        told = moment(record)
        if told.tzinfo is None and zone is None:
            raise MappingError(
                said(
                    f"'{told}' has no offset from UTC; name a zone in the mapping",
                    f"'{told}' 没有时区信息，请在映射中指定 zone",
                )
            )
        if after is not None and _clock(after(record)) - _clock(told) > _HALF_A_DAY:
            told += timedelta(days=1)
        told += plus
        return (told if told.tzinfo else told.replace(tzinfo=zone)).isoformat()

    return filled


def _moment(fill: Fill, form: str | None) -> Callable[[Record], datetime]:
    def moment(record: Record) -> datetime:
        text = fill(record)
        try:
            return datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007  # its zone is told beside it
        except (TypeError, ValueError) as error:
            expected = form or "ISO 8601"
            raise MappingError(
                said(f"{text!r} is no time of the form {expected}", f"{text!r} 不是 {expected} 格式的时间")
            ) from error

    return moment


def _clock(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _zone(written: Mapping[str, Any]) -> ZoneInfo | None:
    try:
        return ZoneInfo(written["zone"]) if "zone" in written else None
    except (ZoneInfoNotFoundError, ValueError) as error:
        zone = written["zone"]
        raise MappingError(said(f"zone {zone!r} is not known", f"未知时区 {zone!r}")) from error


def _plus(written: Mapping[str, Any]) -> timedelta:
    plus = written.get("plus", {})
    try:
        return timedelta(**plus)
    except TypeError as error:
        raise MappingError(
            said(
                f"plus: {plus!r} is no table of days, hours, minutes and seconds",
                f"plus: {plus!r} 不是由 days、hours、minutes、seconds 组成的表",
            )
        ) from error
