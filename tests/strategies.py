"""Hypothesis strategies: payloads and touchpoints of every type, drawn from the published JSON Schema."""

import json
import string
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from journey.touchpoints import TOUCHPOINTS
from journey.touchpoints.touchpoint import Touchpoint

Schema = dict[str, Any]

# Only letters on which Python and the validator agree what a word character is.
_PATTERN_ALPHABET = st.characters(
    categories=(), include_characters=string.ascii_letters + string.digits + "_ .:/+-贷款审批"
)
_TEXT_ALPHABET = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
_TIMEZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-5.5))])
_OPINIONS = ("csat", "nps", "ces", "comment")


def payloads(type_: str) -> st.SearchStrategy[dict[str, Any]]:
    """Draw payloads that a channel may send for events of `type_`, optional fields left out or null too."""
    schema = TOUCHPOINTS[type_].model_json_schema()
    drawn = _objects(schema, schema.get("$defs", {}))
    if type_ == "feedback.submitted":
        return drawn.filter(lambda payload: any(payload.get(part) is not None for part in _OPINIONS))
    return drawn


def touchpoints(*types: str) -> st.SearchStrategy[Touchpoint]:
    """Draw touchpoints of `types`, or of every type where none is named."""
    return st.sampled_from(types or sorted(TOUCHPOINTS)).flatmap(_of_type)


def _of_type(type_: str) -> st.SearchStrategy[Touchpoint]:
    return payloads(type_).map(lambda payload: TOUCHPOINTS[type_].model_validate_json(json.dumps(payload)))


def _values(schema: Schema, definitions: Schema) -> st.SearchStrategy[Any]:
    match schema:
        case {"$ref": name}:
            return _values(definitions[name.rpartition("/")[2]], definitions)
        case {"anyOf": choices}:
            return st.one_of([_values(choice, definitions) for choice in choices])
        case {"type": "array", "items": items}:
            return st.lists(_values(items, definitions), min_size=schema.get("minItems", 0), max_size=5)
        case {"type": "object"}:
            return _objects(schema, definitions)
        case _:
            return _scalars(schema)


def _scalars(schema: Schema) -> st.SearchStrategy[Any]:
    match schema:
        case {"enum": names}:
            return st.sampled_from(names)
        case {"type": "null"}:
            return st.none()
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "integer", "minimum": least, "maximum": most}:
            return st.integers(least, most)
        case {"type": "number", "minimum": least, "maximum": most}:
            return st.floats(least, most)
        case _:
            return _strings(schema)


def _strings(schema: Schema) -> st.SearchStrategy[str]:
    match schema:
        case {"format": "date"}:
            return st.dates(date(1900, 1, 1), date(2200, 1, 1)).map(date.isoformat)
        case {"format": "date-time"}:
            return st.datetimes(timezones=_TIMEZONES).map(datetime.isoformat)
        case {"pattern": pattern}:
            longest = schema.get("maxLength", 4000)
            texts = st.from_regex(pattern, fullmatch=True, alphabet=_PATTERN_ALPHABET)
            return texts.filter(lambda text: len(text) <= longest)
        case _:
            longest = min(schema["maxLength"], 60)
            return st.text(_TEXT_ALPHABET, min_size=schema["minLength"], max_size=longest)


def _objects(schema: Schema, definitions: Schema) -> st.SearchStrategy[dict[str, Any]]:
    if "patternProperties" in schema:
        [(pattern, value)] = schema["patternProperties"].items()
        names = _strings({"pattern": pattern, **schema.get("propertyNames", {})})
        return st.dictionaries(names, _values(value, definitions), max_size=5)
    fields = {name: _values(field, definitions) for name, field in schema.get("properties", {}).items()}
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: fields[name] for name in fields if name in required},
        optional={name: fields[name] for name in fields if name not in required},
    )
