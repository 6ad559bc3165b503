"""`/v1/work`: what is to be done, of all kinds of cases, listed and counted; how any work list answers."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response

from api.admission import Admitted
from api.freshness import Want, Wanted, awaited, freshness_headers
from api.pages import following, linked, place_of
from api.parameters import Cursor, Limit
from api.resources import CONTENT_LANGUAGE, language_for
from api.service import Service, service_of
from api.tables import described_table
from api.threads import in_thread
from api.work_filters import Filtered, Ordered
from journey.improvements import number_of
from journey.touchpoints.touchpoint import CaseKind
from journey.vocabulary import CASE_KINDS
from journey.words import Language
from projections import reading, work_lists
from projections.moments import utc_text
from projections.names import channel_name, state_name
from projections.work import NEVER
from projections.work_lists import Filters, Group, Order, Source

router = APIRouter(prefix="/work", tags=["work"])

Kind = Annotated[CaseKind | None, Query(description="of this kind")]


@router.get(
    "",
    summary="List what is to be done",
    responses=described_table("Works", "a page of cases"),
    response_class=Response,
)
async def list_work(
    *,
    request: Request,
    caller: Admitted,  # noqa: ARG001  # checked by being declared
    want: Want,
    filters: Filtered,
    kind: Kind = None,
    order: Ordered = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """List cases of all kinds, without `due` those that are overdue or about to be, the most urgent first."""
    wanted = replace(filters, kind=kind, due=filters.due or "urgent")
    return await listed(request, want, wanted, order or "due", limit, cursor)


@router.get(
    "/counts",
    summary="Count what is to be done",
    responses=described_table("Counts", "open cases by group"),
    response_class=Response,
)
async def count_work(
    *,
    request: Request,
    caller: Admitted,  # noqa: ARG001  # checked by being declared
    want: Want,
    filters: Filtered,
    kind: Kind = None,
    by: Annotated[Group, Query(description="what they are counted by")] = "state",
) -> Response:
    """Count open cases by kind and group: all, those overdue or about to be, and since when the oldest is."""
    service, language = service_of(request), language_for(request)
    wanted = replace(filters, kind=kind)
    stale = await _awaited(service, want, kind)

    def read() -> tuple[dict[str, str], list[Any]]:
        now = service.clock()
        with service.views.connect() as connection:
            fresh, sources = _sources(service, connection, kind)
            rows = work_lists.counts(connection, sources, wanted, by, utc_text(now))
        return headers_of(service, fresh, language, now), [_count(row, by, language, now) for row in rows]

    headers, items = await in_thread(read)
    return linked(request, items, None, headers, stale=stale, table="Counts")


async def listed(  # noqa: PLR0917  # what any list is asked for
    request: Request, want: Wanted, filters: Filters, order: Order, limit: int, cursor: str | None
) -> Response:
    """Answer with a page of cases."""
    service, language = service_of(request), language_for(request)
    names = work_lists.place(order)
    after = place_of(cursor, (str,) * len(names))
    stale = await _awaited(service, want, filters.kind)

    def read() -> tuple[dict[str, str], list[Any], str | None]:
        now = service.clock()
        with service.views.connect() as connection:
            fresh, sources = _sources(service, connection, filters.kind)
            rows = work_lists.page(connection, sources, filters, order, after, limit + 1, utc_text(now))
        last = rows[limit - 1] if len(rows) > limit else None
        more = following(request, [last[name] for name in names]) if last else None
        items = [orjson.Fragment(orjson.dumps(_item(row, language, now))) for row in rows[:limit]]
        return headers_of(service, fresh, language, now), items, more

    headers, items, more = await in_thread(read)
    return linked(request, items, more, headers, stale=stale, table="Works")


def as_of(now: datetime) -> dict[str, str]:
    """Return the header that tells when it was true what an answer says of time."""
    return {"Journey-As-Of": utc_text(now)}


def _projections(kind: CaseKind | None) -> tuple[str, ...]:
    if kind is None:
        return work_lists.SHARED, *work_lists.APART.values()
    return (work_lists.APART.get(kind, work_lists.SHARED),)


async def _awaited(service: Service, want: Wanted, kind: CaseKind | None) -> bool:
    return any([await awaited(service, name, want) for name in _projections(kind)])


def _sources(
    service: Service, connection: sa.Connection, kind: CaseKind | None
) -> tuple[reading.Freshness, list[Source]]:
    """Return the rows to read, and how fresh the least fresh of them are."""
    fresh = [reading.freshness(connection, name) for name in _projections(kind)]
    sources = [work_lists.source(service.projections[each.projection], each.build) for each in fresh]
    return min(fresh, key=lambda each: each.position), sources


def headers_of(
    service: Service, fresh: reading.Freshness, language: Language, now: datetime
) -> dict[str, str]:
    """Return the headers of what is computed from the least fresh of its rows, for a moment."""
    return {
        **freshness_headers(service, fresh),
        **as_of(now),
        "Content-Language": CONTENT_LANGUAGE[language],
        "Vary": "Accept, Accept-Language, Authorization",
    }


def _item(row: sa.RowMapping, language: Language, now: datetime) -> dict[str, Any]:
    """Tell one case without anything personal: who works through a list needs no more of others."""
    at = utc_text(now)
    limited = row["due_at"] != NEVER
    return {
        "number": row["number"],
        "kind": row["kind"],
        "kind_name": CASE_KINDS[row["kind"]].in_language(language),
        "customer": row["stream_id"] if number_of(row["stream_id"]) is None else None,
        "state": row["case_state"],
        "state_name": state_name(row["kind"], row["case_state"], language),
        "turn": row["turn"],
        "team": row["team"],
        "handler": row["handler"],
        "step": row["step"],
        "channel": row["channel"],
        "channel_name": channel_name(row["channel"], language),
        "product": row["product"],
        "category": row["category"],
        "opened_at": row["opened_at"],
        "since": row["since"],
        "elapsed_s": _seconds(row["since"], now),
        "due_at": row["due_at"] if limited else None,
        "overdue": row["due_at"] < at,
        "soon": limited and row["warn_at"] <= at <= row["due_at"],
        "escalated": bool(row["escalated"]),
        "position": row["position"],
        "as_of": at,
    }


def _count(row: sa.RowMapping, by: Group, language: Language, now: datetime) -> dict[str, Any]:
    value = row["kind"] if by == "kind" else row["value"]
    return {
        "kind": row["kind"],
        "kind_name": CASE_KINDS[row["kind"]].in_language(language),
        "by": by,
        "value": value,
        "name": _named(row["kind"], by, value, language),
        "open": row["open"],
        "overdue": int(row["overdue"]),
        "soon": int(row["soon"]),
        "escalated": int(row["escalated"]),
        "oldest_since": row["oldest_since"],
        "as_of": utc_text(now),
    }


def _named(kind: CaseKind, by: Group, value: str | None, language: Language) -> str | None:
    match by:
        case "kind":
            return CASE_KINDS[kind].in_language(language)
        case "state":
            return state_name(kind, value, language)
        case "channel":
            return channel_name(value, language)
        case _:
            return value


def _seconds(since: str, now: datetime) -> float:
    return max(0.0, (now - datetime.fromisoformat(since)).total_seconds())
