"""What an app does with whatever is raised below it: an answer each, and a log line where it is our fault."""

import traceback
from collections.abc import Mapping
from urllib.parse import quote
from uuid import uuid4

import sqlalchemy as sa
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.field_errors import request_errors
from api.languages import negotiate
from api.problem_texts import ProblemCode
from api.problems.answers import response
from api.problems.of_errors import of
from api.problems.problem import Problem
from journey.errors import JourneyError

_log = structlog.get_logger(__name__)

_CODE_OF_STATUS: Mapping[int, ProblemCode] = {
    400: "malformed-json",
    401: "unauthorized",
    403: "insufficient-scope",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "event-too-large",
    415: "unsupported-content-type",
    422: "invalid-parameter",
    429: "too-many-requests",
}
"""What the framework means by its own errors."""
_SHOWN_FRAMES = 8
"""Lines of our code that a log line names, the innermost last."""


class AnswerCut(Exception):
    """The answer had begun when something went wrong; the log line before this one names it."""


def install(app: FastAPI) -> None:
    """Let `app` answer every failure with a problem; call it once, before the app starts."""
    for kind in (Problem, JourneyError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer)
    # Inside of what the framework says itself to errors that it does not know: plain text, and a traceback.
    app.add_middleware(catching)


async def _answer(request: Request, error: Exception) -> Response:
    return answered(request.scope, error)


def answered(scope: Scope, error: BaseException) -> Response:
    """Return the answer to an error, told to the operator where it is our fault."""
    problem = _problem(scope, error)
    if problem.status == 500 or problem.code == "database-unavailable":  # noqa: PLR2004  what callers did not cause
        problem.extra["incident"] = _tell_operator(scope, error)
    tag = negotiate(", ".join(Headers(scope=scope).getlist("Accept-Language")))
    return response(problem, tag, quote(scope["path"]))


def _problem(scope: Scope, error: BaseException) -> Problem:
    match error:
        case Problem():
            return error
        case JourneyError():
            return of(error)
        case RequestValidationError():
            unread = any(detail["type"] == "json_invalid" for detail in error.errors())
            return Problem("malformed-json" if unread else "invalid-parameter", errors=request_errors(error))
        case HTTPException():
            allow = {"Allow": _allowed(scope)} if error.status_code == 405 else {}  # noqa: PLR2004  the status that has it
            code = _CODE_OF_STATUS.get(error.status_code, "internal-error")
            return Problem(code, headers={**(error.headers or {}), **allow})
        case sa.exc.OperationalError() | sa.exc.InterfaceError() | sa.exc.TimeoutError():
            return Problem("database-unavailable")
        case _:
            return Problem("internal-error")


def _allowed(scope: Scope) -> str:
    """List every method that the address takes: the framework names those of one route only."""
    methods: set[str] = set()
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    for route in iter_route_contexts(scope["app"].routes):
        if route.path_regex.match(path):
            methods |= route.methods or set()
    return ", ".join(sorted(methods))


def _tell_operator(scope: Scope, error: BaseException) -> str:
    """Log what failed and where, and return the number of the incident; only our own messages are shown."""
    incident = uuid4().hex
    frames = [
        f"{frame.f_code.co_filename}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    _log.error(
        "request_failed",
        incident=incident,
        method=scope["method"],
        route=getattr(scope.get("route"), "path", None),  # the address itself may name a customer
        error=type(error).__qualname__,
        message=str(error) if isinstance(error, JourneyError) else None,
        frames=frames[-_SHOWN_FRAMES:],
    )
    return incident


def catching(app: ASGIApp) -> ASGIApp:
    """Answer whatever is raised, once; where the answer has begun, end it so that the caller notices.

    The framework has no handler for `Exception`: it would raise it again behind one, and the server's log
    would then show its message, which may hold what a customer sent.
    """

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await app(scope, receive, noting)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001  # whatever it is, it is answered
            if begun:
                _tell_operator(scope, error)
                raise AnswerCut from None
            await answered(scope, error)(scope, receive, send)

    return answering
