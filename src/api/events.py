"""`/v1/events`: CloudEvents in, one honest outcome for each out; and the log itself, to follow."""

from typing import Annotated, assert_never

import orjson
from fastapi import APIRouter, Query, Request, Response

from api.admission import Admitted
from api.content_modes import content_mode
from api.event_examples import POST_EVENTS
from api.heads import head_of
from api.intake import Intake, Options, refuse_precondition
from api.languages import negotiate
from api.ndjson import NdjsonAnswer
from api.outcomes import answer, batch_answer, lines_answer
from api.pages import linked
from api.parameters import LARGEST_POSITION, Limit, missing_parameter
from api.representations import as_cloudevent
from api.schemas import answers
from api.service import service_of
from api.tables import described_table
from api.threads import in_thread
from journey.errors import DamagedEvent
from journey.events import Position
from journey.journey import LifecycleMode

router = APIRouter(tags=["events"])

Mode = Annotated[
    LifecycleMode | None,
    Query(description="`strict` refuses what the lifecycle does not allow; `record` keeps and marks it"),
]


@router.post(
    "/events",
    status_code=201,
    summary="Append events",
    openapi_extra=POST_EVENTS,
    responses=answers("Appended", "the event is in the log", 201),
    response_class=Response,
)
async def post_events(
    *,
    request: Request,
    caller: Admitted,
    lifecycle: Mode = None,
    atomic: Annotated[bool, Query(description="all events of the batch, or none")] = False,
    validate_only: Annotated[bool, Query(description="check everything, write nothing")] = False,
) -> Response:
    """Append one event or a batch; the content type says which.

    The same `source` and `id` count once, for ever: sending again is always safe. A single event may also
    come in binary mode: its attributes as percent-encoded headers `ce-…`, its data as the body. Lines
    (`application/x-ndjson`) are read and answered as a stream of any length; with `atomic` or
    `validate_only` they are one batch, within its limits.
    """
    options = Options(lifecycle or caller.lifecycle, atomic, validate_only)
    intake = Intake(request, caller, options)
    mode = content_mode(head_of(request))
    if mode in ("batched", "lines"):
        refuse_precondition(request)
    match mode:
        case "structured":
            return answer(await intake.structured())
        case "binary":
            return answer(await intake.binary())
        case "batched":
            return batch_answer(await intake.batch())
        case "lines" if options.together:
            return lines_answer(await intake.batch_of_lines())
        case "lines":
            return NdjsonAnswer(request, intake)
    assert_never(mode)


@router.options(
    "/events",
    summary="Tell the limits",
    responses=answers("Limits", "the limits of what may be posted"),
    response_class=Response,
)
async def event_limits(request: Request, caller: Admitted) -> Response:  # noqa: ARG001  # whoever may write may ask
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
        orjson.dumps(limits), media_type="application/json", headers={"Allow": "GET, OPTIONS, POST"}
    )


@router.get(
    "/events",
    summary="Follow the log",
    responses=described_table("Events", "events, in the order of the log"),
    response_class=Response,
)
async def get_events(
    *,
    request: Request,
    caller: Admitted,  # noqa: ARG001  # checked by being declared
    limit: Limit = 100,
    after: Annotated[
        int, Query(ge=0, le=LARGEST_POSITION, description="events with a position greater than this")
    ] = 0,
    source: Annotated[str | None, Query(description="with `id`: the one event of this key")] = None,
    id: Annotated[str | None, Query(description="with `source`: the one event of this key")] = None,  # noqa: A002  # CloudEvents' word
) -> Response:
    """Follow the log in the order of commits: no event ever appears at a position that was already passed.

    An event that is not what was appended is told without its content, as `damaged`, with a `problem` that
    says what is wrong; asked for alone, the problem is the answer.
    """
    log, tag = service_of(request).log, negotiate(request.headers.get("accept-language"))
    if source is not None and id is not None:
        known = (await in_thread(lambda: log.find([(source, id)]))).get((source, id))
        if known is not None and known.event.damaged:
            raise DamagedEvent.at(known.event.position)
        return linked(request, [as_cloudevent(known.event, tag)] if known else [], None, table="Events")
    if source is not None or id is not None:
        raise missing_parameter("id" if id is None else "source")
    events = await in_thread(lambda: log.read_all(Position(after), limit))
    following = f"/v1/events?after={events[-1].position}&limit={limit}" if len(events) == limit else None
    return linked(request, [as_cloudevent(event, tag) for event in events], following, table="Events")
