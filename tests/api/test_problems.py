"""Whatever goes wrong has an answer of one shape, which gives nothing away."""

import json
import re
from collections.abc import AsyncIterator
from typing import Annotated

import pytest
from fastapi import Body, FastAPI, Header, HTTPException, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.requests import ClientDisconnect
from structlog.testing import capture_logs

from api.languages import localised
from api.problems import FieldError, Problem, body, catching, install
from api.problems.handlers import AnswerCut
from journey import errors
from journey.words import Words
from tests.api.asking import ask

SECRET = "王小明 13800138000"


class TestBody:
    def test_the_shape_is_that_of_the_standard(self) -> None:
        """Every member is there, also where it is empty."""
        problem = Problem(
            "invalid-event", Words("Bad.", "有误。"), errors=[FieldError("#/data/a", Words("No.", "不。"))]
        )

        assert body(problem, "zh-CN", "/v1/events") == {
            "type": "/problems/invalid-event",
            "title": "事件内容不符合要求",
            "status": 422,
            "detail": "有误。",
            "instance": "/v1/events",
            "code": "invalid-event",
            "retryable": False,
            "errors": [{"pointer": "#/data/a", "detail": "不。"}],
        }

    def test_further_members_replace_none(self) -> None:
        """A member of the standard keeps its meaning."""
        assert body(Problem("not-found", extra={"status": "draft", "limit": 5}), "en", None) | {} == {
            **body(Problem("not-found"), "en", None),
            "limit": 5,
        }


class Amounts(BaseModel):
    """A body with two fields."""

    amount: int
    name: str


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """Give an app whose routes fail in every way."""
    app = FastAPI()
    install(app)
    app.add_middleware(catching)

    @app.get("/raise/{what}")
    def fail(what: str, customer: str = "") -> None:
        raise {
            "problem": Problem("event-too-large", extra={"limit": 65_536}),
            "ours": errors.IllegalTransition("APP-1", "draft", "review.approved", ["application.submitted"]),
            "full": errors.QueueFull(),
            "limited": Problem("too-many-requests", headers={"Retry-After": "30"}),
            "key": Problem("unauthorized"),
            "scope": Problem("insufficient-scope", extra={"scope": "events:write"}),
            "scopes": Problem("insufficient-scope", extra={"scopes": ["journeys:read", "cases:work"]}),
            "noscope": Problem("insufficient-scope"),
            "damaged": errors.DamagedEvent("the event stored at position 7 cannot be read"),
            "unexpected": ValueError(f"no such customer: {customer}"),
            "teapot": HTTPException(418, SECRET),
            "gone": ClientDisconnect(),
        }[what]

    @app.get("/limited/{number}")
    def take(number: int, limit: Annotated[int, Query(le=500)], x_wait: Annotated[int, Header()] = 0) -> int:
        return number + limit + x_wait

    @app.post("/amounts")
    def read(amounts: Annotated[Amounts, Body()]) -> int:
        return amounts.amount

    @app.get("/begun")
    def begin() -> StreamingResponse:
        async def lines() -> AsyncIterator[bytes]:
            yield b"one\n"
            raise RuntimeError(SECRET)

        return StreamingResponse(lines())

    return app


class TestAnswers:
    def test_a_problem_becomes_the_answer(self, app: FastAPI) -> None:
        """Status, media type, language and members are those of the problem."""
        answer = ask(app, "/raise/problem", headers={"Accept-Language": "zh-CN,zh;q=0.9"})

        assert answer.status_code == 413
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Content-Language"] == "zh-CN"
        assert answer.headers["Vary"] == "Accept-Language"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json()["title"] == "单个事件超过大小上限"
        assert answer.json()["limit"] == 65_536
        assert answer.json()["instance"] == "/raise/problem"

    def test_an_error_of_ours_becomes_its_problem(self, app: FastAPI) -> None:
        """One handler on the root of the tree covers every error."""
        answer = ask(app, "/raise/ours")

        assert (answer.status_code, answer.json()["code"]) == (409, "illegal-transition")
        assert answer.json()["allowed"] == ["application.submitted"]
        assert answer.headers["Content-Language"] == "en"

    def test_taiwan_reads_traditional_characters(self, app: FastAPI) -> None:
        """Title and detail are converted; members for programs are not."""
        answer = ask(app, "/raise/ours", headers={"Accept-Language": "zh-Hant-TW"}).json()

        assert (
            answer["title"]
            == localised("业务单当前状态不允许该操作", "zh-TW")
            == "業務單當前狀態不允許該操作"
        )
        assert answer["detail"].startswith("業務單 APP-1 當前狀態為「草稿」")
        assert answer["state"] == "draft"

    def test_a_busy_service_says_when_to_come_back(self, app: FastAPI) -> None:
        """What may be repeated says after how long."""
        answer = ask(app, "/raise/full")

        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.json()["retryable"] is True

    def test_headers_of_the_occasion_win(self, app: FastAPI) -> None:
        """Whoever knows how long to wait replaces the usual second."""
        assert ask(app, "/raise/limited").headers["Retry-After"] == "30"

    @pytest.mark.parametrize(
        ("what", "status", "challenge"),
        [
            ("key", 401, 'Bearer realm="journey"'),
            ("scope", 403, 'Bearer error="insufficient_scope", scope="events:write"'),
            ("scopes", 403, 'Bearer error="insufficient_scope", scope="journeys:read cases:work"'),
            ("noscope", 403, 'Bearer error="insufficient_scope"'),
        ],
    )
    def test_a_caller_learns_what_is_lacking(
        self, app: FastAPI, what: str, status: int, challenge: str
    ) -> None:
        """The challenge names the realm, or the scope (RFC 6750)."""
        answer = ask(app, f"/raise/{what}")

        assert (status, challenge) == (answer.status_code, answer.headers["WWW-Authenticate"])
        assert "Retry-After" not in answer.headers

    def test_the_place_is_a_uri(self, app: FastAPI) -> None:
        """The member `instance` is the path as it is sent, without the query."""
        assert ask(app, "/客户/a b?c=1").json()["instance"] == "/%E5%AE%A2%E6%88%B7/a%20b"


