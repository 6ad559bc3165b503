"""Files of definitions in TOML: read, checked against their model, and told apart by name, file and field."""

import tomllib
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from operator import attrgetter
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from journey.errors import JourneyError

_Model = TypeVar("_Model", bound=BaseModel)


def read_files(
    folder: Traversable, model: type[_Model], error: type[JourneyError]
) -> Iterator[tuple[Traversable, _Model]]:
    """Read each TOML file of a folder; raise `error`, naming the file with its line or every bad field."""
    try:
        files = sorted(folder.iterdir(), key=attrgetter("name"))
    except OSError as cause:
        raise error(f"{folder}: the folder cannot be read: {cause.strerror}") from cause
    for file in files:
        if file.name.endswith(".toml"):
            yield file, _read(file, model, error)


def _read(file: Traversable, model: type[_Model], error: type[JourneyError]) -> _Model:
    try:
        # Editors on Windows put a byte order mark in front, which TOML does not know.
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as cause:
        raise error(f"{file}: not readable as TOML: {cause}") from cause
    try:
        return model.model_validate(table)
    except ValidationError as cause:
        raise error(f"{file}: {'; '.join(_faults(cause))}") from cause


def _faults(error: ValidationError) -> Iterator[str]:
    for fault in error.errors():
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"])
        yield f"{where.removeprefix('.')}: {fault['msg'].removeprefix('Value error, ')}"
