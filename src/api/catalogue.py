"""`/v1/event-types` and `/v1/processes`: what may be posted, and what customers may expect."""

from datetime import timedelta
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter

from api.caller import Known
from api.languages import language_of, negotiate
from api.problems import Problem
from api.resources import CONTENT_LANGUAGE
from api.service import service_of
from journey.processes import ProcessDefinition
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import Touchpoint
from journey.vocabulary import STAGES
from journey.words import Language

router = APIRouter(tags=["catalogue"])

_DURATION = TypeAdapter(timedelta)


@router.get("/event-types", response_class=Response)
def list_event_types(request: Request, caller: Known) -> Response:  # noqa: ARG001  # checked by being declared
    """List every type of event with its JSON Schema and the moves of its case."""
    language = _language(request)
    items = [_event_type(TOUCHPOINTS[name], language) for name in sorted(TOUCHPOINTS)]
    return _json({"items": items, "next": None}, language)


@router.get("/event-types/{type}", response_class=Response)
def get_event_type(request: Request, caller: Known, type: str) -> Response:  # noqa: A002, ARG001  # CloudEvents' word; checked by being declared
    """Tell one type of event."""
    if type not in TOUCHPOINTS:
        raise Problem("not-found")
    language = _language(request)
    return _json(_event_type(TOUCHPOINTS[type], language), language)


@router.get("/processes", response_class=Response)
def list_processes(request: Request, caller: Known) -> Response:  # noqa: ARG001  # checked by being declared
    """List the products and how an application for each runs."""
    language = _language(request)
    products = service_of(request).processes.products()
    return _json({"items": [_process(product, language) for product in products], "next": None}, language)


@router.get("/processes/{product}", response_class=Response)
def get_process(request: Request, caller: Known, product: str, version: str | None = None) -> Response:  # noqa: ARG001  # checked by being declared
    """Tell how an application for one product runs: steps, who is responsible, how long, materials."""
    processes = service_of(request).processes
    definition = processes.version(product, version) if version else processes.latest(product)
    if definition is None:
        raise Problem("not-found")
    language = _language(request)
    return _json(_process(definition, language), language)


def _language(request: Request) -> Language:
    return language_of(negotiate(request.headers.get("accept-language")))


def _json(body: dict[str, Any], language: Language) -> Response:
    headers = {"Content-Language": CONTENT_LANGUAGE[language], "Vary": "Accept-Language"}
    return Response(orjson.dumps(body), media_type="application/json", headers=headers)


def _event_type(touchpoint: type[Touchpoint], language: Language) -> dict[str, Any]:
    return {
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
        "reserved": touchpoint.reserved,
        "schema_version": touchpoint.schema_version,
        "schema": touchpoint.model_json_schema(),
    }


def _process(definition: ProcessDefinition, language: Language) -> dict[str, Any]:
    return {
        "product": definition.product,
        "version": definition.version,
        "name": definition.name.in_language(language),
        "summary": definition.summary.in_language(language),
        "materials_enforced": definition.enforce_materials,
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
