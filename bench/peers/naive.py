"""What one writes in an afternoon: FastAPI before `eventsourcing`; an endpoint loads, changes, saves."""

from typing import Any

from fastapi import FastAPI

from bench.peers.framework import CloudEvent
from bench.peers.library import Journeys

app = FastAPI()
journeys = Journeys()


@app.post("/v1/events", status_code=201)
def post_event(event: CloudEvent) -> dict[str, Any]:
    """Append an event; the library works synchronously, so the framework gives it a thread."""
    return {"id": event.id, "position": journeys.record(event.model_dump(mode="json"))}
