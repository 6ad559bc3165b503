"""The catalogue of event types: one module per entity, one class per type, listed nowhere else."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from journey.strict_json import encode
from journey.touchpoints.touchpoint import SEALED, Retention, Touchpoint


def _declared() -> Iterator[type[Touchpoint]]:
    for module in pkgutil.iter_modules(__path__):
        for value in vars(importlib.import_module(f"{__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Touchpoint) and "type" in vars(value):
                yield value


TOUCHPOINTS: dict[str, type[Touchpoint]] = {touchpoint.type: touchpoint for touchpoint in _declared()}
"""Every type of event by its name: a class in this folder with a `type` of its own is all it takes."""
STAFF_ONLY: tuple[str, ...] = tuple(sorted(type_ for type_, each in TOUCHPOINTS.items() if each.staff_only))
"""The types of which customers are told nothing."""

PERSONAL_FIELDS: Mapping[str, Mapping[str, Retention]] = {
    type_: fields for type_, touchpoint in TOUCHPOINTS.items() if (fields := touchpoint.personal_fields())
}
"""The personal fields of each type that has any, and what they are kept for."""

_SEALED = SEALED.encode()
# What `model_validate_json` calls as well, after steps that take a quarter of its time.
_READERS: Mapping[str, Callable[[bytes], Touchpoint]] = {
    type_: touchpoint.__pydantic_validator__.validate_json for type_, touchpoint in TOUCHPOINTS.items()
}


def read_touchpoint(type_: str, data: Mapping[str, Any]) -> Touchpoint:
    """Read the payload of an event of a known type; raise pydantic's `ValidationError` where it is none.

    It goes through bytes, because a type reads Python's values otherwise than JSON: a list is no tuple there.
    """
    return _READERS[type_](encode(data))


def read_sent(type_: str, data: Mapping[str, Any]) -> Touchpoint | None:
    """Read a payload as `read_touchpoint` does; None where something looks sealed, as nothing sent may."""
    written = encode(data)
    return None if _SEALED in written else _READERS[type_](written)
