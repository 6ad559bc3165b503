"""The OpenAPI description: what FastAPI finds out by itself, and what all addresses have in common."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.deadline_schemas import DEADLINE_SCHEMAS
from api.policies import POLICIES
from api.privacy_schemas import PRIVACY_SCHEMAS
from api.problem_texts import PROBLEMS, ProblemCode
from api.reading_schemas import READING_SCHEMAS
from api.schemas import SCHEMAS
from api.work_schemas import WORK_SCHEMAS

Described = dict[str, Any]

_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key, made with `journey keys create`, or a token of the identity provider.",
}
_ANSWERED: tuple[tuple[str, ProblemCode], ...] = (
    ("400", "malformed-json"),
    ("401", "unauthorized"),
    ("403", "insufficient-scope"),
    ("404", "not-found"),
    ("406", "not-acceptable"),
    ("409", "event-id-reused"),
    ("412", "version-mismatch"),
    ("413", "event-too-large"),
    ("415", "unsupported-content-type"),
    ("422", "invalid-parameter"),
    ("429", "too-many-requests"),
    ("500", "internal-error"),
    ("503", "log-unavailable"),
)
_ON_POST_ONLY = frozenset({"400", "412", "413", "415"})


def _problem_answer(code: ProblemCode) -> Described:
    known = PROBLEMS[code]
    example = {
        "type": f"/problems/{code}",
        "title": known.title.en,
        "status": known.status,
        "detail": known.meaning.en,
        "instance": "/v1/events",
        "code": code,
        "retryable": known.retryable,
        "errors": [],
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": f"a problem, such as: {known.title.en}",
        "content": {"application/problem+json": {"schema": schema, "example": example}},
    }


PROBLEM_ANSWERS: dict[int | str, Described] = {
    int(status): _problem_answer(code) for status, code in _ANSWERED if status not in _ON_POST_ONLY
}
"""What may go wrong everywhere; included once for all routes."""
POST_PROBLEM_ANSWERS: dict[int | str, Described] = {
    int(status): _problem_answer(code) for status, code in _ANSWERED if status in _ON_POST_ONLY
}
"""What may go wrong only where a body is sent."""

_LANGUAGE: Described = {
    "name": "Accept-Language",
    "in": "header",
    "description": "en, zh-CN or zh-TW",
    "schema": {"type": "string"},
    "example": "zh-CN",
}
_PREFER: Described = {
    "name": "Prefer",
    "in": "header",
    "description": "with `min_position`: `wait=5` waits up to 5 s, `handling=strict` wants no stale answer",
    "schema": {"type": "string"},
}
_IF_NONE_MATCH: Described = {
    "name": "If-None-Match",
    "in": "header",
    "description": "the tag of the answer that is known: 304 while it is still right",
    "schema": {"type": "string"},
}
_PURPOSE: Described = {
    "name": "Journey-Purpose",
    "in": "header",
    "description": "why personal data is read, as a code: it is recorded with each reading",
    "schema": {"type": "string", "maxLength": 64},
    "example": "complaint-4711",
}
_PERSONAL = frozenset(policy.operation for policy in POLICIES.values() if policy.whose == "the customer's")
"""The operations whose answers may hold personal data."""
_FRESHNESS: Described = {
    "Journey-Position": {
        "description": "the position of the log that the answer shows",
        "schema": {"type": "integer"},
    },
    "Journey-Lag": {
        "description": "for how many seconds the oldest event that it does not show has been in the log",
        "schema": {"type": "number"},
    },
}


def describe(app: FastAPI) -> Described:
    """Return the description of `app`, made at the first call."""
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        described["security"] = [{"bearer": []}]
        components = described.setdefault("components", {})
        components["securitySchemes"] = {"bearer": _BEARER}
        components["schemas"] = {
            **SCHEMAS,
            **READING_SCHEMAS,
            **PRIVACY_SCHEMAS,
            **WORK_SCHEMAS,
            **DEADLINE_SCHEMAS,
        }
        for path, operations in described["paths"].items():
            for method, operation in operations.items():
                _complete(operation)
                if f"{method.upper()} {path}" in _PERSONAL:
                    operation["parameters"].append(_PURPOSE)
        app.openapi_schema = described
    return app.openapi_schema


def _complete(operation: Described) -> None:
    """Add the headers that no function of ours declares because all of them have them."""
    parameters = operation.setdefault("parameters", [])
    names = {parameter["name"] for parameter in parameters}
    parameters.append(_LANGUAGE)
    if "min_position" in names:
        parameters.append(_PREFER)
        operation["responses"]["200"]["headers"] = _FRESHNESS
    if "wait" in names:
        parameters.append(_IF_NONE_MATCH)
        operation["responses"]["304"] = {"description": "what is known is still right"}
