"""Who read personal data: of one customer, told to them too; and of all, for auditors."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.admission import Admitted
from api.caller import Caller
from api.pages import following, linked, place_of
from api.parameters import Cursor, Limit, Moment
from api.path_examples import CustomerId
from api.problems import Problem
from api.service import service_of
from api.tables import described_table
from api.threads import in_thread
from journey.reads.records import POLICIES, Stored
from journey.reads.table import Wanted
from projections.moments import utc_text

router = APIRouter(tags=["reads"])

Since = Annotated[Moment | None, Query(description="recorded at or after")]
Until = Annotated[Moment | None, Query(description="recorded before")]


@router.get(
    "/customers/{customer:path}/reads",
    summary="Tell who read a customer's personal data",
    responses=described_table("Reads", "a page of readings, the newest first"),
    response_class=Response,
)
async def get_reads(
    *,
    request: Request,
    caller: Admitted,
    customer: CustomerId,
    since: Since = None,
    until: Until = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Tell who read what of this customer's personal data, why and when; customers may ask it of themselves.

    Customers are told why, and not which member of staff it was.
    """
    if not caller.may_read(customer):
        raise Problem("not-found")
    wanted = Wanted(customer=customer, since=_text(since), until=_text(until))
    return await _page(request, caller, wanted, limit, cursor)


@router.get(
    "/reads",
    summary="Tell who read personal data",
    responses=described_table("Reads", "a page of readings, the newest first"),
    response_class=Response,
)
async def list_reads(
    *,
    request: Request,
    caller: Admitted,
    by: Annotated[str | None, Query(alias="caller", description="by this caller")] = None,
    kind: Annotated[
        str | None,
        Query(pattern="^(read|bulk)$", description="`bulk`: only where unusually many customers were read"),
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Tell who read what of whom; whoever keeps a `number` with its `link` notices if records are cut off."""
    wanted = Wanted(caller=by, kind=kind, since=_text(since), until=_text(until))
    return await _page(request, caller, wanted, limit, cursor)


async def _page(request: Request, caller: Caller, wanted: Wanted, limit: int, cursor: str | None) -> Response:
    place, records = place_of(cursor, (int,)), service_of(request).recorder.records
    before = place[0] if place else None
    found = await in_thread(lambda: records.page(wanted, before, limit + 1))
    more = following(request, [found[limit - 1].number]) if len(found) > limit else None
    told = _to_staff if caller.audience == "staff" else told_to_customer
    return linked(request, [told(each) for each in found[:limit]], more, table="Reads")


def _to_staff(record: Stored) -> dict[str, Any]:
    return {**record.told(), "link": record.link.hex()}


def told_to_customer(record: Stored) -> dict[str, Any]:
    """Return what customers are told of a reading: why and what, and not which member of staff it was."""
    said = record.told()
    named = {name: said[name] for name in ("kind", "at", "purpose", "operation", "fields")}
    # A policy is no secret, and nobody's name.
    by = "service" if record.caller.startswith(POLICIES) else "customer" if said["own"] else "staff"
    return {**named, "by": by}


def _text(moment: Moment | None) -> str | None:
    return None if moment is None else utc_text(moment)
