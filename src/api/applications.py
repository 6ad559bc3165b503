"""`/v1/applications`: the status of an application, as the customer follows it."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.admission import Admitted
from api.freshness import Want, awaited, freshness_headers, told_freshness
from api.pages import following, linked, place_of
from api.parameters import Cursor, Limit
from api.path_examples import ApplicationNumber
from api.problems import Problem
from api.reader import reader_of
from api.resources import CONTENT_LANGUAGE, LastEventId, Resource, Wait, language_for
from api.schemas import answers, stream_of
from api.service import service_of
from api.tables import described_table
from api.threads import in_thread
from journey import case_numbers
from projections import reading

router = APIRouter(prefix="/applications", tags=["applications"])


@router.get(
    "",
    summary="List applications",
    responses=described_table("Applications", "a page of applications"),
    response_class=Response,
)
async def list_applications(
    *,
    request: Request,
    caller: Admitted,
    want: Want,
    customer: Annotated[str | None, Query(description="of this customer")] = None,
    state: Annotated[str | None, Query(description="in this state of the lifecycle")] = None,
    product: Annotated[str | None, Query(description="for this product")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """List applications by their numbers."""
    service = service_of(request)
    projection = service.projections["review_progress"]
    place = place_of(cursor, (str,))
    wanted = [
        ("stream_id", caller.subject),
        ("stream_id", customer),
        ("case_state", state),
        ("product", product),
    ]
    language = language_for(request)
    stale = await awaited(service, "review_progress", want)

    def read() -> tuple[dict[str, str], list[Any], str | None]:
        with service.views.connect() as connection:
            fresh = reading.freshness(connection, "review_progress")
            after = place[0] if place else None
            rows = (
                connection.execute(_page(projection.table, fresh.build, wanted, after, limit))
                .mappings()
                .all()
            )
        more = following(request, [rows[limit - 1]["number"]]) if len(rows) > limit else None
        assert projection.answer is not None  # noqa: S101  # it has states to tell
        items = [
            orjson.Fragment(projection.answer(row["state"], language, caller.audience))
            for row in rows[:limit]
        ]
        return freshness_headers(service, fresh), items, more

    fresh, items, more = await in_thread(read)
    headers = {
        **fresh,
        "Content-Language": CONTENT_LANGUAGE[language],
        "Vary": "Accept, Accept-Language, Authorization",
    }
    return linked(request, items, more, headers, stale=stale, table="Applications")


def _page(
    table: sa.Table, build: int, wanted: Sequence[tuple[str, str | None]], after: str | None, limit: int
) -> sa.Select[Any]:
    query = sa.select(table).where(table.c.build == build).order_by(table.c.number).limit(limit + 1)
    for name, value in wanted:
        if value is not None:
            query = query.where(table.c[name] == value)
    return query if after is None else query.where(table.c.number > after)


async def _application(request: Request, caller: Admitted, number: ApplicationNumber) -> Resource:
    if case_numbers.has_wrong_check(number):
        raise Problem("case-number-mistyped")
    key = case_numbers.normalised(number)
    return Resource(request, service_of(request), caller, "review_progress", key, language_for(request))


Application = Annotated[Resource, Depends(_application)]


async def _followed(application: Application, response: Response) -> Resource:
    # A stream has begun when its function runs: what can be refused is refused before.
    response.headers.raw.extend(told_freshness(application.service, await application.seen()))
    reader_of(application.request, application.caller)
    return application


@router.get(
    "/{number:path}/stream",  # noqa: FAST003  # the dependency takes the number
    summary="Follow an application",
    responses=stream_of("the status, now and with each change"),
    response_class=EventSourceResponse,
)
async def stream_application(
    application: Annotated[Resource, Depends(_followed)], last_event_id: LastEventId = None
) -> AsyncIterator[ServerSentEvent]:
    """Send the status now and with each change; `Last-Event-ID` resumes after a position."""
    async for event in application.events(last_event_id):
        yield event


# After the stream: a number may have slashes, so this address takes whatever is left.
@router.get(
    "/{number:path}",  # noqa: FAST003  # the dependency takes the number
    summary="Tell an application's status",
    responses=answers("Application", "the status of the application"),
    response_class=Response,
)
async def get_application(application: Application, want: Want, wait: Wait = 0) -> Response:
    """Tell how an application stands: progress, steps, what is missing, whose turn it is, when it ends."""
    return await application.answer(want, wait)
