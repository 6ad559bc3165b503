"""`/v1/projections`: what operators see of the read models, and do with them."""

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from api.admission import Admitted
from api.freshness import lag
from api.pages import linked
from api.path_examples import ProjectionName
from api.problems import Problem
from api.schemas import answers
from api.service import Service, service_of
from projections import checkpoints, loading, reading
from projections.checkpoints import Build

router = APIRouter(prefix="/projections", tags=["projections"])


@router.get(
    "",
    summary="List the projections",
    responses=answers("Projections", "every projection"),
    response_class=Response,
)
def list_projections(request: Request, caller: Admitted) -> Response:  # noqa: ARG001  # checked by being declared
    """List the projections with their builds, lag and parked customers."""
    service = service_of(request)
    return linked(request, [describe(service, name) for name in service.projections], None)


@router.get(
    "/{name}",
    summary="Tell one projection",
    responses=answers("Projection", "the projection"),
    response_class=Response,
)
def get_projection(request: Request, caller: Admitted, name: ProjectionName) -> Response:  # noqa: ARG001  # as above
    """Tell one projection."""
    return _json(describe(service_of(request), _known(request, name)))


@router.post(
    "/{name}/rebuild",
    status_code=202,
    summary="Rebuild a projection",
    responses=answers("Build", "the new build", 202),
    response_class=Response,
)
def rebuild_projection(request: Request, caller: Admitted, name: ProjectionName) -> Response:  # noqa: ARG001  # as above
    """Begin a new build beside the live one; readers change over by themselves when it has caught up."""
    build = service_of(request).engine.rebuild(_known(request, name))
    return _json({"name": name, "build": build, "status": "building"}, 202)


@router.post(
    "/{name}/rollback",
    status_code=202,
    summary="Go back to the build before",
    responses=answers("Build", "the build that takes over again", 202),
    response_class=Response,
)
def roll_projection_back(request: Request, caller: Admitted, name: ProjectionName) -> Response:  # noqa: ARG001  # as above
    """Let the build before the live one catch up and take over again."""
    build = service_of(request).engine.roll_back(_known(request, name))
    return _json({"name": name, "build": build, "status": "building"}, 202)


@router.post(
    "/{name}/retry",
    summary="Try parked customers again",
    responses=answers("Retried", "how many are well again"),
    response_class=Response,
)
def retry_parked(request: Request, caller: Admitted, name: ProjectionName) -> Response:  # noqa: ARG001  # as above
    """Try the parked customers of a projection again, after its code was mended."""
    return _json({"name": name, "mended": service_of(request).engine.retry_parked(_known(request, name))})


def describe(service: Service, name: str) -> dict[str, Any]:
    """Return what an operator wants to know of one projection."""
    with service.views.connect() as connection:
        builds = checkpoints.builds(connection, name)
        parked = {build.build: checkpoints.parked(connection, build) for build in builds}
        done = {build.build: loading.progress(connection, build) for build in builds}
        live = [build for build in builds if build.status == "live"]
        fresh = reading.freshness(connection, name) if live else None
    return {
        "name": name,
        "version": service.projections[name].version,
        "live_build": live[0].build if live else None,
        "position": fresh.position if fresh else 0,
        "lag": round(lag(service, fresh), 3) if fresh else None,
        "parked": sum(len(parked[build.build]) for build in live),
        "builds": [_build(build, done[build.build]) for build in builds],
        "parked_customers": [
            {
                "build": number,
                "customer": customer.stream_id,
                "position": customer.position,
                "type": customer.type,
                "error": customer.error,
                "parked_at": customer.parked_at,
            }
            for number, customers in parked.items()
            for customer in customers[:100]
        ],
    }


def _build(build: Build, progress: float) -> dict[str, Any]:
    return {
        "build": build.build,
        "version": build.version,
        "status": build.status,
        "position": build.position,
        "target": build.target,
        "progress": round(progress, 4),
        "created_at": build.created_at,
        "error": build.error,
    }


def _known(request: Request, name: str) -> str:
    if name not in service_of(request).projections:
        raise Problem("not-found")
    return name


def _json(body: dict[str, Any], status: int = 200) -> Response:
    # It names parked customers.
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(body), status, headers, media_type="application/json")
