"""`/v1/customers`: current state and the journey."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.admission import Admitted
from api.freshness import Want, awaited, freshness_headers, told_freshness
from api.pages import following, linked, place_of
from api.parameters import Cursor, Limit, Moment
from api.path_examples import CustomerId
from api.problems import Problem
from api.reader import reader_of
from api.resources import CONTENT_LANGUAGE, LastEventId, Resource, Wait, language_for
from api.revealing import revealed
from api.schemas import answers, stream_of
from api.service import service_of
from api.tables import described_table
from api.threads import in_thread
from journey import case_numbers
from journey.touchpoints.touchpoint import Channel, Stage
from projections import reading, timeline, timeline_pages
from projections.moments import utc_text

router = APIRouter(prefix="/customers/{customer:path}", tags=["customers"])

# How many items of a timeline one look for news takes.
_NEWS = 100


async def _customer(request: Request, caller: Admitted, customer: CustomerId) -> Resource:
    if not caller.may_read(customer):
        raise Problem("not-found")
    service, language = service_of(request), language_for(request)
    return Resource(request, service, caller, "current_state", customer, language)


Customer = Annotated[Resource, Depends(_customer)]


async def _filters(
    *,
    caller: Admitted,
    stage: Annotated[Stage | None, Query(description="a stage of the journey")] = None,
    type: Annotated[str | None, Query(description="a type of the catalogue")] = None,  # noqa: A002  # CloudEvents' word
    channel: Annotated[Channel | None, Query(description="the channel that it came by")] = None,
    case: Annotated[str | None, Query(description="a case number")] = None,
    since: Annotated[Moment | None, Query(description="happened at or after")] = None,
    until: Annotated[Moment | None, Query(description="happened before")] = None,
    as_of: Annotated[Moment | None, Query(description="what had happened by then")] = None,
    as_known_at: Annotated[Moment | None, Query(description="what had been recorded by then")] = None,
) -> timeline_pages.Filters:
    return timeline_pages.Filters(
        stage=stage,
        type=type,
        channel=channel,
        case=case_numbers.normalised(case) if case is not None else None,
        since=utc_text(since) if since else None,
        until=utc_text(until) if until else None,
        as_of=utc_text(as_of) if as_of else None,
        as_known_at=utc_text(as_known_at) if as_known_at else None,
        audience=caller.audience,
    )


@router.get(
    "/timeline",
    summary="Tell a customer's journey",
    responses=described_table("Timeline", "a page of the journey"),
    response_class=Response,
)
async def get_timeline(
    *,
    request: Request,
    resource: Customer,
    want: Want,
    filters: Annotated[timeline_pages.Filters, Depends(_filters)],
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Tell the journey: every event across channels and cases, in the order in which they happened."""
    service, language, audience = resource.service, resource.language, resource.caller.audience
    place = place_of(cursor, (str, int))
    # Whether there is such a customer is told by their current state, which must not be behind either.
    behind = [await awaited(service, name, want) for name in ("timeline", resource.projection)]
    await resource.seen()

    def read() -> tuple[dict[str, str], list[Any], str | None]:
        with service.views.connect() as connection:
            fresh = reading.freshness(connection, "timeline")
            after = (place[0], place[1]) if place else None
            rows = timeline_pages.page(connection, fresh, resource.key, filters, after, limit + 1)
            parked_at = reading.parked_at(connection, fresh, resource.key)
        last = rows[limit - 1] if len(rows) > limit else None
        items = [orjson.Fragment(timeline.answer(row, language, audience)) for row in rows[:limit]]
        more = following(request, [last["occurred_at"], last["position"]]) if last else None
        return freshness_headers(service, fresh, parked_at), items, more

    fresh, items, more = await in_thread(read)
    headers = {
        **fresh,
        "Content-Language": CONTENT_LANGUAGE[language],
        "Vary": "Accept, Accept-Language, Authorization",
    }
    stale = any(behind) or "Journey-Parked" in fresh
    return linked(request, items, more, headers, stale=stale, table="Timeline")


async def _followed(customer: Customer, response: Response) -> Resource:
    # A stream has begun when its function runs: what can be refused is refused before.
    response.headers.raw.extend(told_freshness(customer.service, await customer.seen()))
    reader_of(customer.request, customer.caller)
    return customer


@router.get(
    "/stream",
    summary="Follow a customer's journey",
    responses=stream_of("each event of the journey, as it is recorded"),
    response_class=EventSourceResponse,
)
async def stream_journey(
    resource: Annotated[Resource, Depends(_followed)], last_event_id: LastEventId = None
) -> AsyncIterator[ServerSentEvent]:
    """Send the journey so far, then each new event as it is recorded.

    `Last-Event-ID` resumes after a position.
    """
    service, language, audience = resource.service, resource.language, resource.caller.audience
    reader, position = reader_of(resource.request, resource.caller), last_event_id or 0
    while True:

        def read(after: int = position) -> tuple[reading.Freshness, Sequence[Any]]:
            with service.views.connect() as connection:
                fresh = reading.freshness(connection, "timeline")
                return fresh, timeline_pages.news(connection, fresh, resource.key, audience, after, _NEWS)

        fresh, rows = await in_thread(read)
        # Together, so that what is opened for one look at the news is one record.
        sealed = b"\n".join(timeline.answer(row, language, audience) for row in rows)
        opened = (await revealed(service, reader, sealed, language)).split(b"\n")
        for row, told in zip(rows, opened, strict=False):
            position = row["position"]
            yield ServerSentEvent(raw_data=told.decode(), id=str(position), event="touchpoint")
        if not rows:
            await service.watch.changed("timeline", fresh.position, service.settings.max_wait)


# After the others: an id may have slashes, so this address takes whatever is left.
@router.get(
    "",
    summary="Tell a customer's current state",
    responses=answers("Customer", "the customer's current state"),
    response_class=Response,
)
async def get_customer(customer: Customer, want: Want, wait: Wait = 0) -> Response:
    """Tell a customer's current state: profile, open cases, last contact."""
    return await customer.answer(want, wait)
