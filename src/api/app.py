"""The application: what runs, and what it answers to."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.responses import JSONResponse

from api import (
    applications,
    cases,
    catalogue,
    copies,
    customers,
    deadlines,
    events,
    health,
    improvements,
    privacy,
    problems,
    projections_admin,
    proofs,
    reads,
    search,
    work,
)
from api.admission import admitted
from api.answering import Application
from api.openapi import PROBLEM_ANSWERS, describe
from api.service import running, utc_now
from journey.settings import Settings

_DESCRIPTION = """Every touchpoint between a customer and a financial institution, as an immutable event;
and what follows from them: current state, review progress, journeys.

客户与金融机构之间的每一次接触都记录为不可更改的事件，并由此得出客户现状、审批进度与客户旅程。"""


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Application:
    """Return the application; its databases open when it starts and close when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # What is begun ends in the opposite order, each whatever came of the others.
        async with AsyncExitStack() as stack:
            service = app.state.service = stack.enter_context(running(settings, clock))
            if service.tokens is not None:
                stack.push_async_callback(service.tokens.close)
            stack.push_async_callback(service.lookups.close)
            stack.push_async_callback(service.recorder.stop)
            stack.push_async_callback(service.keys.finish)
            stack.push_async_callback(service.appender.stop)
            stack.push_async_callback(service.privacy.stop)
            stack.push_async_callback(service.reactor.stop)
            if "api" in settings.roles:
                service.privacy.start()
            if "react" in settings.roles:
                service.reactor.start()
            yield

    app = Application(
        title="Customer journey service",
        description=_DESCRIPTION,
        version="1",
        lifespan=lifespan,
        # The pages that FastAPI offers load scripts from elsewhere and would be open to everybody.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # an address has one spelling; the others are not found
    )
    app.include_router(health.router)
    app.include_router(problems.page_router)
    versioned = APIRouter(prefix="/v1", responses=PROBLEM_ANSWERS)
    if "api" in settings.roles:
        # An id of a customer may have slashes: what stands behind it is looked for first.
        for module in (
            events,
            reads,
            search,
            privacy,
            copies,
            customers,
            applications,
            deadlines,
            cases,
            improvements,
            work,
            catalogue,
        ):
            versioned.include_router(module.router)
    versioned.include_router(projections_admin.router)
    versioned.include_router(proofs.router)
    app.include_router(versioned)
    app.add_api_route("/openapi.json", _openapi, include_in_schema=False, dependencies=[Depends(admitted)])
    problems.install(app)
    return app


async def _openapi(request: Request) -> JSONResponse:
    """Describe the interface; anyone with a key may read it."""
    return JSONResponse(describe(request.app))
