"""Each error of ours is a problem on purpose, with its facts as members."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

import api
import journey
import projections
from api.languages import TAGS, Tag
from api.problems import CODES, body, of
from journey import errors
from journey.json_faults import Fault
from journey.strict_json import StrictJSONError
from journey.words import Words

CHINESE = re.compile(r"[\u4e00-\u9fff]")

ELSEWHERE = ("journey.migrations", "api.cli")
"""Modules whose errors never become answers of the service."""
FALLS_BACK = {
    "JourneyError",
    "DataDirectoryInUse",
    "UnsafeDatabase",
    "CheckpointMoved",
    "BadDefinition",
    "BadConfiguration",
    "UnreadableConfiguration",
    "MisfitConfiguration",
    "BadRuleSet",
    "BadSchedule",
    "UntrustedNote",
    "UnusableProofKey",
}
"""Errors that a caller can only be told of as a fault of the service."""

EXAMPLES: list[tuple[errors.JourneyError, dict[str, Any]]] = [
    (
        errors.IllegalTransition("APP-1", "draft", "review.approved", ["application.submitted"]),
        {"case": "APP-1", "state": "draft", "allowed": ["application.submitted"]},
    ),
    (errors.CaseRequired("review.started"), {}),
    (
        errors.CaseOfAnotherKind("CMP-1", "complaint", "review.started"),
        {"case": "CMP-1", "kind": "complaint"},
    ),
    (errors.CaseOfAnotherCustomer("APP-1"), {"case": "APP-1"}),
    (errors.ResubmissionNotAllowed("APP-1"), {"case": "APP-1"}),
    (
        errors.MaterialsMissing("APP-1", ["id_card", "income"]),
        {"case": "APP-1", "materials": ["id_card", "income"]},
    ),
    (
        errors.TimeLimitRefused("CMP-1", [("level", Words("Not by them.", "审批层级不符。"))]),
        {"case": "CMP-1"},
    ),
    (errors.UnknownYear("CN", 2027), {}),
    (errors.RulesUnknown("cn@1999-01"), {}),
    (errors.EventIdReused("/channels/web", "e1"), {"source": "/channels/web", "id": "e1"}),
    (errors.StreamMoved(17, 19), {"version": 19, "expected_version": 17}),
    (errors.UnknownProjection("none"), {}),
    (StrictJSONError([Fault("#/data", "nul", 1, 2, 1)]), {}),
    (errors.QueueFull(), {}),
]


def _subclasses(kind: type[errors.JourneyError]) -> Iterator[type[errors.JourneyError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _subclasses(below)


def _our_errors() -> set[type[errors.JourneyError]]:
    for package in (journey, projections, api):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(ELSEWHERE):
                importlib.import_module(module.name)
    known = _subclasses(errors.JourneyError)
    return {kind for kind in known if not kind.__module__.startswith(("tests", *ELSEWHERE))}


class TestOfErrors:
    def test_each_error_is_mapped_on_purpose(self) -> None:
        """A new class of error fails here until the table says what it is to a caller."""
        assert _our_errors() == set(CODES)

    def test_what_falls_back_is_listed(self) -> None:
        """Only the errors named above are told as faults of the service."""
        fallen = {kind.__name__ for kind, code in CODES.items() if code == "internal-error"}

        assert fallen == FALLS_BACK

    def test_a_class_below_goes_by_the_one_above(self) -> None:
        """Somebody else's subclass of an error of ours is the same problem."""

        class FullerQueue(errors.QueueFull):
            """The queue is very full."""

        assert of(FullerQueue()).code == "queue-full"

    @pytest.mark.parametrize(("error", "extra"), EXAMPLES, ids=lambda value: type(value).__name__)
    @pytest.mark.parametrize("tag", TAGS)
    def test_fields_of_an_error_become_members(
        self, error: errors.JourneyError, extra: dict[str, Any], tag: Tag
    ) -> None:
        """Programs find the facts as members; people find whole sentences in their language."""
        answer = body(of(error), tag, None)

        assert extra == of(error).extra
        assert extra.items() <= answer.items()
        for text in (answer["title"], answer["detail"], *(each["detail"] for each in answer["errors"])):
            assert bool(CHINESE.search(text)) == (tag != "en")
            assert "{" not in text

    def test_an_illegal_transition_says_what_is_allowed(self) -> None:
        """The case, its state and the next steps have the names that people use."""
        problem = of(
            errors.IllegalTransition(
                "APP-1", "in_review", "delivery.started", ["review.approved", "review.rejected"]
            )
        )

        assert problem.detail.en.startswith(
            "Case APP-1 is “In review”; “Delivery started” (delivery.started) cannot happen now. "
        )
        assert problem.detail.zh.startswith("业务单 APP-1 当前状态为“审批中”，不能进行“")
        assert "（review.approved）、“" in problem.detail.zh

    def test_an_illegal_transition_of_no_case_says_so(self) -> None:
        """Before a case is opened there is no state to name."""
        problem = of(errors.IllegalTransition("APP-1", None, "review.approved", []))

        assert "There is no case APP-1 yet" in problem.detail.en
        assert "业务单 APP-1 尚未开立" in problem.detail.zh
        assert "该业务单已不能再进行任何操作" in problem.detail.zh

    def test_missing_fields_are_pointed_at(self) -> None:
        """What is missing has a pointer, as other bad fields have."""
        assert [error.pointer for error in of(errors.CaseRequired("review.started")).errors] == ["#/case"]
        assert [error.detail.en for error in of(errors.MaterialsMissing("APP-1", ["income"])).errors] == [
            "This material is missing: income."
        ]
