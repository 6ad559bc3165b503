"""What every touchpoint has in common: how a type of event is declared."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, get_args

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    ValidatorFunctionWrapHandler,
)
from pydantic_core import CoreSchema, core_schema, to_jsonable_python

from journey.words import Words

Stage = Literal[
    "consultation",
    "application",
    "review",
    "delivery",
    "feedback",
    "complaint",
    "service",
    "care",
    "profile",
    "interaction",
]
CaseKind = Literal["consultation", "application", "complaint", "ticket", "survey", "improvement"]
Audience = Literal["staff", "customer"]
"""Who is told: customers are not told all that staff is."""
Channel = Literal["counter", "phone", "web", "mobile", "email", "social", "chat", "partner", "system"]


class Move(NamedTuple):
    """One lawful step of a case's lifecycle."""

    source: str | None
    """The state before; None means that there is no case yet."""
    target: str | None
    """The state after; None means that the state stays as it was."""


def lawful(*rules: str) -> tuple[Move, ...]:
    """Read moves as the catalogue writes them: `"-, draft -> submitted"`, `"draft -> same"`.

    >>> lawful("-, draft -> submitted")
    (Move(source=None, target='submitted'), Move(source='draft', target='submitted'))
    """
    steps = []
    for rule in rules:
        sources, target = (side.strip() for side in rule.split("->"))
        for source in sources.split(","):
            name = source.strip()
            steps.append(Move(None if name == "-" else name, None if target == "same" else target))
    return tuple(steps)


Retention = Literal["identity", "contact", "correspondence"]
"""What personal data is kept for: each customer has a key of its own for each, and loses them one by one."""
CLASSES: tuple[Retention, ...] = get_args(Retention)

SEALED = "cjs1."
"""What sealed text begins with; nobody may send text that begins so."""


class Personal(NamedTuple):
    """Marks a field that identifies a person: sealing, erasure and redaction start from this mark."""

    because: str
    retention: Retention = "correspondence"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take sealed text in place of the field's value: it tells nothing, and has its own form."""
        return core_schema.no_info_wrap_validator_function(
            _sealed_or_valid,
            handler(source),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value),
        )


def _sealed_or_valid(value: Any, valid: ValidatorFunctionWrapHandler) -> Any:
    return value if type(value) is str and value.startswith(SEALED) else valid(value)


class StaffOnly(NamedTuple):
    """Marks a field that customers are not shown; without the mark they are."""

    because: str


def _is_lossless(text: str) -> str:
    if "\x00" in text:
        raise ValueError(Words("NUL is not text", "文本中不能含有 NUL 字符"))
    return text


def _is_written_out(value: object) -> object:
    # Pydantic would read numbers, and strings of digits, as seconds since 1970.
    if isinstance(value, datetime) or (isinstance(value, str) and "T" in value.upper()):
        return value
    raise ValueError(
        Words("write the moment as 2026-11-22T10:00:00+08:00", "时间格式应如 2026-11-22T10:00:00+08:00")
    )


