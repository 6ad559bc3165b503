"""`/v1/events`: CloudEvents in, one honest outcome for each out; and the log itself, to follow."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request, Response

from api import problems
from api.bodies import read_body
from api.caller import Analyst, Caller, Channel
from api.cloudevents import Reading, from_headers, read_event, too_large
from api.event_examples import POST_EVENTS
from api.field_errors import fault_errors
from api.languages import Tag, negotiate
from api.ndjson import NdjsonAnswer
from api.outcomes import Item, answer, batch_answer, item
from api.pages import Limit, linked
from api.problems import Problem
from api.representations import as_cloudevent
from api.service import Service, service_of
from journey.appender import Outcome, Submission
from journey.errors import JourneyError
from journey.events import Event, Position, Version
from journey.journey import LifecycleMode
from journey.strict_json import StrictJSONError, parse

router = APIRouter(tags=["events"])

# How many events of a batch go to the writer at once, so that a large batch does not hold up single events.
_PIECE = 1_000

Mode = Annotated[
    LifecycleMode | None,
    Query(description="`strict` refuses what the lifecycle does not allow; `record` keeps and marks it"),
]


@router.post("/events", status_code=201, openapi_extra=POST_EVENTS, response_class=Response)
async def post_events(
    request: Request,
    caller: Channel,
    lifecycle: Mode = None,
    atomic: Annotated[bool, Query(description="all events of the batch, or none")] = False,
    validate_only: Annotated[bool, Query(description="check everything, write nothing")] = False,
) -> Response:
    """Append one event or a batch; the content type says which.

    The same `source` and `id` count once, for ever: sending again is always safe.
    """
    intake = Intake(request, caller, lifecycle or caller.lifecycle, atomic, validate_only)
    content_type = request.headers.get("content-type", "").lower()
    media_type, _, parameters = content_type.partition(";")
    media_type = media_type.strip()
    if "charset" in parameters and "utf-8" not in parameters:
        raise Problem("unsupported-content-type")
    if media_type == "application/cloudevents-batch+json":
        return await intake.batch()
    if media_type == "application/x-ndjson":
        return NdjsonAnswer(request, intake)
    if "ce-id" in request.headers or "ce-specversion" in request.headers:
        return await intake.binary(media_type)
    if media_type in ("application/cloudevents+json", "application/json"):
        return await intake.structured()
    raise Problem("unsupported-content-type")


@router.options("/events", response_class=Response)
async def event_limits(request: Request, caller: Channel) -> Response:  # noqa: ARG001  # whoever may write may ask
    """Tell the limits of what may be posted."""
    settings = service_of(request).settings
    limits = {
        "max_event_bytes": settings.max_event_bytes,
        "max_batch_events": settings.max_batch_events,
        "max_batch_bytes": settings.max_batch_bytes,
        "max_depth": settings.max_depth,
        "future_tolerance_seconds": settings.future_tolerance,
    }
    return Response(
        orjson.dumps(limits), media_type="application/json", headers={"Allow": "GET, POST, OPTIONS"}
    )


@router.get("/events", response_class=Response)
def get_events(
    request: Request,
    caller: Analyst,  # noqa: ARG001  # checked by being declared
    limit: Limit = 100,
    after: Annotated[int, Query(ge=0, description="events with a position greater than this")] = 0,
    source: Annotated[str | None, Query(description="with `id`: the one event of this key")] = None,
    id: Annotated[str | None, Query()] = None,  # noqa: A002  # CloudEvents' word
) -> Response:
    """Follow the log in the order of commits: no event ever appears at a position that was already passed."""
    log = service_of(request).log
    if source is not None and id is not None:
        known = log.find([(source, id)]).get((source, id))
        return linked([as_cloudevent(known.event)] if known else [], None)
    events = log.read_all(Position(after), limit)
    following = f"/v1/events?after={events[-1].position}&limit={limit}" if len(events) == limit else None
    return linked([as_cloudevent(event) for event in events], following)


class Intake:
    """The events of one request on their way to the writer."""

    def __init__(
        self, request: Request, caller: Caller, mode: LifecycleMode, atomic: bool, validate_only: bool
    ) -> None:
        self.tag: Tag = negotiate(request.headers.get("accept-language"))
        self.service: Service = service_of(request)
        self._request = request
        self._caller = caller
        self._mode = mode
        self._atomic = atomic
        self._validate_only = validate_only
        self._halted: JourneyError | None = None

    async def structured(self) -> Response:
        """Take one event in structured mode."""
        body = await read_body(self._request, self.service.settings.max_event_bytes, "event-too-large")
        return await self._single(self._parsed(body))

    async def binary(self, media_type: str) -> Response:
        """Take one event in binary mode: attributes in headers, its data as the body."""
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise Problem("unsupported-content-type")
        body = await read_body(self._request, self.service.settings.max_event_bytes, "event-too-large")
        data = self._parsed(body) if body else {}
        return await self._single(from_headers(self._request.headers, data))

    async def batch(self) -> Response:
        """Take a batch, each event on its own unless all or none was asked for."""
        settings = self.service.settings
        body = await read_body(self._request, settings.max_batch_bytes, "batch-too-large")
        values = self._parsed(body, extra_depth=1)
        if not isinstance(values, list):
            raise Problem("malformed-json")
        if len(values) > settings.max_batch_events:
            raise Problem("batch-too-large", extra={"limit": settings.max_batch_events})
        items = await self.items(values, 0)
        return batch_answer(items)

    async def _single(self, value: Any) -> Response:
        event = self._read(value)
        (outcome,) = await self._submit([event], self._expected_version())
        if isinstance(outcome, JourneyError):
            raise outcome
        return answer(outcome)

    async def items(self, values: Sequence[Any], first: int) -> list[Item]:
        """Read, decide and append some events; return what became of each, numbered from `first`."""
        results: list[Item | None] = [None] * len(values)
        good: list[tuple[int, Event]] = []
        for place, value in enumerate(values):
            try:
                good.append((place, self._read(value)))
            except Problem as problem:
                results[place] = self._refused(first + place, value, problem)
        if self._atomic and len(good) < len(values):
            for place, event in good:
                results[place] = self._refused(first + place, event.id, Problem("batch-aborted"))
            good = []
        size = len(good) if self._atomic else _PIECE
        for start in range(0, len(good), size or 1):
            piece = good[start : start + size]
            outcomes = await self._outcomes([event for _, event in piece])
            for (place, event), outcome in zip(piece, outcomes, strict=True):
                if isinstance(outcome, JourneyError):
                    results[place] = self._refused(first + place, event.id, problems.of(outcome))
                else:
                    results[place] = item(first + place, outcome)
        return [result for result in results if result is not None]

    async def lines(self, lines: Sequence[bytes | None], first: int) -> list[Item]:
        """Take some lines of NDJSON; None stands for a line that was too long to keep."""
        values: list[Any] = []
        for line in lines:
            try:
                values.append(Problem("event-too-large") if line is None else self._parsed(line))
            except Problem as problem:
                values.append(problem)
        return await self.items(values, first)

    def _parsed(self, body: bytes, extra_depth: int = 0) -> Any:
        try:
            return parse(body, max_depth=self.service.settings.max_depth + extra_depth)
        except StrictJSONError as error:
            raise Problem("malformed-json", errors=tuple(fault_errors(error.faults))) from error

    def _read(self, value: Any) -> Event:
        if isinstance(value, Problem):
            raise value
        if too_large(value, self.service.settings):
            raise Problem("event-too-large", extra={"limit": self.service.settings.max_event_bytes})
        event = read_event(value, Reading(self.service.settings, self.service.clock()))
        if self._caller.source is not None and event.source != self._caller.source:
            raise Problem("source-not-yours", extra={"source": self._caller.source})
        return event

    def _refused(self, index: int, value: Any, problem: Problem) -> Item:
        id_ = value.get("id") if isinstance(value, dict) else value
        return item(index, problem, id_=id_ if isinstance(id_, str) else None, tag=self.tag)

    async def _outcomes(self, events: Sequence[Event]) -> list[Outcome]:
        """Submit events of a batch; a writer that takes no more refuses these and all that follow.

        Later events may build on these: taken without them, they would be refused or kept as deviations.
        """
        if self._halted is None:
            try:
                outcomes = await self._submit(events, None)
            except JourneyError as error:
                self._halted = error
            else:
                failed = (each for each in outcomes if isinstance(each, JourneyError))
                self._halted = next((each for each in failed if problems.of(each).retryable), None)
                return outcomes
        return [self._halted for _ in events]

    async def _submit(self, events: Sequence[Event], expected_version: Version | None) -> list[Outcome]:
        submission = Submission(
            events=events,
            mode=self._mode,
            expected_version=expected_version,
            atomic=self._atomic,
            validate_only=self._validate_only,
        )
        return await asyncio.wrap_future(self.service.appender.submit(submission))

    def _expected_version(self) -> Version | None:
        """Read `If-Match: "17"`."""
        tag: str | Literal["*"] | None = self._request.headers.get("if-match")
        if tag is None:
            return None
        digits = tag.strip().removeprefix('"').removesuffix('"')
        if not digits.isascii() or not digits.isdecimal() or len(digits) > 15:  # noqa: PLR2004  # far above any version
            raise Problem("precondition-malformed")
        return Version(int(digits))
