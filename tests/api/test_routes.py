"""Declared routes that are answered directly: the same answers as the framework's own."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Header, Query, Request, Response
from fastapi.routing import iter_route_contexts

from api.app import create_app
from api.problems import catching, install
from api.routes import Direct, answers_directly
from journey.settings import Settings
from tests.api.asking import ask

HOT = {
    ("GET", "/v1/applications/{number}"),
    ("GET", "/v1/applications"),
    ("GET", "/v1/customers/{customer}"),
    ("GET", "/v1/customers/{customer}/timeline"),
    ("GET", "/v1/events"),
    ("POST", "/v1/events"),
}


async def _page(
    limit: Annotated[int, Query(le=500)] = 100,
    x_wait: Annotated[int | None, Header(alias="X-Wait")] = None,
) -> tuple[int, int | None]:
    return limit, x_wait


async def _caller(request: Request, name: Annotated[str, Header(alias="X-Name")]) -> str:
    return f"{name}@{request.url.path}"


Page = Annotated[tuple[int, int | None], Depends(_page)]
Caller = Annotated[str, Depends(_caller)]


async def _told(caller: Caller, page: Page) -> str:
    return f"{caller} {page}"


def _app(seen: list[str], *, direct: bool) -> FastAPI:
    """Return an app with one route of each kind, which notes whom it was asked by."""
    app = FastAPI()
    if direct:
        app.add_middleware(Direct)
    install(app)
    app.add_middleware(catching)

    @app.get("/things/{number:path}/parts")
    def list_parts(number: str) -> Response:
        seen.append("parts")
        return Response(f"parts of {number}")

    @app.get("/things/{number:path}")
    async def get_thing(*, number: str, told: Annotated[str, Depends(_told)], size: float = 0.5) -> Response:
        seen.append(told)
        return Response(f"{number} {told} {size}")

    @app.delete("/things/{number:path}")
    async def delete_thing(number: str) -> Response:
        return Response(f"no more {number}")

    return app


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/things/A/1", {"X-Name": "ann"}),
        ("/things/A", {"X-Name": "ann", "X-Wait": "7"}),
        ("/things/A?limit=3&size=2", {"X-Name": "ann"}),
        ("/things/%E7%8E%8B%20?limit=3&limit=4", {"x-name": "ann"}),
        ("/things/A?limit=x&size=y", {"X-Name": "ann", "X-Wait": "z"}),
        ("/things/A?limit=501", {}),
        ("/things/A", {}),
        ("/things/A/parts", {}),
        ("/things", {}),
    ],
)
def test_the_answers_are_the_frameworks(path: str, headers: dict[str, str]) -> None:
    """Values, defaults and every fault: who is answered directly sees no difference."""
    answers = []
    for direct in (True, False):
        seen: list[str] = []
        answer = ask(_app(seen, direct=direct), path, headers=headers)
        answers.append((answer.status_code, answer.content, answer.headers, seen))

    assert answers[0] == answers[1]


@pytest.mark.parametrize(("method", "status"), [("DELETE", 200), ("PUT", 405)])
def test_methods_have_their_own_routes(method: str, status: int) -> None:
    """An address may go to several; one that takes no such method says what it takes."""
    answer = ask(_app([], direct=True), "/things/A", method)

    assert answer.status_code == status
    assert answer.headers.get("allow") == (None if status == 200 else "DELETE, GET")


def test_below_another_path() -> None:
    """Behind a proxy that adds a prefix, the addresses are the same."""
    app = _app([], direct=True)
    app.root_path = "/journeys"

    assert ask(app, "/journeys/things/A", "DELETE").text == "no more A"


def test_what_several_ask_for_is_found_out_once() -> None:
    """Who calls is not asked twice, and a fault is not told twice."""
    app, asked = FastAPI(), list[str]()
    app.add_middleware(Direct)
    install(app)
    app.add_middleware(catching)

    async def caller(name: Annotated[str, Header(alias="X-Name")]) -> str:
        asked.append(name)
        return name

    async def greeting(known: Annotated[str, Depends(caller)]) -> str:
        return f"hello {known}"

    @app.get("/")
    async def greet(
        known: Annotated[str, Depends(caller)], said: Annotated[str, Depends(greeting)]
    ) -> Response:
        return Response(f"{said}, {known}")

    assert ask(app, "/", headers={"X-Name": "ann"}).text == "hello ann, ann"
    assert asked == ["ann"]
    assert [error["pointer"] for error in ask(app, "/").json()["errors"]] == ["#/header/X-Name"]


def _plain() -> str:
    return "blocking"


async def _asks_a_plain_function(told: Annotated[str, Depends(_plain)]) -> Response:
    return Response(told)


async def _returns_data() -> dict[str, Any]:
    return {}


async def _writes_headers(response: Response) -> Response:
    return response


@pytest.mark.parametrize("endpoint", [_plain, _asks_a_plain_function, _returns_data, _writes_headers])
def test_what_needs_the_framework_is_left_to_it(endpoint: Callable[..., Awaitable[Any]]) -> None:
    """Plain functions may block and belong into threads; data are turned into answers by the framework."""
    app = FastAPI()
    app.add_api_route("/", endpoint)
    (route,) = (each for each in iter_route_contexts(app.routes) if each.path == "/")

    assert not answers_directly(route)


def test_what_is_asked_often_is_answered_directly(settings: Settings) -> None:
    """A change that makes one of these slow does not pass unseen."""
    app = create_app(settings)
    direct = {
        (method, str(route.path_format))
        for route in iter_route_contexts(app.routes)
        if answers_directly(route)
        for method in route.methods or ()
    }

    assert direct >= HOT
