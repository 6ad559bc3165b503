"""FastAPI as its documentation teaches it, without any work behind it: what the framework alone can do."""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Header, Response
from pydantic import BaseModel

app = FastAPI()

READY = Path(os.environ["BENCH_READY"]).read_bytes() if "BENCH_READY" in os.environ else b"{}"
"""The body of a status: as many bytes as ours."""
TAG = '"1"'


class CloudEvent(BaseModel):
    """The body of a POST."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    channel: str | None = None
    correlationid: str | None = None
    case: str | None = None
    data: dict[str, Any]


@app.post("/v1/events", status_code=201)
async def post_event(event: CloudEvent) -> dict[str, Any]:
    """Validate an event and do nothing with it."""
    return {"id": event.id, "customer": event.subject, "version": 1, "position": 1}


@app.get("/v1/status/{number}")
async def get_status(number: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """Answer with ready bytes, or that the reader has them."""
    del number
    if if_none_match == TAG:
        return Response(status_code=304, headers={"ETag": TAG})
    return Response(READY, media_type="application/json", headers={"ETag": TAG})
