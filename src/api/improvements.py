"""`/v1/improvements`: what the institution changes for all, until when, and the cases that it comes from."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from api.admission import Admitted
from api.freshness import Want, awaited
from api.linked import Linked
from api.parameters import Cursor, Limit, case_number
from api.path_examples import CASES, NUMBER
from api.problems import Problem
from api.resources import Wait, language_for
from api.schemas import answers
from api.service import service_of
from api.tables import described_table
from api.threads import in_thread
from api.work import headers_of, listed
from api.work_filters import Ordered
from journey.touchpoints.touchpoint import Channel, Stage
from projections import effect, improvements, reading
from projections.case_links import cases_of
from projections.case_words import Party
from projections.effect_rows import Builds
from projections.names import state_name
from projections.work_lists import Filters, Urgency

router = APIRouter(prefix="/improvements", tags=["improvements"])

_COUNTED = ("improvements", "case_progress", "review_progress")
"""The projections that tell what an improvement came to."""

Number = Annotated[str, Path(description=NUMBER, examples=[CASES["improvement"]])]


@router.get(
    "",
    summary="List improvements",
    responses=described_table("Works", "a page of improvements"),
    response_class=Response,
)
async def list_improvements(
    *,
    request: Request,
    caller: Admitted,  # noqa: ARG001  # checked by being declared
    want: Want,
    state: Annotated[str | None, Query(description="in this state of the lifecycle")] = None,
    turn: Annotated[Party | None, Query(description="nobody: those whose effect is measured")] = None,
    stage: Annotated[Stage | None, Query(description="felt in this stage; `category` of an item")] = None,
    channel: Annotated[Channel | None, Query(description="felt in this channel")] = None,
    product: Annotated[str | None, Query(description="felt with this product")] = None,
    due: Annotated[
        Urgency | None,
        Query(description="overdue, or soon: at least four fifths of the time are over, or urgent: either"),
    ] = None,
    order: Ordered = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """List improvements whose effect is yet to be measured, what is due first; others where `state` asks."""
    filters = Filters(
        kind="improvement",
        state=state,
        turn=turn,
        category=stage,
        channel=channel,
        product=product,
        due=due,
        only_open=True,
    )
    return await listed(request, want, filters, order or "due", limit, cursor)


@router.get(
    "/{number:path}/effect",
    summary="Compare before and after",
    responses=answers("Effect", "the figures of the improvement's area, before and after"),
    response_class=Response,
)
async def get_effect(
    request: Request,
    caller: Admitted,  # noqa: ARG001  # checked by being declared
    number: Number,
    want: Want,
    days: Annotated[int, Query(ge=1, le=3_660, description="compare as many days, at most")] = 90,
) -> Response:
    """Compare the cases of as long a time before work began and after the improvement was in effect.

    Of each measure: what it was, of how many, and how sure the difference is. Before the improvement is in
    effect there are the figures before alone.
    """
    key, service, language = case_number(number), service_of(request), language_for(request)
    stale = any([await awaited(service, name, want) for name in _COUNTED])

    def read() -> tuple[dict[str, str], dict[str, Any]]:
        now = service.clock()
        with service.views.connect() as connection:
            fresh = {name: reading.freshness(connection, name) for name in _COUNTED}
            improvement = improvements.find(connection, fresh["improvements"].build, key)
            if improvement is None:
                raise Problem("not-found")
            builds = Builds(fresh["case_progress"].build, fresh["review_progress"].build)
            compared, area = effect.periods(improvement, days, now), effect.area_of(improvement)
            found = effect.figures(connection, builds, area, compared)
        least = min(fresh.values(), key=lambda each: each.position)
        told = {
            "number": key,
            "state": improvement.state,
            "state_name": state_name("improvement", improvement.state, language),
            "area": improvements.area(improvement, language),
        }
        answer = {**told, **effect.answer(area, compared, found, language)}
        return headers_of(service, least, language, now), answer

    headers, body = await in_thread(read)
    body |= {"stale": True} if stale else {}
    return Response(orjson.dumps(body), headers=headers, media_type="application/json")


@router.get(
    "/{number:path}",
    summary="Tell an improvement",
    responses=answers("Improvement", "the improvement"),
    response_class=Response,
)
async def get_improvement(
    request: Request, caller: Admitted, number: Number, want: Want, wait: Wait = 0
) -> Response:
    """Tell what is promised, until when, how far it has come, and which cases it answers."""
    key, service, language = case_number(number), service_of(request), language_for(request)
    resource = Linked(request, service, caller, "improvements", key, language, key, "cases", cases_of)
    return await resource.answer(want, wait)
