"""The application: what runs, what it answers to, and what every answer has in common."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
from api.admission import RATE, admitted
from api.openapi import PROBLEM_ANSWERS, describe
from api.revealing import finished
from api.routes import Direct
from api.service import running, utc_now
from journey.settings import Settings

_DESCRIPTION = """Every touchpoint between a customer and a financial institution, as an immutable event;
and what follows from them: current state, review progress, journeys.

客户与金融机构之间的每一次接触都记录为不可更改的事件，并由此得出客户现状、审批进度与客户旅程。"""

_OF_ANSWERS = [
    (b"x-content-type-options", b"nosniff"),
    # A browser that shows an answer by itself runs nothing in it, and no page shows it as a part of its own.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
"""Each header costs every answer: those that only matter to pages stand on pages."""
_POLICY = b"content-security-policy"
_OF_PAGES = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
"""Pages bring their policy for content themselves: it names their style."""


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """Return the application; its databases open when it starts and close when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with running(settings, clock) as service:
            app.state.service = service
            if "api" in settings.roles:
                service.privacy.start()
            if "react" in settings.roles:
                service.reactor.start()
            try:
                yield
            finally:
                await service.reactor.stop()
                await service.privacy.stop()
                await service.appender.stop()
                await service.keys.finish()
                await service.recorder.stop()
                await service.lookups.close()
                if service.tokens is not None:
                    await service.tokens.close()

    app = _Application(
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


class _Application(FastAPI):
    """Answers directly where it can; what the framework does for each request is left to the rest."""

    def __init__(self, **described: Any) -> None:
        super().__init__(**described)
        self._answering = _with_security_headers(problems.catching(Direct(super().__call__, finished)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or begin and end with the server."""
        scope["app"] = self
        await (self._answering if scope["type"] == "http" else super().__call__)(scope, receive, send)


def _with_security_headers(app: ASGIApp) -> ASGIApp:
    """Add to every answer what keeps browsers from guessing, and what the caller has left."""

    async def completing(scope: Scope, receive: Receive, send: Send) -> None:
        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                page = any(name == _POLICY for name, _ in message["headers"])
                added = _OF_PAGES if page else _OF_ANSWERS
                message["headers"] = [*message["headers"], *added, *scope.get(RATE, ())]
            await send(message)

        await app(scope, receive, complete)

    return completing
