"""What a refusal of the service means to who sits at the command line."""

from collections.abc import Mapping
from typing import Any

import httpx


def refusal(response: httpx.Response) -> str:
    """Say what the service's refusal is, and what to do about it."""
    problem = _problem(response)
    said = ": ".join(str(problem[part]) for part in ("title", "detail") if problem.get(part))
    said = said or f"The service answered {response.status_code} to {response.request.url.path}"
    fields = [
        f"  {error.get('pointer', '')}: {error.get('detail', '')}" for error in problem.get("errors", ())
    ]
    return "\n".join([f"{said} ({response.status_code})", *fields, *_advice(response, problem)])


def _advice(response: httpx.Response, problem: Mapping[str, Any]) -> list[str]:
    match response.status_code:
        case 401:
            return [
                "Give a key with --key or JOURNEY_KEY: the first start of the service prints one, and",
                "'journey keys create --scope …' makes another.",
            ]
        case 403:
            scope = problem.get("scope") or _challenged_scope(response) or "that the message names"
            return [
                f"The key lacks the scope {scope}: 'journey keys create --scope …' makes one that has it."
            ]
        case 429 | 503:
            return [
                "The service stayed busy. Run the same command again later: what has arrived counts once."
            ]
        case _:
            return []


def _challenged_scope(response: httpx.Response) -> str | None:
    _, found, rest = response.headers.get("WWW-Authenticate", "").partition('scope="')
    return rest.partition('"')[0] if found else None


def _problem(response: httpx.Response) -> Mapping[str, Any]:
    if "json" not in response.headers.get("Content-Type", ""):
        return {}
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
