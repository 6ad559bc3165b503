"""The catalogue of event types: one module per entity, one class per type, listed nowhere else."""

import importlib
import pkgutil
from collections.abc import Iterator

from journey.touchpoints.touchpoint import Touchpoint


def _declared() -> Iterator[type[Touchpoint]]:
    for module in pkgutil.iter_modules(__path__):
        for value in vars(importlib.import_module(f"{__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Touchpoint) and "type" in vars(value):
                yield value


TOUCHPOINTS: dict[str, type[Touchpoint]] = {touchpoint.type: touchpoint for touchpoint in _declared()}
"""Every type of event by its name: a class in this folder with a `type` of its own is all it takes."""
