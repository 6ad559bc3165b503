"""Payloads are kept exactly as sent, bad ones are refused, and what was once stored loads for ever."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import Touchpoint, fill
from journey.words import LANGUAGES
from tests.strategies import payloads, touchpoints

FIXTURES = Path(__file__).parent / "fixtures" / "events"

every_type = pytest.mark.parametrize("touchpoint", TOUCHPOINTS.values(), ids=TOUCHPOINTS)


every_stored = pytest.mark.parametrize(
    ("touchpoint", "version"),
    [(each, version) for each in TOUCHPOINTS.values() for version in range(1, each.schema_version + 1)],
)


def _fixture(type_: str, version: int | None = None) -> str:
    version = version or TOUCHPOINTS[type_].schema_version
    return (FIXTURES / f"{type_}.v{version}.json").read_text(encoding="utf-8")


def _errors(touchpoint: type[Touchpoint], payload: dict[str, Any]) -> list[Any]:
    try:
        touchpoint.model_validate_json(json.dumps(payload))
    except ValidationError as refusal:
        return list(refusal.errors())
    return []


def _refused(type_: str, **changes: Any) -> str:
    """Return why the stored example of `type_` is refused with these changes."""
    errors = _errors(TOUCHPOINTS[type_], {**json.loads(_fixture(type_)), **changes})
    return "\n".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in errors)


class TestPayload:
    @every_type
    @settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    def test_survives_being_stored(self, touchpoint: type[Touchpoint], data: st.DataObject) -> None:
        """What is written is exactly what was sent: no field is added, dropped or renamed."""
        payload = data.draw(payloads(touchpoint.type))

        read = touchpoint.model_validate_json(json.dumps(payload))
        written = read.model_dump_json(exclude_unset=True)

        assert touchpoint.model_validate_json(written) == read
        assert json.loads(written).keys() == payload.keys()

    @given(touchpoints())
    def test_makes_a_whole_sentence_in_both_languages(self, touchpoint: Touchpoint) -> None:
        """No placeholder and no bracket of the template is left."""
        for language in LANGUAGES:
            template = touchpoint.says.in_language(language)
            sentence = touchpoint.sentence().in_language(language)

            assert sentence
            assert not set("{}[]") & set(sentence), template
            assert "None" not in sentence

    @every_type
    def test_refuses_an_unknown_field(self, touchpoint: type[Touchpoint]) -> None:
        """A misspelt field is an error and not silence."""
        payload = json.loads(_fixture(touchpoint.type)) | {"no_such_field": 1}

        with pytest.raises(ValidationError, match="no_such_field"):
            touchpoint.model_validate_json(json.dumps(payload))

    @every_type
    def test_refuses_a_missing_field(self, touchpoint: type[Touchpoint]) -> None:
        """Every bad field is named under the name that the sender uses."""
        required = touchpoint.model_json_schema().get("required", [])
        errors = _errors(touchpoint, {})

        assert [error["loc"] for error in errors if error["type"] == "missing"] == [(n,) for n in required]

    @every_type
    def test_cannot_be_changed(self, touchpoint: type[Touchpoint]) -> None:
        """A fact stays what it was."""
        read = touchpoint.model_validate_json(_fixture(touchpoint.type))
        for name in touchpoint.model_fields:
            with pytest.raises(ValidationError, match="frozen"):
                setattr(read, name, None)


class TestRules:
    def test_feedback_without_score_or_comment_is_refused(self) -> None:
        """An empty form says nothing."""
        feedback = TOUCHPOINTS["feedback.submitted"]
        silent: list[dict[str, Any]] = [{}, {"about": "APP-1"}, {"csat": None, "comment": None}]
        telling: list[dict[str, Any]] = [{"nps": 0}, {"csat": 1}, {"ces": 7}, {"comment": "可以"}]

        for payload in silent:
            [error] = _errors(feedback, payload)
            assert "at least one of csat, nps, ces or comment" in error["msg"]
        for payload in telling:
            assert _errors(feedback, payload) == []

    @pytest.mark.parametrize(
        ("score", "value"), [("csat", 0), ("csat", 6), ("nps", -1), ("nps", 11), ("ces", 0), ("ces", 8)]
    )
    def test_a_score_outside_its_scale_is_refused(self, score: str, value: int) -> None:
        """The scales are 1 to 5, 0 to 10 and 1 to 7."""
        assert score in _refused("feedback.submitted", **{score: value})

    def test_a_rejection_needs_a_reason(self) -> None:
        """The customer is owed at least one reason in plain words."""
        assert "at least 1 item" in _refused("review.rejected", reasons=[])
        assert "reasons.0.explanation" in _refused("review.rejected", reasons=[{"code": "income"}])

    def test_a_request_for_materials_names_one(self) -> None:
        """Asking for nothing only keeps the customer waiting."""
        assert "at least 1 item" in _refused("review.materials_requested", materials=[])
        assert "materials.0.why" in _refused("review.materials_requested", materials=[{"code": "payslip"}])

    @pytest.mark.parametrize(
        ("type_", "field"),
        [
            ("review.materials_requested", "due_at"),
            ("review.approved", "valid_until"),
            ("delivery.delayed", "new_promise"),
            ("complaint.assigned", "due_at"),
            ("complaint.extended", "new_due_at"),
            ("complaint.escalated", "deadline"),
        ],
    )
    def test_a_time_limit_without_a_timezone_is_refused(self, type_: str, field: str) -> None:
        """A deadline that may be eight hours off is none."""
        assert "timezone" in _refused(type_, **{field: "2026-03-20T17:00:00"})

    def test_a_promise_in_the_plan_needs_a_timezone(self) -> None:
        """The plan's promises are deadlines too."""
        plan = [{"step": "card_made", "promised_at": "2026-03-20T17:00:00"}]

        assert "timezone" in _refused("delivery.started", plan=plan)

    @pytest.mark.parametrize(
        ("type_", "field"),
        [
            ("review.step_completed", "outcome"),
            ("complaint.step_recorded", "kind"),
            ("complaint.answered", "medium"),
            ("complaint.escalated", "cause"),
            ("ticket.opened", "class"),
            ("feedback.invited", "kind"),
            ("care.contacted", "kind"),
            ("care.responded", "kind"),
            ("customer.registered", "language"),
        ],
    )
    def test_a_value_outside_its_list_is_refused(self, type_: str, field: str) -> None:
        """What reports count by is a closed list."""
        assert _refused(type_, **{field: "something else"}).startswith(f"{field}: Input should be")

    def test_a_ticket_calls_its_class_class_everywhere(self) -> None:
        """Python's keyword shows neither on the wire nor in a sentence nor in the schema."""
        opened = TOUCHPOINTS["ticket.opened"]
        read = opened.model_validate_json(_fixture("ticket.opened"))

        assert "class" in read.model_dump()
        assert "class" in opened.model_json_schema()["properties"]
        assert fill("{class}", read.model_dump(mode="json")) == "complex"
        assert {error["loc"][0] for error in _errors(opened, {"class_": "common"})} >= {"class_", "class"}

    def test_optional_parts_of_a_sentence_vanish_with_their_fields(self) -> None:
        """A customer who only comments is not said to have given scores."""
        feedback = TOUCHPOINTS["feedback.submitted"]

        comment = feedback.model_validate_json('{"comment": "办理很快"}')
        scores = feedback.model_validate_json('{"csat": 2, "nps": 0, "about": "APP-1"}')

        assert comment.sentence().en == "Gave feedback"
        assert scores.sentence().en == "Gave feedback on APP-1, satisfaction 2/5, recommendation 0/10"
        assert scores.sentence().zh == "客户评价APP-1，满意度2/5，推荐意愿0/10"


