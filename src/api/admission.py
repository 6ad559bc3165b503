"""Lets callers in: they show a key or a token, and the table of policies says what for."""

import ipaddress
import re
from typing import Annotated

import structlog
from fastapi import Depends, Request

from api.caller import Caller
from api.heads import head_of
from api.keys import ApiKey
from api.known_keys import AHEAD_SECONDS
from api.parameters import check_parameters
from api.policies import POLICIES, Policy
from api.problems import Problem
from api.service import Service, service_of

RATE = "journey.rate"
"""Where a request keeps the headers that tell how many more its caller may make."""

_KEY = "cj_"
_PUBLIC = re.compile(r"cj_[0-9a-f]{8}(?=_)")

_log = structlog.get_logger(__name__)


async def admitted(request: Request) -> Caller:
    """Return who calls, if the table lets them; raise `unauthorized` or `insufficient-scope`.

    It looks at the parameters too, but after the key: whoever has none learns nothing.
    """
    policy: Policy = POLICIES[request.scope["route"].name]
    service = service_of(request)
    caller = await _caller(request, service)
    if not policy.admits(caller):
        raise Problem("insufficient-scope", extra={"scope": policy.scopes[0], "scopes": list(policy.scopes)})
    limit = service.limits.of(caller)
    if limit is not None:
        request.scope[RATE] = limit.count(caller.name)
    check_parameters(request)
    return caller


Admitted = Annotated[Caller, Depends(admitted)]
"""Whoever the operation's row in the table of policies lets in."""


async def _caller(request: Request, service: Service) -> Caller:
    scheme, _, credentials = head_of(request).get(b"authorization", b"").partition(b" ")
    shown = credentials.strip().decode("latin-1")
    if scheme.lower() != b"bearer" or not shown:
        raise Problem("unauthorized")
    if shown.startswith(_KEY):
        key = service.keys.remembered(shown, AHEAD_SECONDS)
        if key is not None:
            return _holder(key)
    elif service.tokens is not None:
        caller = service.tokens.remembered(shown)
        if caller is not None:
            return caller
    return await _looked_up(shown, service, _address(request))


async def _looked_up(shown: str, service: Service, address: str) -> Caller:
    """Return who shows what is not known to be good; log and count where it is not."""
    failures = service.limits.failures
    # Who was let in a moment ago is not kept out by others at the same address, such as a proxy's.
    if failures is not None and service.keys.remembered(shown) is None:
        failures.check(address)
    try:
        return await _recognised(shown, service)
    except Problem as problem:
        if problem.code == "unauthorized":
            _tell(problem, shown, address)
            if failures is not None:
                failures.count(address)
        raise


async def _recognised(shown: str, service: Service) -> Caller:
    if not shown.startswith(_KEY) and service.tokens is not None:
        return await service.tokens.caller(shown)
    key = await service.keys.allowed(shown) if shown.startswith(_KEY) else None
    if key is None:
        raise Problem("unauthorized")
    return _holder(key)


def _tell(problem: Problem, shown: str, address: str) -> None:
    """Log a failed attempt: of what was shown at most the public part."""
    public = _PUBLIC.match(shown)
    _log.warning(
        "authentication_failed",
        reason=problem.extra.get("reason", "unknown-key"),
        address=address,
        key=public and public[0],
    )


def _holder(key: ApiKey) -> Caller:
    return Caller(key.prefix, key.scopes, key.source, key.lifecycle)


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
