"""`/v1/consultations`, `/v1/complaints`, `/v1/tickets`, `/v1/surveys`: one shape for all kinds."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.admission import Admitted
from api.freshness import Want, told_freshness
from api.linked import Linked
from api.parameters import Cursor, Limit, case_number
from api.path_examples import CASES, NUMBER
from api.reader import reader_of
from api.resources import LastEventId, Resource, Wait, language_for
from api.schemas import answers, stream_of
from api.service import service_of
from api.tables import described_table
from api.work import listed
from api.work_filters import Filtered, Ordered
from journey.touchpoints.touchpoint import CaseKind
from projections import case_progress
from projections.case_links import IMPROVED, improvements_of
from projections.work_lists import Order

router = APIRouter()

Case = Callable[..., Awaitable[Resource]]
"""What finds the case that a request is about."""


class Described(NamedTuple):
    """How the cases of one kind are called, and in which order they are listed."""

    kind: CaseKind
    plural: str
    order: Order
    listing: str
    telling: str


KINDS = (
    Described(
        "consultation",
        "consultations",
        "since",
        "List open consultations, the longest in its state first: with `state=waiting` who waits now.",
        "Tell how a consultation stands: how long the customer waited, who has it, what was answered.",
    ),
    Described(
        "complaint",
        "complaints",
        "due",
        "List open complaints, what is due first; closed ones where `state`, `turn` or `customer` asks.",
        "Tell how a complaint stands: who handles it, until when, what happened, result and measures.",
    ),
    Described(
        "ticket",
        "tickets",
        "since",
        "List open service tickets, the longest in its state first.",
        "Tell how a service ticket stands: who has it, what happened, what was answered.",
    ),
    Described(
        "survey",
        "surveys",
        "since",
        "List open surveys, the longest in its state first: with `state=following_up` what is looked into.",
        "Tell how a survey stands: what the customer said, and what came of it.",
    ),
)
"""The kinds; applications have addresses of their own."""


def _finding(described: Described) -> Case:
    example = CASES[described.kind]

    async def case(
        request: Request,
        caller: Admitted,
        number: Annotated[str, Path(description=NUMBER, examples=[example])],
    ) -> Resource:
        number = case_number(number)
        key = case_progress.key(described.kind, number)
        asked = (request, service_of(request), caller, "case_progress", key, language_for(request))
        if described.kind not in IMPROVED:
            return Resource(*asked)
        return Linked(*asked, number, "improvements", improvements_of)

    return case


def _add_list(described: Described) -> None:
    async def list_cases(
        *,
        request: Request,
        caller: Admitted,  # noqa: ARG001  # checked by being declared
        want: Want,
        filters: Filtered,
        order: Ordered = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Response:
        wanted = replace(filters, kind=described.kind, only_open=True)
        return await listed(request, want, wanted, order or described.order, limit, cursor)

    router.add_api_route(
        f"/{described.plural}",
        list_cases,
        name=f"list_{described.plural}",
        summary=f"List {described.plural}",
        description=described.listing,
        responses=described_table("Works", f"a page of {described.plural}"),
        response_class=Response,
        tags=[described.plural],
    )


def _add_stream(described: Described, case: Case) -> None:
    async def followed(resource: Annotated[Resource, Depends(case)], response: Response) -> Resource:
        # A stream has begun when its function runs: what can be refused is refused before.
        response.headers.raw.extend(told_freshness(resource.service, await resource.seen()))
        reader_of(resource.request, resource.caller)
        return resource

    async def stream_case(
        resource: Annotated[Resource, Depends(followed)], last_event_id: LastEventId = None
    ) -> AsyncIterator[ServerSentEvent]:
        async for event in resource.events(last_event_id):
            yield event

    router.add_api_route(
        f"/{described.plural}/{{number:path}}/stream",
        stream_case,
        name=f"stream_{described.kind}",
        summary=f"Follow a {described.kind}",
        description="Send the status now and with each change; `Last-Event-ID` resumes after a position.",
        responses=stream_of("the status, now and with each change"),
        response_class=EventSourceResponse,
        tags=[described.plural],
    )


def _add_status(described: Described, case: Case) -> None:
    async def get_case(resource: Annotated[Resource, Depends(case)], want: Want, wait: Wait = 0) -> Response:
        return await resource.answer(want, wait)

    router.add_api_route(
        f"/{described.plural}/{{number:path}}",
        get_case,
        name=f"get_{described.kind}",
        summary=f"Tell a {described.kind}'s status",
        description=described.telling,
        responses=answers(described.kind.capitalize(), f"the status of the {described.kind}"),
        response_class=Response,
        tags=[described.plural],
    )


for _described in KINDS:
    _case = _finding(_described)
    _add_list(_described)
    # The stream first: a number may have slashes, so the address of the status takes whatever is left.
    _add_stream(_described, _case)
    _add_status(_described, _case)
