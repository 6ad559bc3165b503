"""One occasion on which something went wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.field_errors import FieldError
from api.problem_texts import PROBLEMS, ProblemCode, ProblemType
from journey.words import Words


class Problem(Exception):
    """A request cannot be answered as asked; raised anywhere below a route, it becomes the answer."""

    def __init__(
        self,
        code: ProblemCode,
        detail: Words | None = None,
        *,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.type: ProblemType = PROBLEMS[code]
        self.detail: Words = detail or self.type.meaning
        """What happened on this occasion."""
        self.errors: tuple[FieldError, ...] = tuple(errors)
        """Every bad field."""
        self.extra: dict[str, Any] = dict(extra or {})
        """Further members of the answer, such as `case`, `allowed`, `limit`."""
        self.headers: dict[str, str] = dict(headers or {})
        """Further headers of the answer; they replace those that it has by itself."""

    @property
    def code(self) -> ProblemCode:
        """The name that callers' programs compare."""
        return self.type.code

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.type.status

    @property
    def title(self) -> Words:
        """The name of its kind for people."""
        return self.type.title

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later, unchanged."""
        return self.type.retryable