class TestStoredEvents:
    def test_exist_for_every_type_and_for_no_other(self) -> None:
        """A new type brings the payload that has to load for ever."""
        stored = sorted(path.name for path in FIXTURES.iterdir())

        assert stored == sorted(
            f"{name}.v{version}.json"
            for name, touchpoint in TOUCHPOINTS.items()
            for version in range(1, touchpoint.schema_version + 1)
        )

    @every_stored
    def test_load_for_ever_and_lose_nothing(self, touchpoint: type[Touchpoint], version: int) -> None:
        """An old payload is brought up to date, read, and says the same when it is written again."""
        stored = json.loads(_fixture(touchpoint.type, version))

        read = touchpoint.model_validate_json(json.dumps(touchpoint.upcast(stored, version)))

        assert touchpoint.model_validate_json(read.model_dump_json(exclude_unset=True)) == read
        written = json.loads(read.model_dump_json(exclude_unset=True))
        assert {name: written[name] for name in stored} == stored
        if version == touchpoint.schema_version:
            assert written.keys() == stored.keys()

    @every_type
    def test_show_every_field_of_their_version(self, touchpoint: type[Touchpoint]) -> None:
        """An example that leaves a field out would not notice its loss."""
        stored = json.loads(_fixture(touchpoint.type))

        assert stored.keys() == touchpoint.model_json_schema().get("properties", {}).keys()

    def test_of_an_extension_before_notices_were_recorded_say_that_nobody_was_told(self) -> None:
        """Nothing is made up for it."""
        extended = TOUCHPOINTS["complaint.extended"]
        old = extended.upcast(json.loads(_fixture("complaint.extended", 1)), 1)

        assert (old["ground"], old["level"], old["notice"]) == (None, None, None)
