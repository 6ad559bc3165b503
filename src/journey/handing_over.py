"""Submissions on their way to the process that writes, and outcomes on their way back: JSON in frames.

Both ends are processes of one service and one version, on one machine.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import is_dataclass
from datetime import datetime
from functools import cache
from struct import Struct
from typing import Any, cast

import orjson
from pydantic import TypeAdapter

from journey.errors import JourneyError
from journey.events import Event
from journey.submissions import Appended, Outcome, Submission
from journey.touchpoints import read_touchpoint

_HEAD = Struct(">IQ")
"""What a frame begins with: the bytes of its content, and the number of the submission that it is about."""


class WriterFailed(Exception):
    """A defect kept the process that writes from deciding; its log tells more."""


class Frames(asyncio.Protocol):
    """Numbered frames over a connection; those of one moment leave in one piece."""

    def __init__(self, take: Callable[["Frames", int, bytes], None], end: Callable[["Frames"], None]) -> None:
        """`take` is called with number and content of each frame, `end` when the connection has gone."""
        self._take, self._end = take, end
        self._transport: asyncio.Transport | None = None
        self._came = bytearray()
        self._leaving: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take what has come, frame by frame."""
        self._came += data
        while len(self._came) >= _HEAD.size:
            size, number = _HEAD.unpack_from(self._came)
            end = _HEAD.size + size
            if len(self._came) < end:
                return
            content = bytes(self._came[_HEAD.size : end])
            del self._came[:end]
            self._take(self, number, content)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that it has gone, for whatever reason."""
        del exc
        self._end(self)

    @property
    def is_open(self) -> bool:
        """Tell whether what is sent can still arrive."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, number: int, content: bytes) -> None:
        """Send a frame, together with all others of this turn of the loop."""
        if not self._leaving:
            asyncio.get_running_loop().call_soon(self._flush)
        self._leaving += (_HEAD.pack(len(content), number), content)

    def close(self) -> None:
        """Send what is left, and go."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def _flush(self) -> None:
        leaving, self._leaving = self._leaving, []
        if leaving and self._transport is not None and self.is_open:
            self._transport.write(b"".join(leaving))


def write_submission(submission: Submission) -> bytes:
    """Write a submission."""
    events, *how = submission
    return orjson.dumps([how, [_told(event) for event in events]])


def read_submission(content: bytes) -> Submission:
    """Read a submission."""
    how, events = orjson.loads(content)
    return Submission([_event(told) for told in events], *how)


def write_outcomes(outcomes: Sequence[Outcome] | BaseException) -> bytes:
    """Write the outcomes of a submission, or the one error that stands for all."""
    if isinstance(outcomes, BaseException):
        return orjson.dumps([_error(outcomes) if isinstance(outcomes, JourneyError) else [], None])
    return orjson.dumps([None, [*map(_outcome, outcomes)]])


def read_outcomes(content: bytes) -> list[Outcome] | JourneyError | WriterFailed:
    """Read the outcomes of a submission, or the one error that stands for all."""
    failed, outcomes = orjson.loads(content)
    if failed is None:
        return [*map(_read_outcome, outcomes)]
    return _read_error(*failed) if failed else WriterFailed()


def _told(event: Event) -> list[Any]:
    """Return an event without what follows from the rest."""
    source, id_, stream_id, touchpoint, data, time, _, *rest = event
    return [touchpoint.type, data, source, id_, stream_id, time, *rest]


def _event(told: Sequence[Any]) -> Event:
    type_, data, source, id_, stream_id, time, *rest = told
    occurred_at = datetime.fromisoformat(time.upper())
    return Event(source, id_, stream_id, read_touchpoint(type_, data), data, time, occurred_at, *rest)


def _outcome(outcome: Outcome) -> list[Any]:
    return _error(outcome) if isinstance(outcome, JourneyError) else list(outcome)


def _read_outcome(told: Sequence[Any]) -> Outcome:
    return Appended(*told) if len(told) == len(Appended._fields) else _read_error(*told)


def _error(error: JourneyError) -> list[Any]:
    """Return the name of an error, and its fields or what it was made with."""
    name = type(error).__name__
    adapter = _fields(name)
    return [name, adapter.dump_python(error, mode="json") if adapter else list(error.args)]


def _read_error(name: str, told: Any) -> JourneyError:
    adapter = _fields(name)
    read: JourneyError = adapter.validate_python(told) if adapter else _kinds()[name](*told)
    return read


@cache
def _fields(name: str) -> TypeAdapter[Any] | None:
    """Return what writes and reads the fields of an error; None for one that has none."""
    kind: Any = _kinds()[name]
    return TypeAdapter(kind) if is_dataclass(kind) else None


@cache
def _kinds() -> dict[str, type[JourneyError]]:
    return {kind.__name__: kind for kind in _below(JourneyError)}


def _below(kind: type[JourneyError]) -> Iterator[type[JourneyError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _below(each)
