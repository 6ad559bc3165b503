"""`/v1/applications`: the status of an application, as the customer follows it."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.admission import Admitted
from api.caller import Caller
from api.freshness import Want, awaited, freshness_headers, told_freshness
from api.pages import following, linked, place_of
from api.parameters import Cursor, Limit, case_number
from api.path_examples import ApplicationNumber
from api.reader import reader_of
from api.resources import CONTENT_LANGUAGE, LastEventId, Resource, Wait, language_for
from api.schemas import answers, stream_of
from api.service import service_of
from api.tables import described_table
from api.threads import in_thread
from api.work import as_of
from api.work_filters import Filtered, Ordered
from projections import reading, work_lists
from projections.moments import utc_text

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
    filters: Filtered,
    order: Ordered = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """List applications by their numbers; who works on them finds by reviewer, step and time limit."""
    service, language = service_of(request), language_for(request)
    projection = service.projections["review_progress"]
    names = [name for name in work_lists.place(order or "number") if name != "kind"]
    place = place_of(cursor, (str,) * len(names))
    stale = await awaited(service, "review_progress", want)

    def read() -> tuple[dict[str, str], list[Any], str | None]:
        now = service.clock()
        with service.views.connect() as connection:
            fresh = reading.freshness(connection, "review_progress")
            wanted = work_lists.conditions(projection.table, fresh.build, filters, utc_text(now))
            query = _page(projection.table, [*wanted, *_own(projection.table, caller)], names, place)
            rows = connection.execute(query.limit(limit + 1)).mappings().all()
        more = following(request, [rows[limit - 1][name] for name in names]) if len(rows) > limit else None
        assert projection.answer is not None  # noqa: S101  # it has states to tell
        items = [
            orjson.Fragment(projection.answer(row["state"], language, caller.audience))
            for row in rows[:limit]
        ]
        return {**freshness_headers(service, fresh), **as_of(now)}, items, more

    fresh, items, more = await in_thread(read)
    headers = {
        **fresh,
        "Content-Language": CONTENT_LANGUAGE[language],
        "Vary": "Accept, Accept-Language, Authorization",
    }
    return linked(request, items, more, headers, stale=stale, table="Applications")


def _own(table: sa.Table, caller: Caller) -> list[sa.ColumnElement[bool]]:
    return [] if caller.subject is None else [table.c.stream_id == caller.subject]


def _page(
    table: sa.Table,
    wanted: Sequence[sa.ColumnElement[bool]],
    names: Sequence[str],
    after: Sequence[str] | None,
) -> sa.Select[Any]:
    by = [table.c[name] for name in names]
    query = sa.select(table).where(*wanted).order_by(*by)
    return query if after is None else query.where(sa.tuple_(*by) > sa.tuple_(*after))


async def _application(request: Request, caller: Admitted, number: ApplicationNumber) -> Resource:
    key = case_number(number)
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
