"""Who calls: a channel system, a colleague, or a customer."""

from typing import NamedTuple

from api.keys import Scope
from journey.journey import LifecycleMode
from journey.touchpoints.touchpoint import Audience


class Caller(NamedTuple):
    """Someone who has shown who they are, by a key or a token."""

    name: str
    """How they are counted: the public part of their key, or the subject of their token."""
    scopes: frozenset[Scope]
    source: str | None = None
    """The only source they may write events of; None allows every source."""
    lifecycle: LifecycleMode = "strict"
    """How their events are treated that the lifecycle does not allow."""
    subject: str | None = None
    """The only customer they may read, who they are themselves; None allows every customer."""

    @property
    def audience(self) -> Audience:
        """As whom they are told things."""
        return "staff" if self.subject is None else "customer"

    def may_read(self, stream_id: str) -> bool:
        """Tell whether this customer's data may be shown to them."""
        return self.subject is None or self.subject == stream_id
