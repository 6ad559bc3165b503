"""The file of an institution's arrangements: read, and checked before anything acts upon it."""

import importlib.resources
import tomllib
from collections.abc import Collection, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from journey.errors import JourneyError
from journey.policies.configuration import Configuration, Place, misfits
from journey.policies.listed import POLICIES
from journey.reacting.toml_lines import Lines, line_of, lines_of
from journey.touchpoints import TOUCHPOINTS
from journey.words import Words


class BadConfiguration(JourneyError):
    """A file does not hold lawful arrangements for policies."""


class UnreadableConfiguration(BadConfiguration):
    """A file of arrangements cannot be read as TOML."""

    def __init__(self, file: Path | Traversable, reason: str) -> None:
        super().__init__(f"{file}: not readable as TOML: {reason}")
        self.file, self.reason = file, reason


class MisfitConfiguration(BadConfiguration):
    """A file of arrangements is TOML, and something in it is not lawful."""

    def __init__(self, file: Path | Traversable, invalid: ValidationError, lines: Sequence[int]) -> None:
        faults = zip(lines, invalid.errors(), strict=True)
        super().__init__(
            "; ".join(f"{file}:{line}: {_where(fault['loc'])}: {fault['msg']}" for line, fault in faults)
        )
        self.file, self.invalid, self.lines = file, invalid, lines
        """`lines` has the line of each of the errors of `invalid`, in their order."""


def load_configuration(file: Path | None = None) -> Configuration:
    """Read the institution's file, or the one that is shipped.

    Raises `BadConfiguration`, naming the file and the line of everything that is wrong.
    """
    source: Path | Traversable = file or importlib.resources.files("journey") / "policies" / "default.toml"
    try:
        # Editors on Windows put a byte order mark in front, which TOML does not know.
        text = source.read_text(encoding="utf-8-sig")
        table = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise UnreadableConfiguration(source, str(error)) from error
    lines = lines_of(text)
    try:
        configuration = Configuration.model_validate(table)
        _check(configuration)
    except ValidationError as error:
        raise MisfitConfiguration(source, error, _lines(error, lines)) from error
    return configuration


def _check(configuration: Configuration) -> None:
    wrong = [
        *misfits(configuration),
        *_unknown("switched_off", configuration.switched_off, {policy.name for policy in POLICIES}),
        *_unknown("silent", configuration.silent, TOUCHPOINTS),
    ]
    if wrong:
        raise ValidationError.from_exception_data("Configuration", [_detail(*each) for each in wrong])


def _unknown(field: str, named: Sequence[str], known: Collection[str]) -> list[tuple[Place, Words]]:
    there = ", ".join(sorted(known)) if field == "switched_off" else ""
    return [
        (
            (field, number),
            Words(
                f"There is no {name} here." + (f" There are {there}." if there else ""),
                f"没有 {name}。" + (f"可选：{there}。" if there else ""),
            ),
        )
        for number, name in enumerate(named)
        if name not in known
    ]


def _detail(place: Place, words: Words) -> InitErrorDetails:
    return {"type": "value_error", "loc": place, "input": None, "ctx": {"error": _Said(words)}}


class _Said(ValueError):
    """What is wrong in both languages, which shows itself in English."""

    def __str__(self) -> str:
        """Return the English text."""
        return str(self.args[0][0])


def _lines(error: ValidationError, lines: Lines) -> list[int]:
    return [line_of(lines, fault["loc"]) for fault in error.errors()]


def _where(place: Place) -> str:
    return ".".join(map(str, place)) or "the file"
