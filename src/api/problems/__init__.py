"""What goes wrong, as an answer: one list of problems, one table from our errors, one shape (RFC 9457)."""

from api.field_errors import FieldError
from api.problem_texts import PROBLEMS, ProblemCode, ProblemType
from api.problems.answers import body, response
from api.problems.handlers import answered, catching, install
from api.problems.of_errors import CODES, of
from api.problems.pages import page_router
from api.problems.problem import Problem

__all__ = [
    "CODES",
    "PROBLEMS",
    "FieldError",
    "Problem",
    "ProblemCode",
    "ProblemType",
    "answered",
    "body",
    "catching",
    "install",
    "of",
    "page_router",
    "response",
]
