"""How requests come to their answers, and what all answers have in common."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.admission import RATE
from api.ready import Header
from api.revealing import finished
from api.routes import Direct
from api.sound_posts import Posted, post_at_once

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


class Application(FastAPI):
    """Answers directly where it can; what the framework does for each request is left to the rest."""

    def __init__(self, **described: Any) -> None:
        super().__init__(**described)
        self._answering = _with_security_headers(problems.catching(Direct(super().__call__, finished)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or begin and end with the server."""
        scope["app"] = self
        await (self._answering if scope["type"] == "http" else super().__call__)(scope, receive, send)

    def at_once(self, scope: Scope, body: bytes) -> Posted | None:
        """Take a POST whose body is there, where that needs no steps but the writer's; else call for it.

        When its outcomes are there, `told` answers it.
        """
        scope["app"] = self
        return post_at_once(self.state.service, scope, body)

    def told(self, posted: Posted) -> Response:
        """Return the whole answer to what was taken at once."""
        response = posted.answer()
        # It is no page.
        response.raw_headers = [*response.raw_headers, *_OF_ANSWERS, *posted.scope.get(RATE, ())]
        return response


def _with_security_headers(app: ASGIApp) -> ASGIApp:
    """Add to every answer what keeps browsers from guessing, and what the caller has left."""

    async def completing(scope: Scope, receive: Receive, send: Send) -> None:
        async def complete(message: Message) -> None:
            if "headers" in message:
                message["headers"] = _complete(scope, message["headers"])
            await send(message)

        await app(scope, receive, complete)

    return completing


def _complete(scope: Scope, headers: Sequence[Header]) -> list[Header]:
    page = any(name == _POLICY for name, _ in headers)
    return [*headers, *(_OF_PAGES if page else _OF_ANSWERS), *scope.get(RATE, ())]
