"""`/v1/event-types` and `/v1/processes`: what may be posted, and what customers may expect."""

from datetime import timedelta
from functools import cache
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter

from api.admission import Admitted
from api.languages import language_of, negotiate
from api.pages import linked
from api.path_examples import EventType, Product
from api.problems import Problem
from api.resources import CONTENT_LANGUAGE
from api.schemas import answers
from api.service import service_of
from api.tables import described_table
from journey.processes import ProcessDefinition
from journey.touchpoints import TOUCHPOINTS
from journey.vocabulary import STAGES
from journey.words import Language

router = APIRouter(tags=["catalogue"])

_DURATION = TypeAdapter(timedelta)


@router.get(
    "/event-types",
    summary="List the types of events",
    responses=described_table("EventTypes", "every type of the catalogue"),
    response_class=Response,
)
async def list_event_types(request: Request, caller: Admitted) -> Response:  # noqa: ARG001  # checked by being declared
    """List every type of event with its JSON Schema and the moves of its case."""
    language = _language(request)
    items = [orjson.Fragment(_event_type(name, language)) for name in sorted(TOUCHPOINTS)]
    return linked(request, items, None, _headers(language), table="EventTypes")


@router.get(
    "/event-types/{type}",
    summary="Tell one type of event",
    responses=answers("EventType", "the type"),
    response_class=Response,
)
async def get_event_type(request: Request, caller: Admitted, type: EventType) -> Response:  # noqa: A002, ARG001  # CloudEvents' word; checked by being declared
    """Tell one type of event with its JSON Schema and the moves of its case."""
    if type not in TOUCHPOINTS:
        raise Problem("not-found")
    language = _language(request)
    body = _event_type(type, language)
    return Response(body, media_type="application/json", headers=_headers(language))


@router.get(
    "/processes",
    summary="List the products' processes",
    responses=described_table("Processes", "each product's process"),
    response_class=Response,
)
async def list_processes(request: Request, caller: Admitted) -> Response:  # noqa: ARG001  # checked by being declared
    """List the products and how an application for each runs."""
    language = _language(request)
    products = service_of(request).processes.products()
    items = [_process(product, language) for product in products]
    return linked(request, items, None, _headers(language), table="Processes")


@router.get(
    "/processes/{product}",
    summary="Tell a product's process",
    responses=answers("Process", "the product's process"),
    response_class=Response,
)
async def get_process(
    request: Request,
    caller: Admitted,  # noqa: ARG001  # checked by being declared
    product: Product,
    version: Annotated[str | None, Query(description="this version; the latest where none is named")] = None,
) -> Response:
    """Tell how an application for one product runs: steps, who is responsible, how long, materials."""
    processes = service_of(request).processes
    definition = processes.version(product, version) if version else processes.latest(product)
    if definition is None:
        raise Problem("not-found")
    language = _language(request)
    body = orjson.dumps(_process(definition, language))
    return Response(body, media_type="application/json", headers=_headers(language))


def _language(request: Request) -> Language:
    return language_of(negotiate(request.headers.get("accept-language")))


def _headers(language: Language) -> dict[str, str]:
    return {"Content-Language": CONTENT_LANGUAGE[language], "Vary": "Accept, Accept-Language"}


@cache
def _event_type(name: str, language: Language) -> bytes:
    touchpoint = TOUCHPOINTS[name]
    return orjson.dumps(
        {
            "type": touchpoint.type,
            "title": touchpoint.title.in_language(language),
            "stage": touchpoint.stage,
            "stage_name": STAGES[touchpoint.stage].in_language(language),
            "case": touchpoint.case,
            "lifecycle": [
                {"from": move.source, "to": move.target if move.target is not None else move.source}
                for move in touchpoint.moves
            ],
            "opens_case": touchpoint.opens_case(),
            "personal_fields": sorted(touchpoint.personal_fields()),
            "staff_only": touchpoint.staff_only,
            "staff_only_fields": sorted(touchpoint.staff_only_fields()),
            "reserved": touchpoint.reserved,
            "schema_version": touchpoint.schema_version,
            "schema": touchpoint.model_json_schema(),
        }
    )


def _process(definition: ProcessDefinition, language: Language) -> dict[str, Any]:
    return {
        "product": definition.product,
        "version": definition.version,
        "name": definition.name.in_language(language),
        "summary": definition.summary.in_language(language),
        "materials_enforced": definition.enforce_materials,
        "segments": list(definition.segments),
        "steps": [
            {
                "code": step.code,
                "stage": step.stage,
                "name": step.name.in_language(language),
                "owner": step.owner.in_language(language),
                "takes": _DURATION.dump_python(step.duration, mode="json"),
                "mind": step.mind.in_language(language),
            }
            for step in definition.steps
        ],
        "materials": [
            {
                "code": material.code,
                "name": material.name.in_language(language),
                "required": material.required,
                "hint": material.hint.in_language(language),
            }
            for material in definition.materials
        ],
    }