Text = Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(_is_lossless)]
"""Plain text that names nobody: a reason code's explanation, a result."""
Code = Annotated[str, StringConstraints(max_length=64, pattern=r"^\w[\w .:/+-]*$")]
"""A short name out of a list that the institution keeps: a product, a team, a step, a reason."""
CaseNumber = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/+-]*$")]
"""The number of a case, in this stream or another."""
Staff = Annotated[
    str, StringConstraints(min_length=1, max_length=100), StaffOnly("who does the work is not told outside")
]
"""Who in the institution did it: the id or name of a member of staff, a team or a system."""
FreeText = Annotated[Text, Personal("free text may name anybody")]
"""Text that a customer or an agent wrote freely."""
Story = Annotated[
    str,
    StringConstraints(min_length=1, max_length=20_000),
    AfterValidator(_is_lossless),
    Personal("free text may name anybody"),
]
"""Text that a customer wrote at length."""
Note = Annotated[FreeText, StaffOnly("staff writes it for staff")]
"""Text that staff wrote for one another."""
PersonName = Annotated[
    str, StringConstraints(min_length=1, max_length=200), Personal("a person's name", "identity")
]
"""The name of a customer."""
Contact = Annotated[
    str, StringConstraints(min_length=1, max_length=200), Personal("where a person is reached", "contact")
]
"""A phone number, an address, an account of a messenger."""
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217 code of a currency."""
Instant = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_is_written_out)]
"""A moment with its offset from UTC, as RFC 3339 writes it."""
Amount = Annotated[float, Field(ge=0, le=1e15)]
"""Money, in units of its currency."""


class Touchpoint(BaseModel):
    """The typed content of an event: one frozen class per type of the catalogue.

    A class declares everything that the service knows about its type; nothing else lists types. The string
    `type` is fixed for ever. Templates in `says` may name fields in braces; a part in square brackets is left
    out where one of its fields is absent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    type: ClassVar[str]
    """The name of the type, `<entity>.<past participle>`."""
    schema_version: ClassVar[int] = 1
    """The version of the payload; a higher one comes with `upcast`."""
    stage: ClassVar[Stage]
    """The stage of the journey that it belongs to."""
    case: ClassVar[CaseKind | None] = None
    """The kind of case that it moves; None where it has no lifecycle."""
    moves: ClassVar[tuple[Move, ...]] = ()
    """The lawful moves of its case."""
    title: ClassVar[Words]
    """Its name for people."""
    says: ClassVar[Words]
    """One sentence about one such event, with the fields that matter."""
    reserved: ClassVar[bool] = False
    """Whether only the service itself may write it."""
    staff_only: ClassVar[bool] = False
    """Whether customers are not told that it happened."""

    @classmethod
    def opens_case(cls) -> bool:
        """Tell whether an event of this type can be the first of its case."""
        return any(move.source is None for move in cls.moves)

    @classmethod
    def upcast(cls, data: dict[str, Any], schema_version: int) -> dict[str, Any]:
        """Turn the payload of an older schema version into today's."""
        if schema_version != cls.schema_version:
            raise ValueError(f"{cls.type} has no schema version {schema_version}")
        return data

    @classmethod
    def personal_fields(cls) -> dict[str, Retention]:
        """Name the payload fields that identify a person, and what each is kept for."""
        return {
            field.alias or name: mark.retention
            for name, field in cls.model_fields.items()
            for mark in _marks(field.annotation, field.metadata)
            if isinstance(mark, Personal)
        }

    @classmethod
    def staff_only_fields(cls) -> frozenset[str]:
        """Name the payload fields that customers are not shown."""
        return frozenset(cls.model_fields) if cls.staff_only else _marked(cls, StaffOnly)

    @classmethod
    def customer_fields(cls) -> frozenset[str]:
        """Name the payload fields that customers are shown, as the wire calls them."""
        hidden = cls.staff_only_fields()
        return frozenset(
            field.alias or name for name, field in cls.model_fields.items() if name not in hidden
        )

    def sentence(self, names: Mapping[str, Words] | None = None) -> Words:
        """Say in one sentence what happened; `names` tells what codes are called."""
        declared = type(self)
        fields = _told_fields(declared)
        if not fields:
            return declared.says
        in_english: dict[str, str] = {}
        in_chinese: dict[str, str] = {}
        for told, field in fields:
            value = getattr(self, field)
            if isinstance(value, str):
                name = names.get(value) if names else None
                in_english[told], in_chinese[told] = name or (value, value)
            elif value is not None:
                in_english[told] = in_chinese[told] = _shown(value)
        en, zh = _known_parts(declared, tuple(in_english))
        return Words(en.format_map(in_english), zh.format_map(in_chinese))


@cache
def _told_fields(declared: type[Touchpoint]) -> tuple[tuple[str, str], ...]:
    """Return the fields that the sentences of a type name: as they name them, and as Python does."""
    named = {name for template in declared.says for name in re.findall(_FIELD, template)}
    return tuple(
        (told, name)
        for name, field in declared.model_fields.items()
        if (told := field.serialization_alias or name) in named
    )


@cache
def _known_parts(declared: type[Touchpoint], known: tuple[str, ...]) -> Words:
    """Return the templates of a type without what needs fields that are not `known`."""
    return Words(*(_without_unknown(template, known) for template in declared.says))


_FIELD = r"\{(\w+)\}"


def _marked(declared: type[Touchpoint], kind: type) -> frozenset[str]:
    """Name the fields of a type that have a mark of a kind."""
    return frozenset(
        name
        for name, field in declared.model_fields.items()
        if any(isinstance(mark, kind) for mark in _marks(field.annotation, field.metadata))
    )


def _marks(annotation: Any, metadata: list[Any]) -> list[Any]:
    """Collect the marks of a field, also those inside `X | None` and `tuple[X, ...]`."""
    marks = list(metadata)
    for part in getattr(annotation, "__args__", ()):
        marks += _marks(part, list(getattr(part, "__metadata__", ())))
    return marks


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}".removesuffix(".00")
    return str(value if isinstance(value, str | int) else to_jsonable_python(value))


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Fill `{field}` from `values`, leaving out each `[part]` that names an absent field.

    >>> fill("Asked about {topic}[ ({product})]", {"topic": "rates"})
    'Asked about rates'
    """
    # Values are filled in last and all at once: braces or brackets in them stay as they are.
    shown = {name: _shown(value) for name, value in values.items()}
    return _without_unknown(template, tuple(shown)).format_map(shown)


@cache
def _without_unknown(template: str, known: tuple[str, ...]) -> str:
    """Leave out of a template each part in brackets that names an unknown field, and all other such fields.

    >>> _without_unknown("Asked[ about {topic}] by {who}", ("who",))
    'Asked by {who}'
    """
    parts = re.findall(r"\[([^\]]*)\]|([^\[]+)", template)
    kept = (plain or optional for optional, plain in parts if set(re.findall(_FIELD, optional)) <= set(known))
    return re.sub(_FIELD, lambda field: field[0] if field[1] in known else "", "".join(kept))
