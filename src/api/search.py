"""`POST /v1/customers/search`: customers by name, phone or number of a document, which no address shows."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from api.admission import Admitted
from api.bodies import event_too_large, read_body
from api.field_errors import FieldError
from api.openapi import POST_PROBLEM_ANSWERS
from api.problems import Problem
from api.reader import reader_of
from api.schemas import answers
from api.service import Service, service_of
from api.threads import in_thread
from journey.searching.follower import INDEX_KEY
from journey.searching.table import find, followed
from journey.searching.terms import FIELDS, Field, digest
from journey.strict_json import parse
from journey.words import Words

router = APIRouter(tags=["customers"])

_MOST_BYTES = 4096
_MOST = 100
_NOTHING_NAMED = Words(
    "Name at least one of name, phone and id_number.", "请至少填写 name、phone、id_number 之一。"
)
_Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Search(BaseModel):
    """What customers are to be found by: all that is named must match."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: _Text | None = None
    phone: _Text | None = None
    id_number: _Text | None = None
    former: bool = False
    """Whether values count that a later profile has replaced."""


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": Search.model_json_schema(),
                "examples": {"phone": {"value": {"phone": "138 0013 8000"}}},
            }
        },
    }
}


@router.post(
    "/customers/search",
    summary="Find customers by name, phone or number of a document",
    openapi_extra=_BODY,
    responses=answers("Found", "the customers that all of it fits, at most 100") | POST_PROBLEM_ANSWERS,
    response_class=Response,
)
async def search_customers(request: Request, caller: Admitted) -> Response:
    """Find customers by what their latest profiles say, however it is written; each is recorded as read."""
    search, service = await _search(request), service_of(request)
    reader = reader_of(request, caller)
    digests = await _digests(search, service)
    found, position = await in_thread(lambda: _found(service, digests, former=search.former))
    await service.keyring.notice()
    manages = "privacy:manage" in caller.scopes
    shown = {
        customer: fields
        for customer, fields in found.items()
        if manages or (mark := service.keyring.mark(customer)) is None or not mark.restricted
    }
    items: list[dict[str, Any]] = [
        {
            "customer": customer,
            "matched": {name: "current" if now else "former" for name, now in fields.items()},
        }
        for customer, fields in list(shown.items())[:_MOST]
    ]
    named = [(item["customer"], f"search.{name}") for item in items for name in item["matched"]]
    await service.recorder.record(reader.readings(named))
    return Response(
        orjson.dumps({"items": items, "more": len(found) > _MOST}),
        media_type="application/json",
        headers={"Cache-Control": "no-store", "Journey-Position": str(position)},
    )


async def _search(request: Request) -> Search:
    body = parse(await read_body(request, _MOST_BYTES, event_too_large))
    try:
        search = Search.model_validate(body)
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False)
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in told]) from None
    if not search.model_fields_set & set(FIELDS):
        raise Problem("invalid-parameter", errors=(FieldError("#", _NOTHING_NAMED),))
    return search


async def _digests(search: Search, service: Service) -> dict[Field, bytes | None] | None:
    """Return what to look for; None where nobody is indexed yet, and so there is no key."""
    await service.keyring.load([INDEX_KEY])
    key = service.keyring.newest(INDEX_KEY).secret
    if key is None:
        return None
    country = service.settings.phone_country
    values = {field: getattr(search, field) for field in FIELDS}
    return {field: digest(key, field, value, country) for field, value in values.items() if value is not None}


def _found(
    service: Service, digests: dict[Field, bytes | None] | None, *, former: bool
) -> tuple[dict[str, dict[Field, bool]], int]:
    position = followed(service.views).position
    whole = {field: made for field, made in (digests or {}).items() if made is not None}
    if digests is None or len(whole) < len(digests):
        return {}, position
    return find(service.views, whole, _MOST + 1, former=former), position
