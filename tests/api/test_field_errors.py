"""Bad fields: where, why, in both languages, and never with what was sent."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    FiniteFloat,
    RootModel,
    StringConstraints,
    Tag,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core.core_schema import ErrorType

from api.field_error_texts import ANYTHING_ELSE, BY_FAMILY, BY_TYPE
from api.field_errors import MAX_ERRORS, FieldError, fault_errors, field_errors, pointer
from journey.strict_json import StrictJSONError, parse
from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.complaint import ComplaintWithdrawn
from journey.touchpoints.ticket import TicketReopened
from journey.words import Words

SECRET = "6222-8888-王小明"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


class Colour(Enum):
    """Two colours."""

    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    """An object inside another."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, StringConstraints(max_length=3)]


def _refuse_quoting(value: str) -> str:
    int(value)
    return value


def _refuse_plainly(value: str) -> str:
    if value:
        raise ValueError("take another one")
    return value


def _refuse_in_words(value: str) -> str:
    if value:
        raise ValueError(Words("take another one", "请换一个"))
    return value


CASES: list[tuple[Any, Any, str]] = [
    (Inner, {}, "missing"),
    (Inner, {"code": "a", "codes": SECRET}, "extra_forbidden"),
    (str, [SECRET], "string_type"),
    (Annotated[str, StringConstraints(min_length=50)], SECRET, "string_too_short"),
    (Annotated[str, StringConstraints(max_length=2)], SECRET, "string_too_long"),
    (Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")], SECRET, "string_pattern_mismatch"),
    (int, [SECRET], "int_type"),
    (int, SECRET, "int_parsing"),
    (int, 62228888.5, "int_from_float"),
    (float, [SECRET], "float_type"),
    (float, SECRET, "float_parsing"),
    (bool, [SECRET], "bool_type"),
    (bool, SECRET, "bool_parsing"),
    (Literal["a", "b", "c"], SECRET, "literal_error"),
    (Colour, SECRET, "enum"),
    (datetime, SECRET, "datetime_from_date_parsing"),
    (AwareDatetime, "2025-01-01T00:00:00", "timezone_aware"),
    (date, SECRET, "date_from_datetime_parsing"),
    (list[str], SECRET, "list_type"),
    (tuple[str, ...], SECRET, "tuple_type"),
    (dict[str, str], SECRET, "dict_type"),
    (Inner, SECRET, "model_type"),
    (Annotated[list[str], Field(min_length=2)], [SECRET], "too_short"),
    (Annotated[list[str], Field(max_length=1)], [SECRET, SECRET], "too_long"),
    (Annotated[int, Field(gt=5)], -62228888, "greater_than"),
    (Annotated[int, Field(ge=5)], -62228888, "greater_than_equal"),
    (Annotated[int, Field(lt=5)], 62228888, "less_than"),
    (Annotated[int, Field(le=5)], 62228888, "less_than_equal"),
    (FiniteFloat, "Infinity", "finite_number"),
    (Decimal, SECRET, "decimal_parsing"),
    (Annotated[Decimal, Field(max_digits=3)], "62228888", "decimal_max_digits"),
    (Annotated[Decimal, Field(decimal_places=1)], "1.62228888", "decimal_max_places"),
    (Annotated[str, AfterValidator(_refuse_quoting)], SECRET, "value_error"),
    (Annotated[str, AfterValidator(_refuse_plainly)], SECRET, "value_error"),
    (Annotated[str, AfterValidator(_refuse_in_words)], SECRET, "value_error"),
]


def _failure(kind: Any, value: Any) -> ValidationError:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(dict[str, kind]).validate_python({"field": value})
    return refused.value


def _detail(kind: Any, value: Any) -> Words:
    (error,) = field_errors(_failure(kind, value))
    return error.detail


def _shown(errors: list[FieldError]) -> str:
    return json.dumps([[error.pointer, *error.detail] for error in errors], ensure_ascii=False)


@pytest.mark.parametrize(("kind", "value", "type_"), CASES)
def test_each_kind_of_error_is_told_in_both_languages(kind: Any, value: Any, type_: str) -> None:
    """English reads as English, Chinese as Chinese, and no placeholder is left."""
    failure = _failure(kind, value)
    assert type_ in {detail["type"] for detail in failure.errors()}

    for error in field_errors(failure):
        assert error.pointer.startswith("#/data/field")
        assert not CHINESE.search(error.detail.en)
        assert CHINESE.search(error.detail.zh)
        assert not re.search(r"\{[a-z_]+\}", error.detail.en + error.detail.zh)


@pytest.mark.parametrize(("kind", "value", "type_"), CASES)
def test_what_was_sent_is_never_told(kind: Any, value: Any, type_: str) -> None:
    """Neither language holds any part of the value, whatever the validators say of it."""
    told = _shown(field_errors(_failure(kind, value)))

    assert "62228888" not in told, type_
    assert "6222" not in told, type_
    assert "王小明" not in told, type_


@given(st.sampled_from(sorted(TOUCHPOINTS)), st.text(alphabet="甲乙丙0987", min_size=6, max_size=30))
def test_no_touchpoint_tells_what_was_sent(type_: str, secret: str) -> None:
    """A value that fits nowhere shows in no answer, for every type of the catalogue."""
    data = {name: {"x": [secret]} for name in (*TOUCHPOINTS[type_].model_fields, "unknown")}
    with pytest.raises(ValidationError) as refused:
        TOUCHPOINTS[type_].model_validate_json(json.dumps(data))

    assert secret not in _shown(field_errors(refused.value))


def test_all_bad_fields_are_named_at_once() -> None:
    """A payload with several faults gets one answer about all of them."""
    with pytest.raises(ValidationError) as refused:
        TOUCHPOINTS["complaint.answered"].model_validate_json(
            '{"result": "", "measures": ["x", 5], "medium": "fax", "sender": 1}'
        )

    expected = [
        FieldError(
            "#/data/result", Words("This text is shorter than the minimum, 1.", "文本过短，最少1个字符。")
        ),
        FieldError("#/data/measures/1", Words("This must be text.", "此处应为文本。")),
        FieldError(
            "#/data/medium",
            Words("Only one of these is allowed: phone, sms, email.", "取值只能是：phone、sms、email。"),
        ),
        FieldError("#/data/sender", Words("There is no such field here.", "此处没有该字段，请检查字段名。")),
    ]
    assert expected == field_errors(refused.value)


def test_allowed_values_and_limits_are_named() -> None:
    """Choices lose their quotes and whole numbers their fraction."""
    assert _detail(Colour, "x").zh == "取值只能是：red、blue。"
    assert _detail(Literal[1, 2], "x").en == "Only one of these is allowed: 1 or 2."
    assert _detail(Annotated[float, Field(le=1e15)], 1e16).en == "This must be at most 1000000000000000."
    assert _detail(Annotated[float, Field(ge=0.5)], 0).zh == "不能小于0.5。"


def test_a_validator_of_ours_chooses_its_words() -> None:
    """Words are used in their language, plain text in both, and text that quotes the value in none."""
    assert _detail(Annotated[str, AfterValidator(_refuse_in_words)], "x") == (
        Words("take another one", "请换一个")
    )
    assert _detail(Annotated[str, AfterValidator(_refuse_plainly)], SECRET) == (
        Words("take another one", "该内容不符合要求：take another one")
    )
    assert _detail(Annotated[str, AfterValidator(_refuse_quoting)], SECRET) == ANYTHING_ELSE


def test_an_error_of_the_whole_object_points_to_the_object() -> None:
    """A rule over several fields has the object as its place."""

    class Pair(BaseModel):
        """Two numbers in order."""

        low: int
        high: int

        @model_validator(mode="after")
        def _in_order(self) -> "Pair":
            if self.low > self.high:
                raise ValueError(Words("low is above high", "下限高于上限"))
            return self

    with pytest.raises(ValidationError) as refused:
        Pair.model_validate({"low": 2, "high": 1})

    assert field_errors(refused.value, "#/pair") == [
        FieldError("#/pair", Words("low is above high", "下限高于上限"))
    ]


class TestPointers:
    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ([], "#/data"),
            (["amount"], "#/data/amount"),
            (["items", 0, "code"], "#/data/items/0/code"),
            (["a/b~c"], "#/data/a~1b~0c"),
            (["金额 %"], "#/data/%E9%87%91%E9%A2%9D%20%25"),
            (["\ud800"], "#/data/%EF%BF%BD"),
            (["x" * 65], f"#/data/{'x' * 64}%E2%80%A6"),
        ],
    )
    def test_a_path_becomes_a_fragment(self, path: list[str | int], expected: str) -> None:
        """RFC 6901 escapes come first, then those of a URI; long names are cut."""
        assert expected == pointer("#/data", path)

    @pytest.mark.parametrize(
        ("kind", "value", "expected"),
        [
            (int | list[str], {"a": 1}, {"#/data/field"}),
            (Annotated[int, AfterValidator(lambda x: x)] | bool, "x", {"#/data/field"}),
            (dict[Annotated[str, StringConstraints(max_length=1)], str], {"ab": "x"}, {"#/data/field/ab"}),
            (Inner, {"code": "a", "int": 1}, {"#/data/field/int"}),
            (Inner, {"code": "a", "list[str]": 1}, {"#/data/field/list[str]"}),
            (list[Inner], [{"code": "a"}, {"code": 1}], {"#/data/field/1/code"}),
            (dict[str, str], {"date": 1}, {"#/data/field/date"}),
        ],
    )
    def test_only_fields_are_steps(self, kind: Any, value: Any, expected: set[str]) -> None:
        """Branches of unions and validators leave no trace; the sender's own names stay."""
        found = {error.pointer.replace("%5B", "[").replace("%5D", "]") for error in _errors(kind, value)}

        assert expected == found

    def test_the_tag_of_a_type_is_no_step(self) -> None:
        """In the union of all types the branch is named after the type, which is no field."""
        kinds: TypeAdapter[object] = TypeAdapter(
            Annotated[
                Annotated[ComplaintWithdrawn, Tag("complaint.withdrawn")]
                | Annotated[TicketReopened, Tag("ticket.reopened")],
                Discriminator(lambda _: "ticket.reopened"),
            ]
        )
        with pytest.raises(ValidationError) as refused:
            kinds.validate_python({})

        assert {error.pointer for error in field_errors(refused.value)} == {"#/data/reason"}


