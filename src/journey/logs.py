"""The logs of a process that serves: what happened and where, never a value that somebody sent."""

import logging
import re
import sys
import threading
import traceback
from collections.abc import MutableMapping
from contextlib import suppress
from types import TracebackType
from typing import Any

import structlog

KEYS = frozenset(
    {
        "address",
        "body",
        "build",
        "caller",
        "customers",
        "directory",
        "error",
        "event",
        "frames",
        "head",
        "incident",
        "key",
        "left_out",
        "level",
        "logger",
        "message",
        "mended",
        "method",
        "policy",
        "position",
        "projection",
        "reading",
        "reason",
        "refused",
        "route",
        "strict",
        "timestamp",
        "trace",
        "type",
    }
)
"""What a line may hold. Whoever adds a key here answers for it: no value of it identifies a customer."""
_SHOWN_FRAMES = 12
_SHOWN_CHARACTERS = 200
_FRAME = re.compile(r'(?m)^  File "(.+)", line (\d+), in (.+)$')

_log = structlog.get_logger(__name__)


def log_to_stderr() -> None:
    """Write structured logs to standard error: JSON lines, or plain ones where a person looks on."""
    handler = logging.StreamHandler(sys.stderr)
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if sys.stderr.isatty():
        renderer = structlog.dev.ConsoleRenderer()
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_messages,
        _only_known_keys,
        renderer,
    ]
    # Libraries log through the standard library, and write out what failed with all its values.
    handler.setFormatter(_Libraries(processors))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    sys.excepthook = _uncaught
    threading.excepthook = lambda told: _log.error("uncaught", exc_info=told.exc_value or told.exc_type())
    sys.unraisablehook = lambda told: _log.error("uncaught", exc_info=told.exc_value)


def _uncaught(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        _log.error("uncaught", exc_info=error)


Line = MutableMapping[str, Any]


def _without_messages(_: Any, __: str, line: Line) -> Line:
    """Put the kind of an error and its way through the code in its place: messages quote rows."""
    error = line.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        line.setdefault("error", " < ".join(_kinds(error)))
        line.setdefault("frames", _frames(error))
    return line


def _kinds(error: BaseException | None) -> list[str]:
    """Name the kinds of an error and of what caused it."""
    kinds: list[str] = []
    while error is not None and len(kinds) < _SHOWN_FRAMES:
        kinds.append(type(error).__qualname__)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return kinds


def _frames(error: BaseException) -> list[str]:
    walked = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return [f"{code.co_filename}:{line} {code.co_name}" for code, line in walked[-_SHOWN_FRAMES:]]


def _only_known_keys(_: Any, __: str, line: Line) -> Line:
    unknown = sorted(line.keys() - KEYS)
    for key in unknown:
        del line[key]
    if unknown:
        line["left_out"] = unknown
    return line


class _Libraries(logging.Formatter):
    """Writes what libraries log as lines of the same form."""

    def __init__(self, processors: list[structlog.typing.Processor]) -> None:
        super().__init__()
        self._processors = processors

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        line: Any = {"event": _said(record), "logger": record.name}
        if record.exc_info:
            line["exc_info"] = record.exc_info
        elif frames := _FRAME.findall(str(record.msg)):
            # Some write a whole traceback as their message; its last line begins with the error's kind.
            line["frames"] = [f"{file}:{number} {name}" for file, number, name in frames[-_SHOWN_FRAMES:]]
            line["error"] = str(record.msg).strip().rpartition("\n")[2].partition(":")[0]
        for processor in self._processors:
            line = processor(None, record.levelname.lower(), line)
        return str(line)


def _said(record: logging.LogRecord) -> str:
    """Return the first line of a message, with the numbers that it names and without other values."""
    told = record.args if isinstance(record.args, tuple) else ()
    shown = tuple(value if isinstance(value, int | float) else f"<{type(value).__name__}>" for value in told)
    message = str(record.msg)
    with suppress(TypeError, ValueError):
        message = message % shown if shown else message
    return message.strip().partition("\n")[0][:_SHOWN_CHARACTERS]
