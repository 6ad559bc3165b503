"""Lets callers in: they show a key or a token, and the table of policies says what for."""

import ipaddress
import re
from typing import Annotated

import structlog
from fastapi import Depends, Request
from starlette.types import Scope

from api.caller import Caller
from api.heads import Head, Shown, head_of
from api.parameters import check_parameters
from api.policies import POLICIES, Policy
from api.problems import Problem
from api.service import Service, service_of

RATE = "journey.rate"
"""Where a request keeps the headers that tell how many more its caller may make."""

_KEY = "cj_"
_PROOFS = "/v1/proof/"
_PUBLIC = re.compile(r"cj_[0-9a-f]{8}(?=_)")

_log = structlog.get_logger(__name__)


async def admitted(request: Request) -> Caller:
    """Return who calls, if the table lets them; raise `unauthorized` or `insufficient-scope`.

    Of a log that lacks what a witness has seen nothing is answered but what shows that it does.
    It looks at the parameters too, but after the key: whoever has none learns nothing.
    """
    policy: Policy = POLICIES[request.scope["route"].name]
    service = service_of(request)
    if service.guard.finding is not None and _needs_the_whole_log(request.scope["path"]):
        service.guard.refuse()
    caller = await _caller(request, service)
    if not policy.admits(caller):
        raise Problem("insufficient-scope", extra={"scope": policy.scopes[0], "scopes": list(policy.scopes)})
    _count(request.scope, service, caller)
    check_parameters(request)
    return caller


def admitted_at_once(scope: Scope, head: Head, service: Service, endpoint: str) -> Caller | None:
    """Return who calls, where they are known and `admitted` would return them; None where it must look.

    The request is counted, once, however it goes on. Raises `too-many-requests`.
    """
    if service.guard.finding is not None:
        return None
    caller = _known(head.shown, service)
    if caller is None or not POLICIES[endpoint].admits(caller):
        return None
    _count(scope, service, caller)
    return caller


Admitted = Annotated[Caller, Depends(admitted)]
"""Whoever the operation's row in the table of policies lets in."""


def _needs_the_whole_log(path: str) -> bool:
    return path.startswith("/v1/") and not path.startswith(_PROOFS)


async def _caller(request: Request, service: Service) -> Caller:
    shown = head_of(request).shown
    if not shown:
        raise Problem("unauthorized")
    return _known(shown, service) or await _looked_up(shown, service, _address(request))


def _known(shown: Shown, service: Service) -> Caller | None:
    """Return who shows this, where that is at hand."""
    if shown.startswith(_KEY):
        return service.keys.remembered(shown)
    return service.tokens.remembered(shown) if shown and service.tokens is not None else None


def _count(scope: Scope, service: Service, caller: Caller) -> None:
    limit = service.limits.of(caller)
    if limit is not None and RATE not in scope:
        scope[RATE] = limit.count(caller.name)


async def _looked_up(shown: Shown, service: Service, address: str) -> Caller:
    """Return who shows what is not known to be good; log and count where it is not."""
    failures = service.limits.failures
    if failures is not None:
        failures.check(address)
    try:
        return await _recognised(shown, service)
    except Problem as problem:
        if problem.code == "unauthorized":
            _tell(problem, shown, address)
            if failures is not None:
                failures.count(address)
        raise


async def _recognised(shown: Shown, service: Service) -> Caller:
    if not shown.startswith(_KEY) and service.tokens is not None:
        return await service.tokens.caller(shown)
    caller = await service.keys.caller(shown) if shown.startswith(_KEY) else None
    if caller is None:
        raise Problem("unauthorized")
    return caller


def _tell(problem: Problem, shown: str, address: str) -> None:
    """Log a failed attempt: of what was shown at most the public part."""
    public = _PUBLIC.match(shown)
    _log.warning(
        "authentication_failed",
        reason=problem.extra.get("reason", "unknown-key"),
        address=address,
        key=public and public[0],
    )


def _address(request: Request) -> str:
    """Return where a request comes from; of IPv6 the part that one network has to itself."""
    client = request.scope.get("client")
    if not client:
        return "unknown"
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return str(client[0])
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