def _errors(kind: Any, value: Any) -> list[FieldError]:
    return field_errors(_failure(kind, value))


def test_an_answer_does_not_grow_with_what_was_sent() -> None:
    """Of thousands of bad fields the first hundred are named."""
    with pytest.raises(ValidationError) as refused:
        RootModel[list[int]].model_validate(["x"] * 3_000)

    assert len(field_errors(refused.value)) == MAX_ERRORS == 100


def test_broken_json_is_told_with_its_place() -> None:
    """A model that reads JSON itself says line and column, in both languages."""
    with pytest.raises(ValidationError) as refused:
        Inner.model_validate_json('{"code":\n  "王小明')

    (error,) = field_errors(refused.value, "#")
    assert error.pointer == "#"
    assert re.fullmatch(r"This is not JSON \(line 2, column \d+\)\.", error.detail.en)
    assert re.fullmatch(r"此处不符合 JSON 语法（第2行，第\d+列）。", error.detail.zh)


def test_faults_of_a_document_become_field_errors() -> None:
    """Each fault keeps its place, in words with line and column."""
    with pytest.raises(StrictJSONError) as refused:
        parse('{"data": {"amount": NaN,\n "name": "王小明\\u0000"}}'.encode())

    first, second = fault_errors(refused.value.faults)
    assert (first.pointer, second.pointer) == ("#/data/amount", "#/data/name")
    assert first.detail == Words(
        "JSON has neither NaN nor infinity (line 1, column 21).", "数值不能为 NaN 或无穷大（第1行，第21列）。"
    )
    assert "王小明" not in _shown([first, second])


@pytest.mark.parametrize("texts", [BY_TYPE, BY_FAMILY, {"": ANYTHING_ELSE}])
def test_the_texts_are_complete(texts: Mapping[str, Words]) -> None:
    """Each text is in both languages and names the same limits in both."""
    for words in texts.values():
        assert words.en.endswith((".", "}"))
        assert CHINESE.search(words.zh)
        assert re.findall(r"\{\w+\}", words.en) == re.findall(r"\{\w+\}", words.zh)


def test_the_texts_are_for_errors_that_exist() -> None:
    """A type that pydantic does not know would be a text that nobody ever reads."""
    assert set(get_args(ErrorType)) >= set(BY_TYPE)
