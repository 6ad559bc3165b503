"""`GET /v1/customers/{customer}/export`: all that is known of a customer, as a copy for them."""

from datetime import timedelta
from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from api.accepting import HTML, JSON, chosen
from api.admission import Admitted
from api.copy_pages import copy_page
from api.html_pages import POLICY
from api.path_examples import CustomerId
from api.privacy_answers import exported_event
from api.problems import Problem
from api.reads import told_to_customer
from api.rendering import Rendered
from api.resources import CONTENT_LANGUAGE, Resource, language_for
from api.schemas import TEXT, answers
from api.service import Service, service_of
from api.threads import in_thread
from journey.erasure.record import Record
from journey.events import RecordedEvent
from journey.reads.table import Wanted

router = APIRouter(prefix="/customers/{customer:path}", tags=["privacy"])

_EXPIRES = timedelta(days=7)
_READS = 1_000
_ANSWERS = answers("Export", "everything that is known of the customer")
_ANSWERS[200]["content"][HTML] = {"schema": TEXT}


@router.get(
    "/export", summary="Give a customer a copy of their data", responses=_ANSWERS, response_class=Response
)
async def export_customer(request: Request, caller: Admitted, customer: CustomerId) -> Response:
    """Tell everything: current state, all events, who read what. The service keeps no copy.

    As JSON, or, where `Accept` prefers it, as a page to read and to print.
    """
    media_type = chosen(request, (JSON, HTML))
    service, language = service_of(request), language_for(request)
    if not caller.may_read(customer):
        raise Problem("not-found")
    record, events, reads = await in_thread(lambda: _kept(service, customer))
    if not events:
        raise Problem("not-found")
    current = await Resource(request, service, caller, "current_state", customer, language).state()
    now = service.clock()
    lines = [exported_event(event, language, caller.audience) for event in events]
    body = orjson.dumps(
        {
            "customer": customer,
            "made_at": now.isoformat(timespec="seconds"),
            "expires_at": (now + _EXPIRES).isoformat(timespec="seconds"),
            "current_state": orjson.Fragment(current),
            "privacy_state": record.state,
            "events": [line for line in lines if line is not None],
            "reads": reads,
        }
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Language": CONTENT_LANGUAGE[language],
        "Vary": "Accept, Accept-Language, Authorization",
    }
    if media_type == JSON:
        return Response(body, headers=headers, media_type=JSON)
    return Rendered(body, partial(copy_page, language), HTML, {**headers, "Content-Security-Policy": POLICY})


def _kept(service: Service, customer: str) -> tuple[Record, list[RecordedEvent], list[dict[str, Any]]]:
    """Return what stands in the customer's stream, and who read their data, the latest first."""
    record, events = service.privacy.desk.read(customer)
    records, wanted = service.recorder.records, Wanted(customer=customer)
    reads, before = list[dict[str, Any]](), None
    while page := records.page(wanted, before, _READS):
        reads += map(told_to_customer, page)
        before = page[-1].number
    return record, events, reads
