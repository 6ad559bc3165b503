"""The pages behind the `type` of each problem, for whoever follows the address."""

from collections.abc import Mapping
from functools import cache
from html import escape
from typing import Annotated

from fastapi import APIRouter, Header
from starlette.responses import HTMLResponse

from api.html_pages import POLICY, page
from api.languages import Tag, language_of, localised, negotiate
from api.problem_texts import PROBLEMS, ProblemCode, ProblemType
from api.problems.problem import Problem
from journey.words import Words

page_router = APIRouter(prefix="/problems", include_in_schema=False)

AcceptLanguage = Annotated[str | None, Header()]

_ALL = Words("Problems", "问题一览")
_WHAT = Words("What happened", "发生了什么")
_NEXT = Words("What to do", "如何处理")
_AGAIN = Words("Send the same request again?", "是否可以原样重试")
_YES = Words("Yes, after a moment: it may succeed unchanged.", "可以。请稍候片刻，以相同内容重新发送。")
_NO = Words("No: unchanged, it would fail again.", "不可以。内容不变时，重试仍会失败。")
_STATUS = Words("HTTP status", "HTTP 状态码")

_BY_NAME: Mapping[str, ProblemType] = {problem.code: problem for problem in PROBLEMS.values()}


@page_router.get("")
async def list_problems(accept_language: AcceptLanguage = None) -> HTMLResponse:
    """Show every kind of problem."""
    tag = negotiate(accept_language)
    return _answer(_list(tag), tag)


@page_router.get("/{code}")
async def show_problem(code: str, accept_language: AcceptLanguage = None) -> HTMLResponse:
    """Show what one kind of problem means and what to do next."""
    problem = _BY_NAME.get(code)
    if problem is None:
        raise Problem("not-found")
    tag = negotiate(accept_language)
    return _answer(_explained(problem.code, tag), tag)


@cache
def _list(tag: Tag) -> bytes:
    lines = (
        f'<li><a href="/problems/{problem.code}">{_said(problem.title, tag)}</a> '
        f"<code>{problem.code}</code> {problem.status}</li>"
        for problem in PROBLEMS.values()
    )
    return page(_said(_ALL, tag), f"<ul>{''.join(lines)}</ul>", tag)


@cache
def _explained(code: ProblemCode, tag: Tag) -> bytes:
    problem = PROBLEMS[code]
    parts = (
        (_WHAT, problem.meaning),
        (_NEXT, problem.remedy),
        (_AGAIN, _YES if problem.retryable else _NO),
    )
    sections = "".join(f"<h2>{_said(heading, tag)}</h2><p>{_said(text, tag)}</p>" for heading, text in parts)
    content = (
        f"<p><code>{problem.code}</code> · {_said(_STATUS, tag)} {problem.status}</p>{sections}"
        f'<p><a href="/problems">{_said(_ALL, tag)}</a></p>'
    )
    return page(_said(problem.title, tag), content, tag)


def _said(words: Words, tag: Tag) -> str:
    return escape(localised(words.in_language(language_of(tag)), tag))


def _answer(html: bytes, tag: Tag) -> HTMLResponse:
    headers = {
        "Content-Language": tag,
        "Vary": "Accept-Language",
        "Content-Security-Policy": POLICY,
    }
    return HTMLResponse(html, headers=headers)
