"""The pages behind the types of problems."""

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from api.languages import TAGS, Tag, localised
from api.problems import PROBLEMS, ProblemCode, catching, install, page_router
from api.routes import answers_directly
from tests.api.asking import ask


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """Give an app that has the pages."""
    app = FastAPI()
    install(app)
    app.add_middleware(catching)
    app.include_router(page_router)
    return app


class TestPages:
    @pytest.mark.parametrize("code", PROBLEMS)
    @pytest.mark.parametrize("tag", TAGS)
    def test_each_problem_has_a_page(self, app: FastAPI, code: ProblemCode, tag: Tag) -> None:
        """The address in `type` shows title, status, meaning and remedy in the reader's language."""
        page = ask(app, f"/problems/{code}", headers={"Accept-Language": tag})

        problem = PROBLEMS[code]
        said = [
            localised(words.zh, tag) if tag != "en" else words.en
            for words in (problem.title, problem.meaning, problem.remedy)
        ]
        text = unescape(page.text)
        assert page.status_code == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert page.headers["Content-Language"] == tag
        assert page.headers["Vary"] == "Accept-Language"
        assert f'<html lang="{tag}">' in text
        assert all(each in text for each in said)
        assert str(problem.status) in text

    def test_a_page_is_made_once(self, app: FastAPI) -> None:
        """It is the same for everybody of one language, and takes no thread: asking costs next to nothing."""
        assert all(answers_directly(context) for context in iter_route_contexts(page_router.routes))
        pages = [ask(app, "/problems", headers={"Accept-Language": tag}).content for tag in TAGS * 2]

        assert pages[: len(TAGS)] == pages[len(TAGS) :]
        assert len(set(pages)) == len(TAGS)

    def test_a_page_says_whether_to_try_again(self, app: FastAPI) -> None:
        """The question that most callers have is answered plainly."""
        assert "Yes, after a moment" in ask(app, "/problems/queue-full").text
        assert "No: unchanged, it would fail again." in ask(app, "/problems/not-found").text

    def test_the_list_leads_to_every_page(self, app: FastAPI) -> None:
        """One page has all problems."""
        page = ask(app, "/problems", headers={"Accept-Language": "zh"})

        assert page.status_code == 200
        assert re.findall('href="/problems/([a-z-]+)"', page.text) == list(PROBLEMS)

    def test_a_page_loads_and_runs_nothing(self, app: FastAPI) -> None:
        """The policy allows the page's own style and nothing else."""
        page = ask(app, "/problems/not-found")

        (style,) = re.findall("<style>(.*?)</style>", page.text)
        digest = b64encode(sha256(style.encode()).digest()).decode()
        assert page.headers["Content-Security-Policy"].startswith(
            f"default-src 'none'; style-src 'sha256-{digest}';"
        )
        assert "<script" not in page.text
        assert "http" not in re.sub("<code>.*?</code>", "", page.text).lower().replace("http status", "")

    def test_an_unknown_problem_has_no_page(self, app: FastAPI) -> None:
        """An invented code is not found, and not repeated either."""
        answer = ask(app, "/problems/%3Cscript%3E")

        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        assert "<script>" not in answer.text

    def test_pages_are_not_part_of_the_interface(self, app: FastAPI) -> None:
        """The interface's description lists what programs call."""
        assert not [path for path in app.openapi()["paths"] if path.startswith("/problems")]
