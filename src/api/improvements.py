"""`/v1/improvements`: what the institution changes for all, until when, and the cases that it comes from."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.admission import Admitted
from api.freshness import Want
from api.linked import Linked
from api.parameters import Cursor, Limit
from api.path_examples import CASES, NUMBER
from api.problems import Problem
from api.resources import Wait, language_for
from api.schemas import answers
from api.service import service_of
from api.tables import described_table
from api.work import listed
from api.work_filters import Ordered
from journey import case_numbers
from journey.touchpoints.touchpoint import Channel, Stage
from projections.case_links import cases_of
from projections.case_words import Party
from projections.work_lists import Filters, Urgency

router = APIRouter(prefix="/improvements", tags=["improvements"])

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
    "/{number:path}",
    summary="Tell an improvement",
    responses=answers("Improvement", "the improvement"),
    response_class=Response,
)
async def get_improvement(
    request: Request, caller: Admitted, number: Number, want: Want, wait: Wait = 0
) -> Response:
    """Tell what is promised, until when, how far it has come, and which cases it answers."""
    if case_numbers.has_wrong_check(number):
        raise Problem("case-number-mistyped")
    key = case_numbers.normalised(number)
    service, language = service_of(request), language_for(request)
    resource = Linked(request, service, caller, "improvements", key, language, key, "cases", cases_of)
    return await resource.answer(want, wait)