class TestFramework:
    def test_an_unknown_address_is_a_problem(self, app: FastAPI) -> None:
        """The framework's 404 has our shape."""
        answer = ask(app, "/nowhere")

        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")

    def test_a_wrong_method_is_a_problem_that_names_the_right_ones(self, app: FastAPI) -> None:
        """The framework's header Allow stays."""
        answer = ask(app, "/amounts", "DELETE")

        assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
        assert answer.headers["Allow"] == "POST"

    def test_all_bad_parameters_are_named(self, app: FastAPI) -> None:
        """Path, query and headers are told at once, without their values."""
        answer = ask(app, "/limited/six?limit=501", headers={"X-Wait": "sixty", "Accept-Language": "zh"})

        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-parameter")
        assert answer.json()["errors"] == [
            {"pointer": "#/path/number", "detail": "此处应为整数。"},
            {"pointer": "#/query/limit", "detail": "不能大于500。"},
            {"pointer": "#/header/x-wait", "detail": "此处应为整数。"},
        ]
        assert "501" not in answer.text
        assert "sixty" not in answer.text

    def test_all_bad_fields_of_a_body_are_named(self, app: FastAPI) -> None:
        """A body's pointers begin at its root."""
        answer = ask(app, "/amounts", "POST", json={"amount": SECRET})

        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-parameter")
        assert [error["pointer"] for error in answer.json()["errors"]] == ["#/amount", "#/name"]
        assert "13800138000" not in answer.text

    def test_a_broken_body_is_malformed(self, app: FastAPI) -> None:
        """A body that is not JSON is told apart from one with bad fields."""
        answer = ask(
            app, "/amounts", "POST", content=b'{"amount": ', headers={"Content-Type": "application/json"}
        )

        assert (answer.status_code, answer.json()["code"]) == (400, "malformed-json")
        assert answer.json()["errors"] == [{"pointer": "#", "detail": "This is not JSON."}]

    def test_any_other_status_is_a_fault(self, app: FastAPI) -> None:
        """What the framework should never raise does not reach the caller as it is."""
        answer = ask(app, "/raise/teapot")

        assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
        assert SECRET not in answer.text


class TestUnexpected:
    def test_the_answer_gives_nothing_away(self, app: FastAPI) -> None:
        """Neither message, nor class, nor stack trace is told, only the number of the incident."""
        with capture_logs():
            answer = ask(app, "/raise/unexpected", params={"customer": SECRET})

        assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert re.fullmatch("[0-9a-f]{32}", answer.json()["incident"])
        for hidden in (SECRET, "ValueError", "Traceback", "test_problems"):
            assert hidden not in answer.text

    def test_the_log_names_the_place_and_no_person(self, app: FastAPI) -> None:
        """An operator finds the incident, the route and the line; what a customer sent is not there."""
        with capture_logs() as logs:
            answer = ask(app, "/raise/unexpected", params={"customer": SECRET})

        (line,) = logs
        assert (line["event"], line["log_level"]) == ("request_failed", "error")
        assert line["incident"] == answer.json()["incident"]
        assert (line["method"], line["route"], line["error"]) == ("GET", "/raise/{what}", "ValueError")
        assert line["frames"][-1].endswith(" fail")
        assert "13800138000" not in json.dumps(line, ensure_ascii=False)

    def test_a_fault_that_has_an_error_of_its_own_is_logged_with_its_message(self, app: FastAPI) -> None:
        """Our own messages name positions and files, never persons."""
        with capture_logs() as logs:
            answer = ask(app, "/raise/damaged")

        assert (answer.status_code, answer.json()["code"]) == (500, "damaged-event")
        assert logs[0]["message"] == "the event stored at position 7 cannot be read"
        assert logs[0]["incident"] == answer.json()["incident"]
        assert "position 7" not in answer.text

    def test_what_a_caller_did_wrong_is_not_logged(self, app: FastAPI) -> None:
        """The log of faults stays short."""
        with capture_logs() as logs:
            ask(app, "/raise/ours")

        assert logs == []

    def test_an_answer_that_has_begun_is_cut(self, app: FastAPI) -> None:
        """Half a stream must not look whole; and the server that reports the cut does not see the message."""
        with capture_logs() as logs, pytest.raises(AnswerCut) as cut:
            ask(app, "/begun")

        assert logs[0]["error"] == "RuntimeError"
        assert cut.value.__suppress_context__
        assert SECRET not in str(cut.value)

    def test_a_caller_that_left_is_no_fault(self, app: FastAPI) -> None:
        """Nobody is there to be answered, and nothing went wrong."""
        with capture_logs() as logs, pytest.raises(AssertionError):  # httpx misses an answer
            ask(app, "/raise/gone")

        assert logs == []
