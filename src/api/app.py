"""The application: what runs, what it answers to, and what every answer has in common."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import applications, catalogue, customers, events, health, problems, projections_admin
from api.caller import requires
from api.openapi import PROBLEM_ANSWERS, describe
from api.routes import Direct
from api.service import running, utc_now
from journey.settings import Settings

_DESCRIPTION = """Every touchpoint between a customer and a financial institution, as an immutable event;
and what follows from them: current state, review progress, journeys.

客户与金融机构之间的每一次接触都记录为不可更改的事件，并由此得出客户现状、审批进度与客户旅程。"""

_SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """Return the application; its databases open when it starts and close when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with running(settings, clock) as service:
            app.state.service = service
            try:
                yield
            finally:
                await service.appender.stop()

    app = FastAPI(
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
        for module in (events, customers, applications, catalogue):
            versioned.include_router(module.router)
    versioned.include_router(projections_admin.router)
    app.include_router(versioned)
    app.add_api_route("/openapi.json", _openapi, include_in_schema=False, dependencies=[Depends(requires())])
    app.add_middleware(Direct)
    problems.install(app)  # it answers for whatever fails below
    app.add_middleware(_SecurityHeaders)
    return app


async def _openapi(request: Request) -> JSONResponse:
    """Describe the interface; anyone with a key may read it."""
    return JSONResponse(describe(request.app))


class _SecurityHeaders:
    """Adds to every answer what keeps browsers from guessing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the head of its answer."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = {name for name, _ in message["headers"]}
                missing = [header for header in _SECURITY_HEADERS if header[0] not in told]
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        await self._app(scope, receive, complete if scope["type"] == "http" else send)
