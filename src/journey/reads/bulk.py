"""Notices callers who open the data of unusually many customers."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_WINDOW = timedelta(hours=1)
# Beyond so many callers those who have read nothing for longest are let go of.
_MOST_CALLERS = 10_000


@dataclass
class _Recent:
    """What one caller has opened lately."""

    customers: OrderedDict[str, datetime] = field(default_factory=OrderedDict)
    """When each was read last, the longest ago first; never many more than the limit."""
    told_at: datetime | None = None


class BulkWatch:
    """Counts the different customers whose data each caller opens within an hour."""

    def __init__(self, most: int) -> None:
        """Let each caller open the data of `most` customers an hour; 0 sets no limit."""
        self._most = most
        self._callers: OrderedDict[str, _Recent] = OrderedDict()

    def exceeded(self, caller: str, stream_id: str, at: datetime) -> int | None:
        """Count a customer; return how many there are where that is too many, and not told within an hour."""
        if not self._most:
            return None
        recent = self._recent(caller)
        customers = recent.customers
        customers[stream_id] = at
        customers.move_to_end(stream_id)
        while customers and next(iter(customers.values())) <= at - _WINDOW:
            customers.popitem(last=False)
        many = len(customers)
        if many <= self._most:
            return None
        customers.popitem(last=False)
        if recent.told_at is not None and recent.told_at > at - _WINDOW:
            return None
        recent.told_at = at
        return many

    def told(self, caller: str, at: datetime) -> None:
        """Remember that a caller has been told of."""
        self._recent(caller).told_at = at

    def _recent(self, caller: str) -> _Recent:
        recent = self._callers.get(caller)
        if recent is None:
            recent = self._callers[caller] = _Recent()
            if len(self._callers) > _MOST_CALLERS:
                self._callers.popitem(last=False)
        self._callers.move_to_end(caller)
        return recent
