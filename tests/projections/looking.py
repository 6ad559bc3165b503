"""Look-ups as readers make them, on either database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from projections.lookups import EmbeddedViews, Lookups, Views
from projections.postgres_views import PostgresViews
from projections.projection import Projection
from projections.reading import Found, Wanted
from tests.loops import wait_for
from tests.projections.keeping import Count, Kept


def noted(count: Count) -> dict[str, Any]:
    """Write the row of a count with the number of events as its text."""
    return {**vars(count), "note": str(count.events)}


@asynccontextmanager
async def looking(kept: Kept, *projections: Projection[Any]) -> AsyncIterator[Lookups]:
    """Open look-ups on the read models that are kept."""
    url = kept.storage.url
    views: Views = EmbeddedViews(kept.reading, kept.log) if url is None else PostgresViews(url)
    lookups = Lookups(views, projections)
    try:
        yield lookups
    finally:
        await lookups.close()


def look(kept: Kept, projection: Projection[Any], key: str = "C1", known: int = -1) -> Found:
    """Look the text of one row up."""
    column = "note" if "note" in projection.table.c else "state"

    async def found() -> Found:
        async with looking(kept, projection) as lookups:
            return await lookups.find(projection.name, Wanted(key, column, known))

    return wait_for(found())
