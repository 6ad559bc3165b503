"""`/v1/customers/{customer}/…`: restriction, hold and erasure of a customer's data."""

from typing import Any, TypeVar

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.admission import Admitted
from api.bodies import event_too_large, read_body
from api.caller import Caller
from api.field_errors import FieldError, field_errors
from api.openapi import POST_PROBLEM_ANSWERS
from api.path_examples import CustomerId
from api.privacy_answers import told
from api.problems import Problem
from api.resources import language_for
from api.schemas import answers
from api.service import service_of
from api.threads import in_thread
from journey.erasure.record import Record
from journey.erasure.steps import Desk, fact
from journey.improvements import number_of
from journey.strict_json import parse
from journey.touchpoints.touchpoint import Code, Text
from journey.words import Words

router = APIRouter(prefix="/customers/{customer:path}", tags=["privacy"])

_LARGEST = 16 * 1024
_NO_SCHEDULE = Words(
    "There is no schedule of retention for this jurisdiction: {known}.",
    "没有该司法辖区的保存期限规则，现有：{known}。",
)
_HEADERS = {"Cache-Control": "no-store"}


class _Asked(BaseModel):
    """What somebody asks for, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    request_id: Code
    """The number that the institution files the request under; asking again under it changes nothing."""
    basis: Text
    """The rule or request that it rests on; it names nobody."""


class _ErasureAsked(_Asked):
    jurisdiction: Code | None = Field(default=None)


_Body = TypeVar("_Body", bound=_Asked)


def _body(**more: str) -> dict[str, Any]:
    example = {"request_id": "DSR-2026-0017", "basis": "PIPL Art. 47", **more}
    schema = {
        "type": "object",
        "required": ["request_id", "basis"],
        "properties": {name: {"type": "string"} for name in example},
        "additionalProperties": False,
    }
    content = {"application/json": {"schema": schema, "examples": {"request": {"value": example}}}}
    problems = {str(status): described for status, described in POST_PROBLEM_ANSWERS.items()}
    return {"requestBody": {"required": True, "content": content}, "responses": problems}


_ANSWER: dict[str, Any] = {
    "responses": answers("Privacy", "how the customer's data stands"),
    "response_class": Response,
}


@router.get("/erasure", summary="Tell how a customer's data stands", **_ANSWER)
async def get_erasure(request: Request, caller: Admitted, customer: CustomerId) -> Response:
    """Tell what is restricted or erased, why, until when, and which places have confirmed an erasure."""
    return await _told(request, caller, customer)


@router.post("/erasure", summary="Erase a customer's data", openapi_extra=_body(jurisdiction="CN"), **_ANSWER)
async def ask_erasure(request: Request, caller: Admitted, customer: CustomerId) -> Response:
    """Erase what the law lets go of; restrict the rest until its time is over, and erase it then."""
    asked = await _read(request, _ErasureAsked)
    schedules = service_of(request).privacy.desk.schedules
    jurisdiction = asked.jurisdiction or service_of(request).settings.jurisdiction
    if jurisdiction not in schedules:
        words = Words(*(text.format(known=", ".join(sorted(schedules))) for text in _NO_SCHEDULE))
        raise Problem("invalid-event", errors=(FieldError("#/jurisdiction", words),))
    return await _ask(
        request, caller, customer, "customer.erasure_requested", asked, jurisdiction=jurisdiction
    )


@router.post("/restriction", summary="Restrict a customer's data", openapi_extra=_body(), **_ANSWER)
async def restrict(request: Request, caller: Admitted, customer: CustomerId) -> Response:
    """Keep the data and let nobody use it; cases under way are recorded to their end."""
    return await _ask(request, caller, customer, "customer.restricted", await _read(request, _Asked))


@router.post("/restriction/lift", summary="Lift a restriction", openapi_extra=_body(), **_ANSWER)
async def lift(request: Request, caller: Admitted, customer: CustomerId) -> Response:
    """Let the data be used again; an erasure that still waits is withdrawn."""
    return await _ask(request, caller, customer, "customer.restriction_lifted", await _read(request, _Asked))


@router.post("/legal-hold", summary="Set a legal hold", openapi_extra=_body(), **_ANSWER)
async def hold(request: Request, caller: Admitted, customer: CustomerId) -> Response:
    """Let nothing of the customer's be erased until the hold is lifted; customers are not told of it."""
    return await _ask(request, caller, customer, "customer.held", await _read(request, _Asked))


@router.post("/legal-hold/lift", summary="Lift a legal hold", openapi_extra=_body(), **_ANSWER)
async def release(request: Request, caller: Admitted, customer: CustomerId) -> Response:
    """Let go on what waited for the hold."""
    return await _ask(request, caller, customer, "customer.hold_lifted", await _read(request, _Asked))


async def _read(request: Request, model: type[_Body]) -> _Body:
    parsed = parse(await read_body(request, _LARGEST, event_too_large))
    try:
        return model.model_validate(parsed)
    except ValidationError as error:
        raise Problem("invalid-event", errors=field_errors(error, "#")) from error


async def _ask(
    request: Request, caller: Caller, customer: str, type_: str, asked: _Asked, **more: str
) -> Response:
    """Take a step, unless it was asked for under this number already; then tell how things stand."""
    service = service_of(request)
    desk, now = service.privacy.desk, service.clock()
    record = await in_thread(lambda: _known(desk, customer))
    if (type_, asked.request_id) not in record.requests:
        data = {"request": asked.request_id, "by": caller.name, "basis": asked.basis, **more}
        await desk.append(fact(type_, customer, asked.request_id, data, now))
        service.privacy.wake()
    return await _told(request, caller, customer)


async def _told(request: Request, caller: Caller, customer: str) -> Response:
    if not caller.may_read(customer):
        raise Problem("not-found")
    service, language = service_of(request), language_for(request)
    desk = service.privacy.desk
    body = await in_thread(lambda: told(desk, customer, *_found(desk, customer), language))
    return Response(orjson.dumps(body), headers=_HEADERS, media_type="application/json")


def _known(desk: Desk, customer: str) -> Record:
    return _found(desk, customer)[0]


def _found(desk: Desk, customer: str) -> tuple[Record, list[Any]]:
    record, events = desk.read(customer)
    if not events or number_of(customer) is not None:
        raise Problem("not-found")
    return record, events
