"""What became of posted events, as answers."""

from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import Response

from api import problems
from api.languages import Tag
from api.problems import Problem
from api.ready import ready_json
from journey.appender import Appended

Item = dict[str, Any]
"""One event's line of a batch's answer."""

_CONFLICTS = frozenset({"event-id-reused", "version-mismatch", "case-of-another-customer"})


def answer(outcome: Appended) -> Response:
    """Answer for a single event that is in the log, or (validated only) could be."""
    body = {
        "id": outcome.id,
        "customer": outcome.stream_id,
        "type": outcome.type,
        "case": outcome.case,
        "version": outcome.version,
        "position": outcome.position,
        "duplicate": outcome.duplicate,
        "deviation": outcome.deviation,
    }
    if outcome.position is None:
        return ready_json(orjson.dumps({**body, "valid": True}))
    return ready_json(
        orjson.dumps(body),
        200 if outcome.duplicate else 201,
        (b"etag", b'"%d"' % outcome.version),
        (b"journey-position", b"%d" % outcome.position),
    )


def item(index: int, outcome: Appended | Problem, id_: str | None = None, tag: Tag = "en") -> Item:
    """Return the line of one event of a batch."""
    if isinstance(outcome, Problem):
        return {
            "index": index,
            "id": id_,
            "status": _status(outcome),
            "position": None,
            "version": None,
            "retryable": outcome.retryable,
            "problem": problems.body(outcome, tag, f"/v1/events#{index}"),
        }
    return {
        "index": index,
        "id": outcome.id,
        "status": "duplicate" if outcome.duplicate else "accepted",
        "customer": outcome.stream_id,
        "case": outcome.case,
        "position": outcome.position,
        "version": outcome.version,
        "deviation": outcome.deviation,
        "retryable": False,
        "problem": None,
    }


def _status(problem: Problem) -> str:
    if problem.code == "batch-aborted":
        return "aborted"
    return "conflict" if problem.code in _CONFLICTS else "rejected"


def batch_answer(items: Sequence[Item]) -> Response:
    """Answer for a batch: 200 all well, 207 mixed, 503 none taken yet, 422 none ever."""
    accepted = sum(entry["status"] == "accepted" for entry in items)
    duplicate = sum(entry["status"] == "duplicate" for entry in items)
    rejected = len(items) - accepted - duplicate
    headers = {}
    if not rejected:
        status = 200
    elif accepted or duplicate:
        status = 207
    elif any(entry["retryable"] for entry in items):
        status, headers = 503, {"Retry-After": "1"}
    else:
        status = 422
    headers |= _position(items)
    body = {"accepted": accepted, "duplicate": duplicate, "rejected": rejected, "items": list(items)}
    return Response(orjson.dumps(body), status_code=status, media_type="application/json", headers=headers)


def lines_answer(items: Sequence[Item]) -> Response:
    """Answer with a line for each event."""
    body = b"".join(orjson.dumps(entry) + b"\n" for entry in items)
    return Response(body, media_type="application/x-ndjson", headers=_position(items))


def _position(items: Sequence[Item]) -> dict[str, str]:
    positions = [entry["position"] for entry in items if entry["position"] is not None]
    return {"Journey-Position": str(max(positions))} if positions else {}
