"""Conditions of the mapping language: texts in which `*` stands for any text, or for none."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from api.cli.log_files import Record
from api.cli.speech import said
from api.cli.templates import MappingError


def pattern(wanted: Sequence[str]) -> Callable[[str], bool]:
    """Return what tells whether a text is one of those `wanted`."""
    exact = frozenset(text for text in wanted if "*" not in text)
    others = [
        re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL) for text in wanted if "*" in text
    ]
    return lambda text: text in exact or any(other.fullmatch(text) for other in others)


def compiled_conditions(match: Mapping[str, Any]) -> Callable[[Record], bool]:
    """Return what tells whether a record fits: each field that is named must be one of the texts there.

    Raises `MappingError` where a condition is neither a text nor a list of texts.
    """
    conditions = []
    for key, wanted in match.items():
        texts = wanted if isinstance(wanted, list) else [wanted]
        if not all(isinstance(text, str) for text in texts):
            raise MappingError(
                said(
                    f"match: {key}: {wanted!r} is neither a text nor a list of texts",
                    f"match: {key}: {wanted!r} 既不是文本，也不是文本列表",
                )
            )
        conditions.append((key, pattern(texts)))
    return lambda record: all(fits(record.get(key, "")) for key, fits in conditions)
