"""`/v1/applications`: the status of an application, as the customer follows it."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.caller import Caller, Caseworker, StatusReader
from api.freshness import MinPosition, MinPositionHeader, awaited, freshness_headers, in_thread, wanted
from api.languages import language_of, negotiate
from api.pages import Cursor, Limit, following, linked, place_of
from api.problems import Problem
from api.resources import LastEventId, Resource, Wait
from api.service import service_of
from journey import case_numbers
from projections import reading

router = APIRouter(prefix="/applications", tags=["applications"])


@router.get("", response_class=Response)
async def list_applications(
    request: Request,
    caller: Caseworker,
    customer: Annotated[str | None, Query(description="of this customer")] = None,
    state: Annotated[str | None, Query(description="in this state")] = None,
    product: Annotated[str | None, Query(description="for this product")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    min_position: MinPosition = None,
    min_position_header: MinPositionHeader = None,
) -> Response:
    """List applications by their numbers."""
    service = service_of(request)
    want = wanted(request, min_position, min_position_header, service.settings.max_wait)
    await awaited(service.watch, "review_progress", want)
    table = service.projections["review_progress"].table
    place = place_of(cursor, (str,))
    equal = {"stream_id": caller.subject or customer, "state": state, "product": product}
    language = language_of(negotiate(request.headers.get("accept-language")))

    def read() -> tuple[reading.Freshness, list[Any], str | None]:
        with service.views.connect() as connection:
            fresh = reading.freshness(connection, "review_progress")
            query = (
                sa.select(table).where(table.c.build == fresh.build).order_by(table.c.number).limit(limit + 1)
            )
            for name, value in equal.items():
                if value is not None:
                    query = query.where(table.c[name] == value)
            if place is not None:
                query = query.where(table.c.number > place[0])
            rows = connection.execute(query).mappings().all()
        more = following(request, [rows[limit - 1]["number"]]) if len(rows) > limit else None
        return fresh, [orjson.Fragment(row[f"body_{language}"]) for row in rows[:limit]], more

    fresh, items, next_page = await in_thread(read)
    return linked(items, next_page, await in_thread(lambda: freshness_headers(request, fresh)))


@router.get("/{number}", response_class=Response)
async def get_application(
    request: Request,
    caller: StatusReader,
    number: str,
    min_position: MinPosition = None,
    min_position_header: MinPositionHeader = None,
    wait: Wait = 0,
) -> Response:
    """Tell how an application stands: progress, steps, what is missing, who is at work, when it will be done."""
    resource = _application(request, caller, number)
    longest = resource.service.settings.max_wait
    return await resource.answer(
        wanted(request, min_position, min_position_header, longest), min(wait, longest)
    )


@router.get("/{number}/stream", response_class=EventSourceResponse)
async def stream_application(
    request: Request, caller: StatusReader, number: str, last_event_id: LastEventId = None
) -> AsyncIterator[ServerSentEvent]:
    """Send the status now and with each change; `Last-Event-ID` resumes after a position."""
    async for event in _application(request, caller, number).events(last_event_id):
        yield event


def _application(request: Request, caller: Caller, number: str) -> Resource:
    if case_numbers.has_wrong_check(number):
        raise Problem("case-number-mistyped")
    projection = service_of(request).projections["review_progress"]
    return Resource(request, caller, projection, case_numbers.normalised(number))
