"""The shape of a problem in an answer: RFC 9457, in the caller's language."""

from typing import Any

import orjson
from starlette.responses import Response

from api.languages import Tag, language_of, localised
from api.problems.problem import Problem
from journey.words import Words

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "1"
"""Seconds to wait where nobody knows better."""


def body(problem: Problem, tag: Tag, instance: str | None) -> dict[str, Any]:
    """Return the members of the answer; `instance` is a URI reference to what was asked."""

    def said(words: Words) -> str:
        return localised(words.in_language(language_of(tag)), tag)

    standard = {
        "type": f"/problems/{problem.code}",
        "title": said(problem.title),
        "status": problem.status,
        "detail": said(problem.detail),
        "instance": instance,
        "code": problem.code,
        "retryable": problem.retryable,
        "errors": [{"pointer": error.pointer, "detail": said(error.detail)} for error in problem.errors],
    }
    return standard | {name: value for name, value in problem.extra.items() if name not in standard}


def response(problem: Problem, tag: Tag, instance: str | None) -> Response:
    """Return the whole answer, with the headers that its status demands."""
    headers = {
        "Content-Language": tag,
        "Vary": "Accept-Language",
        "Cache-Control": "no-store",
        **_demanded(problem),
        **problem.headers,
    }
    return Response(orjson.dumps(body(problem, tag, instance)), problem.status, headers, MEDIA_TYPE)


def _demanded(problem: Problem) -> dict[str, str]:
    if problem.code == "insufficient-scope":
        scopes = problem.extra.get("scopes", [problem.extra.get("scope")])
        needed = " ".join(filter(None, scopes))
        scope = f', scope="{needed}"' if needed else ""
        return {"WWW-Authenticate": f'Bearer error="insufficient_scope"{scope}'}
    if problem.status == 401:  # noqa: PLR2004  the status that demands a challenge (RFC 9110)
        return {"WWW-Authenticate": 'Bearer realm="journey"'}
    if problem.retryable:
        return {"Retry-After": RETRY_AFTER}
    return {}
