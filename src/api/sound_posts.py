"""Posts of single events of which nothing is to be said, taken without the steps that would find something.

Most requests to the service are such. What is taken here, `POST /v1/events` would take just so, and answer
with the same bytes; where anything needs a closer look nothing is done, and the request goes that way.
"""

import asyncio
from typing import NamedTuple

from fastapi import Response
from starlette.types import Scope

from api import problems
from api.admission import admitted_at_once
from api.content_modes import content_mode
from api.event_attributes import Reading
from api.heads import Head, head_in
from api.outcomes import answer
from api.problems import Problem
from api.service import Service
from api.sound_events import sound_event
from journey.appender import Outcome, Submission
from journey.errors import JourneyError
from journey.strict_json import parse
from journey.touchpoints.touchpoint import SEALED

_PATH = "/v1/events"
_SEALED = SEALED.encode()


class Posted(NamedTuple):
    """An event that was handed to the writer, or one too many."""

    scope: Scope
    outcomes: "asyncio.Future[list[Outcome]]"

    def answer(self) -> Response:
        """Answer; call it when the outcomes are there."""
        if self.outcomes.cancelled():
            return problems.answered(self.scope, Problem("busy"))
        failure = self.outcomes.exception()
        if failure is not None:
            return problems.answered(self.scope, failure)
        (outcome,) = self.outcomes.result()
        return (
            problems.answered(self.scope, outcome) if isinstance(outcome, JourneyError) else answer(outcome)
        )


def post_at_once(service: Service, scope: Scope, body: bytes) -> Posted | None:
    """Hand the event of a request to the writer; None, and nothing done, where that takes a closer look."""
    if scope["path"] != _PATH or scope["query_string"] or len(body) > service.settings.max_event_bytes:
        return None
    head = head_in(scope)
    if b"if-match" in head or _SEALED in body:
        return None
    try:
        return _posted(service, scope, head, body) if content_mode(head) == "structured" else None
    except Problem as problem:
        return _refused(scope, problem) if problem.code == "too-many-requests" else None
    except Exception:  # noqa: BLE001  # whatever it is, that way finds it too, and says so
        return None


def _refused(scope: Scope, problem: Problem) -> Posted:
    """Answer who sends far more than they may: to find that out twice each time would be at others' cost."""
    outcomes: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
    outcomes.set_exception(problem)
    return Posted(scope, outcomes)


def _posted(service: Service, scope: Scope, head: Head, body: bytes) -> Posted | None:
    """Do so; an error shows that it takes a closer look."""
    caller = admitted_at_once(scope, head, service, "post_events")
    if caller is None:
        return None
    settings = service.settings
    event = sound_event(parse(body, max_depth=settings.max_depth), Reading(settings, service.clock()))
    if event is None or caller.source not in (None, event.source):
        return None
    return Posted(scope, service.appender.submit(Submission([event], caller.lifecycle)))
