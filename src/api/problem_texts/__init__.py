"""Every problem that the HTTP interface tells of, in all languages: the one list behind answers and pages."""

from collections.abc import Mapping

from api.problem_texts import callers, connections, deadlines, events, proofs, requests, service
from api.problem_texts.problem_type import ProblemCode, ProblemType

__all__ = ["PROBLEMS", "ProblemCode", "ProblemType"]

PROBLEMS: Mapping[ProblemCode, ProblemType] = {
    problem.code: problem
    for part in (connections, requests, callers, events, deadlines, proofs, service)
    for problem in part.PROBLEMS
}
"""Each kind of problem by its code."""
