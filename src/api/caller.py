"""Who calls, and what a route asks of them: nothing is open without a key."""

from collections.abc import Awaitable, Callable
from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from api.heads import head_of
from api.keys import Scope
from api.parameters import check_parameters
from api.problems import Problem
from api.service import service_of
from journey.journey import LifecycleMode


class Caller(NamedTuple):
    """Someone who has shown who they are: a channel system, a colleague, or (with a token) a customer."""

    name: str
    """How logs call them: the public part of their key."""
    scopes: frozenset[Scope]
    source: str | None = None
    """The only source they may write events of; None allows every source."""
    lifecycle: LifecycleMode = "strict"
    """How their events are treated that the lifecycle does not allow."""
    subject: str | None = None
    """The only customer they may read; None allows every customer."""

    def may_read(self, stream_id: str) -> bool:
        """Tell whether this customer's data may be shown to them."""
        return self.subject is None or self.subject == stream_id


async def authenticate(request: Request) -> Caller:
    """Return who calls; raise `unauthorized` without a valid key."""
    scheme, _, credentials = head_of(request).get(b"authorization", b"").partition(b" ")
    shown = credentials.strip().decode("latin-1")
    if scheme.lower() != b"bearer" or not shown:
        raise Problem("unauthorized")
    key = await service_of(request).keys.allowed(shown)
    if key is None:
        raise Problem("unauthorized")
    return Caller(key.prefix, key.scopes, key.source, key.lifecycle)


def requires(*scopes: Scope) -> Callable[[Request], Awaitable[Caller]]:
    """Return the dependency of a route that needs one of `scopes`; of any scope, where none is named.

    It looks at the parameters too, but after the key: whoever has none learns nothing.
    """

    async def caller(request: Request) -> Caller:
        known = await authenticate(request)
        if scopes and not known.scopes.intersection(scopes):
            raise Problem("insufficient-scope", extra={"scope": scopes[0], "scopes": list(scopes)})
        service_of(request).rates.count(known.name)
        check_parameters(request)
        return known

    return caller


Known = Annotated[Caller, Depends(requires())]
"""Anyone with a key."""
Channel = Annotated[Caller, Depends(requires("events:write"))]
"""A system that may write events."""
Analyst = Annotated[Caller, Depends(requires("journeys:read"))]
"""Someone who may read whole journeys."""
StatusReader = Annotated[Caller, Depends(requires("status:read", "journeys:read", "cases:work"))]
"""Someone who may read the status of a case."""
Caseworker = Annotated[Caller, Depends(requires("journeys:read", "cases:work"))]
"""Someone who may go through the cases of all customers."""
Operator = Annotated[Caller, Depends(requires("ops:admin"))]
"""Someone who runs the service."""
