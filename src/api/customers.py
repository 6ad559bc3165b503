"""`/v1/customers`: current state and the journey."""

from collections.abc import AsyncIterator
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import AwareDatetime

from api.caller import Analyst
from api.freshness import MinPosition, MinPositionHeader, awaited, freshness_headers, in_thread, wanted
from api.languages import language_of, negotiate
from api.pages import Cursor, Limit, following, place_of
from api.problems import Problem
from api.resources import CONTENT_LANGUAGE, LastEventId, Resource, Wait
from api.service import service_of
from journey.touchpoints.touchpoint import Channel, Stage
from projections import reading, timeline_pages
from projections.moments import utc_text

router = APIRouter(prefix="/customers/{customer}", tags=["customers"])

# How many items of a timeline one look for news takes.
_NEWS = 100


@router.get("", response_class=Response)
async def get_customer(
    request: Request,
    caller: Analyst,
    customer: str,
    min_position: MinPosition = None,
    min_position_header: MinPositionHeader = None,
    wait: Wait = 0,
) -> Response:
    """Tell a customer's current state: profile, open cases, last contact."""
    resource = _customer(request, caller, customer)
    longest = resource.service.settings.max_wait
    return await resource.answer(
        wanted(request, min_position, min_position_header, longest), min(wait, longest)
    )


@router.get("/timeline", response_class=Response)
async def get_timeline(
    request: Request,
    caller: Analyst,
    customer: str,
    stage: Stage | None = None,
    type: Annotated[str | None, Query(description="a type of the catalogue")] = None,  # noqa: A002  # CloudEvents' word
    channel: Channel | None = None,
    case: Annotated[str | None, Query(description="a case number")] = None,
    since: Annotated[AwareDatetime | None, Query(description="happened at or after")] = None,
    until: Annotated[AwareDatetime | None, Query(description="happened before")] = None,
    as_of: Annotated[AwareDatetime | None, Query(description="what had happened by then")] = None,
    as_known_at: Annotated[AwareDatetime | None, Query(description="what had been recorded by then")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    min_position: MinPosition = None,
    min_position_header: MinPositionHeader = None,
) -> Response:
    """Tell the journey: every event across channels and cases, in the order in which they happened."""
    resource = _customer(request, caller, customer)
    service = resource.service
    want = wanted(request, min_position, min_position_header, service.settings.max_wait)
    filters = timeline_pages.Filters(
        stage=stage,
        type=type,
        channel=channel,
        case=case,
        since=utc_text(since) if since else None,
        until=utc_text(until) if until else None,
        as_of=utc_text(as_of) if as_of else None,
        as_known_at=utc_text(as_known_at) if as_known_at else None,
    )
    place = place_of(cursor, (str, int))
    stale = await awaited(service.watch, "timeline", want)
    known = await resource.found()

    def read() -> tuple[reading.Freshness, list[str], str | None]:
        with service.views.connect() as connection:
            fresh = reading.freshness(connection, "timeline")
            after = (place[0], place[1]) if place else None
            rows = timeline_pages.page(connection, fresh, customer, filters, after, limit + 1)
        more = len(rows) > limit
        last = rows[limit - 1] if more else None
        items = [row[f"body_{resource.language}"] for row in rows[:limit]]
        return fresh, items, following(request, [last["occurred_at"], last["position"]]) if last else None

    fresh, items, next_page = await in_thread(read)
    headers = {
        "Content-Language": CONTENT_LANGUAGE[resource.language],
        "Vary": "Accept-Language, Authorization",
        "Cache-Control": "private, no-cache",
        **(await in_thread(lambda: freshness_headers(request, fresh, known.parked_at))),
    }
    if next_page:
        headers["Link"] = f'<{next_page}>; rel="next"'
    flag = b',"stale":true' if stale or known.parked_at is not None else b""
    body = b'{"items":[%b],"next":%b%b}' % (",".join(items).encode(), orjson.dumps(next_page), flag)
    return Response(body, media_type="application/json", headers=headers)


@router.get("/stream", response_class=EventSourceResponse)
async def stream_journey(
    request: Request, caller: Analyst, customer: str, last_event_id: LastEventId = None
) -> AsyncIterator[ServerSentEvent]:
    """Send each new event of the journey as it is recorded; `Last-Event-ID` resumes after a position."""
    resource = _customer(request, caller, customer)
    service = resource.service
    position = last_event_id or 0
    language = language_of(negotiate(request.headers.get("accept-language")))
    while True:
        after = position

        def read(after: int = after) -> tuple[reading.Freshness, list[tuple[int, str]]]:
            with service.views.connect() as connection:
                fresh = reading.freshness(connection, "timeline")
                rows = timeline_pages.news(connection, fresh, customer, after, _NEWS)
            return fresh, [(row["position"], row[f"body_{language}"]) for row in rows]

        fresh, items = await in_thread(read)
        for position, body in items:  # noqa: B020  # the position of the last item sent is where to go on
            yield ServerSentEvent(raw_data=body, id=str(position), event="touchpoint")
        if not items:
            await service.watch.changed("timeline", fresh.position, service.settings.max_wait)


def _customer(request: Request, caller: Analyst, customer: str) -> Resource:
    if not caller.may_read(customer):
        raise Problem("not-found")
    return Resource(request, caller, service_of(request).projections["current_state"], customer)
