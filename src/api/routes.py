"""Declared routes, answered directly: FastAPI describes them, and solving them anew each time is left out.

FastAPI finds out with every request what a function asks for, and enters half a dozen contexts for what might
be asked: that takes longer than most answers of this service. Here it is found out once.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from re import Pattern
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Finish = Callable[[Request, list[Any]], Awaitable[Response]]
"""Takes what the steps to an answer have returned, the response last, and returns the response."""


async def _as_it_is(_: Request, results: list[Any]) -> Response:
    response: Response = results[-1]
    return response


_FAILED = object()
"""Stands for what could not be had because a parameter is wrong."""


class Direct:
    """Answers what is declared with coroutines and returns a `Response`; passes everything else on.

    Coroutines, because FastAPI would run a plain function in a thread: whoever declares one wants that.
    """

    def __init__(self, app: ASGIApp, finish: Finish = _as_it_is) -> None:
        self._app = app
        self._finish = finish
        self._routes: Sequence[_Route] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or let the framework do so; what is raised goes to whoever is outside."""
        route = self._route_of(scope) if scope["type"] == "http" else None
        if route is None or route.steps is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route.context
        request = Request(scope, receive, send)
        results = await _answer(route.steps, request)
        response = await self._finish(request, results)
        await response(scope, receive, send)

    def _route_of(self, scope: Scope) -> "_Route | None":
        """Return the first route that the request goes to, as the framework would."""
        if self._routes is None:
            self._routes = [_route(context) for context in iter_route_contexts(scope["app"].routes)]
        path, method = scope["path"].removeprefix(scope.get("root_path", "")), scope["method"]
        for route in self._routes:
            # Most addresses begin otherwise, which is seen sooner than that they do not match.
            if (
                path.startswith(route.beginning)
                and method in route.methods
                and (match := route.address.match(path))
            ):
                scope["path_params"] = match.groupdict()
                return route
        return None


@dataclass(frozen=True, slots=True)
class _Parameters:
    """Parameters of one place: of the address, its query, or the headers."""

    fields: Sequence[Any]
    names: frozenset[bytes]
    """The headers that are asked for."""
    absent: Mapping[str, Any] | None
    """The values where none is sent; None where one must be."""
    plain: Sequence[tuple[str, str]]
    """The names and aliases, where all are text without conditions; else empty."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A coroutine to call, with what it asks for."""

    call: Callable[..., Awaitable[Any]]
    request_name: str | None
    results: Sequence[tuple[str | None, int]]
    """By name: the steps before this one whose results it takes."""
    path: _Parameters
    query: _Parameters
    headers: _Parameters


@dataclass(frozen=True, slots=True)
class _Route:
    """An address, and the steps to its answer, the endpoint last; None where the framework shall answer."""

    context: RouteContext
    beginning: str
    address: Pattern[str]
    methods: frozenset[str]
    steps: Sequence[_Step] | None


async def _answer(steps: Sequence[_Step], request: Request) -> list[Any]:
    """Call what the endpoint asks for, then the endpoint; raise an error that names every bad parameter.

    Returns what each has returned, the endpoint's response last.
    """
    results: list[Any] = []
    errors: list[Any] = []
    for step in steps:
        values, wrong = _values(step, request)
        errors += wrong
        if errors and (wrong or any(results[index] is _FAILED for _, index in step.results)):
            results.append(_FAILED)
            continue
        for name, index in step.results:
            if name is not None:
                values[name] = results[index]
        results.append(await step.call(**values))
    if errors:
        raise RequestValidationError(errors)
    return results


def _values(step: _Step, request: Request) -> tuple[dict[str, Any], list[Any]]:
    scope = request.scope
    if not (scope["query_string"] or step.path.fields or step.headers.fields or step.query.absent is None):
        values = dict(step.query.absent)
        if step.request_name is not None:
            values[step.request_name] = request
        return values, []
    values, errors = {}, list[Any]()
    if step.path.plain:
        values.update((name, scope["path_params"][alias]) for name, alias in step.path.plain)
    elif step.path.fields:
        _read(step.path, request.path_params, values, errors)
    if step.query.fields:
        if scope["query_string"] or step.query.absent is None:
            _read(step.query, request.query_params, values, errors)
        else:
            values.update(step.query.absent)
    if step.headers.fields:
        if step.headers.absent is None or any(name in step.headers.names for name, _ in scope["headers"]):
            _read(step.headers, request.headers, values, errors)
        else:
            values.update(step.headers.absent)
    if step.request_name is not None:
        values[step.request_name] = request
    return values, errors


def _read(asked: _Parameters, sent: Mapping[str, Any], values: dict[str, Any], errors: list[Any]) -> None:
    found, wrong = request_params_to_args(asked.fields, sent)
    values.update(found)
    errors += wrong


def answers_directly(context: RouteContext) -> bool:
    """Tell whether a declared route is answered without the framework."""
    return _steps(context) is not None


def _route(context: RouteContext) -> _Route:
    beginning = str(context.path_format).partition("{")[0]
    return _Route(context, beginning, context.path_regex, frozenset(context.methods or ()), _steps(context))


def _steps(context: RouteContext) -> Sequence[_Step] | None:
    route, steps = context.original_route, list[_Step]()
    if not isinstance(route, APIRoute):
        return None
    returned = inspect.signature(route.endpoint, eval_str=True).return_annotation
    if not isinstance(returned, type) or not issubclass(returned, Response):
        return None
    return steps if _arrange(context.dependant, steps, {}) else None


def _arrange(dependant: Dependant, steps: list[_Step], places: dict[Any, int]) -> bool:
    """Append the steps, each once, in the framework's order; tell whether that is all that is asked for."""
    for below in dependant.dependencies:
        if below.call not in places and not _arrange(below, steps, places):
            return False
    call = dependant.call
    further = (
        dependant.body_params,
        dependant.cookie_params,
        dependant.websocket_param_name,
        dependant.http_connection_param_name,
        dependant.response_param_name,
        dependant.background_tasks_param_name,
        dependant.security_scopes_param_name,
    )
    if call is None or not inspect.iscoroutinefunction(call) or any(further):
        return False
    places[call] = len(steps)
    steps.append(
        _Step(
            call=call,
            request_name=dependant.request_param_name,
            results=[(below.name, places[below.call]) for below in dependant.dependencies],
            path=_parameters(dependant.path_params),
            query=_parameters(dependant.query_params),
            headers=_parameters(dependant.header_params),
        )
    )
    return True


def _parameters(fields: Sequence[Any]) -> _Parameters:
    absent, missing = request_params_to_args(fields, {})
    names = frozenset(field.alias.lower().encode() for field in fields)
    plain = all(field.field_info.annotation is str and not field.field_info.metadata for field in fields)
    aliases = [(field.name, field.alias) for field in fields] if plain else []
    return _Parameters(fields, names, None if missing else absent, aliases)
